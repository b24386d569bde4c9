"""What the API says when it says no."""

from __future__ import annotations

from pydantic import Field, ValidationError

from sendwright.doors.http import Fault, errors
from sendwright.doors.http.errors import Detail
from sendwright.doors.http.shapes import Shown, Taken


class Line(Taken):
    product_name: str
    quantity: int = Field(ge=1)


class Order(Taken):
    lines: list[Line]


class Note(Shown):
    nulls = frozenset({"closed_at"})

    note_text: str | None = None
    closed_at: str | None = None


def refusal(value: object) -> Fault:
    try:
        Order.model_validate(value)
    except ValidationError as fault:
        return errors.of_validation(fault)
    raise AssertionError("it fits")


def test_a_body_that_does_not_fit_is_refused_naming_the_path_of_each_field():
    found = refusal({"lines": [{"productName": "Tea", "quantity": 0}, {"quantity": 1}]})
    assert [detail.where for detail in found.details] == ["lines[0].quantity", "lines[1].productName"]


def test_a_body_of_another_kind_is_named_as_a_whole():
    assert [detail.where for detail in refusal("text").details] == ["body"]


def test_a_refusal_quotes_no_value():
    assert "hunter2" not in str(refusal({"lines": [{"productName": 7, "quantity": "hunter2"}]}).to_json("c"))


def test_a_refusal_names_at_most_twenty_fields():
    assert len(refusal({"lines": [{}] * 50}).details) == 20


def test_the_envelope_leaves_empty_parts_out():
    assert errors.conflict("Contact already exists. Existing ID: 12").to_json("c") == {
        "status": "error", "message": "Contact already exists. Existing ID: 12", "correlationId": "c",
        "category": "CONFLICT",
    }  # fmt: skip


def test_the_envelope_carries_all_parts():
    detail = Detail(message="m", where="w", code="C", context={"a": ["b"]})
    found = Fault(400, "VALIDATION_ERROR", "text", detail, context={"x": ("y",)}).to_json("c")
    assert (found["errors"], found["context"]) == (
        [{"message": "m", "in": "w", "code": "C", "context": {"a": ["b"]}}], {"x": ["y"]},
    )  # fmt: skip


def test_a_fault_logs_as_its_message():
    assert str(errors.not_found()) == "resource not found"


def test_an_answer_leaves_none_out_but_where_the_contract_wants_null():
    assert Note().model_dump(by_alias=True) == {"closedAt": None}

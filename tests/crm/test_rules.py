"""What may be written to a contact."""

from __future__ import annotations

import pytest

from sendwright import mail
from sendwright.crm import rules
from sendwright.crm.model import Filter, Operator, Refused


def codes(given: dict[str, str]) -> list[tuple[str, str]]:
    verdict = rules.check(given)
    assert isinstance(verdict, Refused)
    return [(problem.name, problem.code) for problem in verdict.problems]


def test_names_are_matched_in_lower_case():
    verdict = rules.check({"FirstName": "Jane"})
    assert isinstance(verdict, rules.Clean)
    assert verdict.properties == {"firstname": "Jane"}


def test_the_address_is_read_apart_from_the_other_properties():
    verdict = rules.check({"email": " Jane@Example.com ", "x": "1"})
    assert verdict == rules.Clean(
        properties={"x": "1"}, address=mail.Address(local="Jane", domain="Example.com"), clears_email=False
    )


def test_an_empty_address_clears_it():
    assert rules.check({"email": ""}) == rules.Clean(properties={}, address=None, clears_email=True)


def test_every_problem_is_named():
    bad = {
        "no good": "1",
        "email": "nobody",
        "createdate": "1",
        "nul": "a\x00b",
        "half": "\ud800",
        "long": "x" * 65_537,
    }
    assert codes(bad) == [
        ("no good", "PROPERTY_DOESNT_EXIST"),
        ("createdate", "READ_ONLY_VALUE"),
        ("nul", "INVALID_CHARACTER"),
        ("half", "INVALID_CHARACTER"),
        ("long", "VALUE_TOO_LONG"),
        ("email", "INVALID_EMAIL"),
    ]


def test_a_name_in_a_problem_is_not_repeated_at_full_length():
    ((name, _),) = codes({"!" * 10_000: ""})
    assert len(name) == 100


@pytest.mark.parametrize("name", ["a", "hs_lead_status", "0", "_", "x" * 100])
def test_lower_case_letters_digits_and_underscores_name_a_property(name: str):
    assert rules.is_name(name)


@pytest.mark.parametrize("name", ["", "A", "a b", "a-b", "a.b", 'a"b', "ä", "a\n", "x" * 101])
def test_anything_else_names_none(name: str):
    assert not rules.is_name(name)


def test_only_what_differs_is_a_change():
    assert rules.changed({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4", "d": ""}) == {"b": "3", "c": "4"}


def test_clearing_what_has_a_value_is_a_change():
    assert rules.changed({"a": "1"}, {"a": ""}) == {"a": ""}


def test_what_is_cleared_is_not_kept():
    assert rules.apply({"a": "1", "b": "2"}, {"a": "", "c": "3"}) == {"b": "2", "c": "3"}


def test_a_record_of_a_thousand_properties_is_full():
    full = {f"p{n}": "1" for n in range(1_000)}
    assert rules.overflow(full) is None
    assert rules.overflow({**full, "one_more": "1"}) is not None


def test_a_record_of_a_million_characters_is_full():
    full = {f"p{n}": "x" * 50_000 for n in range(20)}
    assert rules.overflow(full) is None
    assert rules.overflow({**full, "one_more": "1"}) is not None


@pytest.mark.parametrize(
    ("operator", "count"),
    [
        (Operator.HAS_PROPERTY, 1),
        (Operator.NOT_HAS_PROPERTY, 1),
        (Operator.IN, 0),
        (Operator.NOT_IN, 0),
        (Operator.BETWEEN, 1),
        (Operator.EQ, 0),
        (Operator.CONTAINS_TOKEN, 2),
    ],
)
def test_a_filter_with_the_wrong_number_of_values_cannot_be_made(operator: Operator, count: int):
    with pytest.raises(ValueError, match="does not compare"):
        Filter(name="x", operator=operator, values=("1",) * count)

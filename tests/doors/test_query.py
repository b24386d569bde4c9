"""Queries, as the clients write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sendwright.doors.http import Fault
from sendwright.doors.http.query import Query, cursor, read_cursor
from sendwright.doors.http.shapes import iso, milliseconds

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_list_may_be_repeated_and_comma_joined_at_once():
    assert Query(b"properties=a&properties=b%2Cc&properties=a,,d").texts("properties") == ("a", "b", "c", "d")


def test_a_list_that_is_absent_is_empty():
    assert Query(b"").texts("properties") == ()


def test_spaces_are_written_as_plus():
    assert Query(b"query=ada+lovelace").text("query") == "ada lovelace"


def test_an_empty_value_is_none():
    assert Query(b"after=").text("after") is None


def test_a_name_is_there_even_without_a_value():
    assert "after" in Query(b"after=")


@pytest.mark.parametrize(("raw", "wanted"), [(b"a=True", True), (b"a=false", False), (b"a=FALSE", False), (b"", None)])
def test_booleans_come_in_any_case(raw: bytes, wanted: bool | None):
    assert Query(raw).flag("a") is wanted


@pytest.mark.parametrize(
    "raw",
    [b"createdAt=2026-01-31T12:00:00.000Z", b"createdAt=2026-01-31T13:00:00%2B01:00", b"createdAt=1769860800000",
     b"createdAt=2026-01-31T13:00:00+01:00", b"createdAt=2026-01-31T12:00:00"],
)  # fmt: skip
def test_times_come_in_iso_or_in_milliseconds(raw: bytes):
    assert Query(raw).moment("createdAt") == NOON


def test_a_day_is_its_beginning():
    assert Query(b"a=2026-01-31").moment("a") == datetime(2026, 1, 31, tzinfo=UTC)


def test_an_absent_time_is_none():
    assert Query(b"").moment("a") is None


def test_the_page_size_has_a_default():
    assert Query(b"").limit(default=10, most=100) == 10


def test_the_page_size_is_taken():
    assert Query(b"limit=100").limit(default=10, most=100) == 100


@pytest.mark.parametrize(
    ("raw", "ask"),
    [
        (b"a=yes", lambda query: query.flag("a")),
        (b"a=soon", lambda query: query.moment("a")),
        (b"a=999999999999999", lambda query: query.moment("a")),
        (b"limit=0", lambda query: query.limit(default=10, most=100)),
        (b"limit=101", lambda query: query.limit(default=10, most=100)),
        (b"limit=-1", lambda query: query.limit(default=10, most=100)),
        ("limit=٣".encode(), lambda query: query.limit(default=10, most=100)),
        (b"limit=" + b"9" * 5000, lambda query: query.limit(default=10, most=100)),
        (b"after=!!!", lambda query: query.after()),
        (b"after=0", lambda query: query.after()),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(raw: bytes, ask):
    with pytest.raises(Fault) as refused:
        ask(Query(raw))
    assert (refused.value.status, refused.value.details[0].where) == (400, raw.decode().partition("=")[0])


def test_nul_in_a_query_is_refused():
    with pytest.raises(Fault, match="contains NUL"):
        Query(b"a=%00")


def test_thousands_of_parameters_are_refused():
    with pytest.raises(Fault, match="2000 query parameters"):
        Query(b"a&" * 3000)


def test_a_long_query_is_refused():
    with pytest.raises(Fault) as refused:
        Query(b"a=" + b"b" * 70_000)
    assert refused.value.status == 414


def test_a_cursor_leads_back_to_its_parts():
    assert read_cursor(cursor(12, "é"), "nt") == (12, "é")


def test_a_cursor_needs_no_escaping_in_a_link():
    assert cursor("??>>~~", 1).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "value", ["bm8", "W10", cursor("a"), cursor(1, 2), cursor(1 << 70), "WzFd=x", "W1tb" * 9000, "WyJcdWQ4MDAiXQ", "é"]
)
def test_a_cursor_that_we_did_not_make_is_refused(value: str):
    with pytest.raises(Fault, match="not a place in this list"):
        read_cursor(value, "n")


def test_half_a_surrogate_pair_in_a_cursor_is_refused():
    with pytest.raises(Fault, match="not a place in this list"):
        read_cursor("WyJcdWQ4MDAiXQ", "t")


def test_times_are_shown_in_utc_with_milliseconds():
    assert iso(datetime.fromisoformat("2026-01-31T13:00:00.0509+01:00")) == "2026-01-31T12:00:00.050Z"


def test_v1_times_are_milliseconds():
    assert milliseconds(datetime(2026, 1, 31, 12, 0, 0, 51_999, tzinfo=UTC)) == 1769860800051

"""Suppressions as a table: what is written can be read, and what cannot be read is said line by line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sendwright import feedback, mail
from sendwright.feedback import Cause, lists

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)


def read(text: str) -> lists.ReadList:
    return lists.read_csv(1, text, NOW)


def test_addresses_alone_are_enough():
    found = read("address\nAnn@Example.ORG\n\n@Example.net\n")
    assert [(each.key, each.cause, each.stream) for each in found.suppressions] == [
        ("ann@example.org", Cause.BOUNCED, "transactional"), ("@example.net", Cause.BLOCKED, "transactional"),
    ]  # fmt: skip
    assert found.bad == ()


def test_what_is_written_can_be_read():
    table = (
        "address,cause,since,until,explanation\n"
        "ann@example.org,complained,2026-01-02,2027-01-02T03:00:00Z,Spam\n"
        "@example.net,blocked,,,=cmd\n"
    )
    first = read(table).suppressions
    again = read("".join(lists.write_csv(first)))
    assert again.suppressions == first
    assert again.bad == ()


def test_no_cell_is_a_formula():
    (line,) = list(lists.write_csv(read("address,explanation\nann@example.org,=1+1\n").suppressions))[1:]
    assert line.strip().endswith(",'=1+1")


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("no address,,,", "address"), ("ann@example.org,blocked,,", "cause"), ("@example.net,bounced,,", "cause"),
        ("ann@example.org,odd,,", "cause"), ("ann@example.org,,yesterday,", "time"), ("ann@example.org,,,x", "time"),
        ("ann@example.org", "cells"), ("ann@example.org,,,," + "x", "cells"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_with_its_reason_and_the_others_count(row: str, word: str):
    found = read(f"address,cause,since,until\nbob@example.org,,,\n{row}\ncat@example.org,,,\n")
    assert len(found.suppressions) == 2
    assert [(each.line, word in each.reason) for each in found.bad] == [(3, True)]


@pytest.mark.parametrize("text", ["", "mail\nx\n", "address,address\nx\n", "address,secret\nx\n", 'address\n"open\n'])
def test_what_is_no_such_table_is_refused_as_a_whole(text: str):
    found = read(text)
    assert (found.suppressions, len(found.bad)) == ((), 1)


def test_an_address_counts_once():
    assert len(read("address\nann@example.org\nANN@example.org\n").suppressions) == 1


def test_a_time_to_come_is_no_beginning():
    (found,) = read("address,since\nann@example.org,2099-01-01\n").suppressions
    assert found.since == NOW


def test_an_unknown_stream_is_refused():
    wanted = lists.Wanted(address="ann@example.org", stream="odd")
    assert isinstance(lists.check(1, wanted, NOW), mail.Malformed)


def test_it_ends_when_the_settings_say():
    lifetimes = feedback.Lifetimes(bounced=timedelta(days=365))
    found = lists.check(1, lists.Wanted(address="ann@example.org"), NOW, lifetimes)
    assert isinstance(found, feedback.Suppression)
    assert found.until == NOW + timedelta(days=365)

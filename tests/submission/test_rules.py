"""What a mail asks for in its own header fields, and what is said of a field that is not understood."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from sendwright import ledger, mail
from sendwright.submission import rules
from sendwright.submission.model import Refusal, Requests

KEEP = timedelta(days=30)


def read(*fields: tuple[str, str]) -> Requests | Refusal:
    return rules.read_requests([(f"X-Sendwright-{name}", value) for name, value in fields])


def test_a_mail_that_asks_for_nothing_is_tracked_and_not_kept():
    assert read() == Requests(send_id=None, labels=None, opens=True, clicks=True, keep=None)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("Send-Id", " order-7 ", Requests(send_id="order-7")),
        ("Tags", "a, b,,a ,", Requests(labels=ledger.Labels(tags=("a", "b")))),
        ("Tags", " , ", Requests()),
        ("Metadata", '{"order": "4711"}', Requests(labels=ledger.Labels(metadata={"order": "4711"}))),
        ("Metadata", "{}", Requests()),
        ("Track-Opens", "no", Requests(opens=False)),
        ("Track-Opens", "Yes", Requests()),
        ("Track-Clicks", "OFF", Requests(clicks=False)),
        ("Retention", "30d", Requests(keep=KEEP)),
        ("Retention", "P30D", Requests(keep=KEEP)),
        ("Retention", "none", Requests()),
        ("Retention", "0", Requests()),
        ("Retention", "365d", Requests(keep=timedelta(days=365))),
        ("MID", "1.2", Requests()),
        ("mid", "", Requests()),
    ],
)
def test_a_request_is_read(name: str, value: str, wanted: Requests):
    assert read((name, value)) == wanted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Send-Id", ""),
        ("Send-Id", "x" * 257),
        ("Send-Id", "ü"),
        ("Tags", ",".join(f"t{number}" for number in range(21))),
        ("Tags", "x" * 257),
        ("Tags", "a\u202eb"),
        ("Metadata", "order=4711"),
        ("Metadata", "[1]"),
        ("Metadata", '{"order": 4711}'),
        ("Metadata", '{"order": "' + "x" * 257 + '"}'),
        ("Metadata", '{"' + "x" * 257 + '": "1"}'),
        ("Metadata", json.dumps({f"k{number}": "v" for number in range(51)})),
        ("Metadata", "[" * 100_000),
        ("Track-Opens", "perhaps"),
        ("Track-Clicks", ""),
        ("Retention", "a month"),
        ("Retention", "366d"),
        ("Retention", "0d"),
    ],
)
def test_a_request_that_is_not_understood_is_refused_with_its_name_and_what_to_do(name: str, value: str):
    refusal = read((name, value))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.enhanced) == (554, "5.6.0")
    assert refusal.text.startswith(f"X-Sendwright-{name}: ")
    assert refusal.text.isascii()


def test_a_request_that_stands_there_twice_is_refused():
    refusal = read(("Tags", "a"), ("tags", "b"))
    assert isinstance(refusal, Refusal)
    assert "twice" in refusal.text


@pytest.mark.parametrize(
    ("name", "hint"), [("Trak-Opens", "X-Sendwright-Track-Opens"), ("Zzz", "there are send-id, tags")]
)
def test_an_unknown_request_is_refused_with_a_hint(name: str, hint: str):
    refusal = read((name, "x"))
    assert isinstance(refusal, Refusal)
    assert hint in refusal.text


def test_what_a_refusal_repeats_is_one_line_of_printable_ascii():
    refusal = rules.bad_sender(mail.Malformed(reason="bad\r\n250 ok \x1b[0m ünsafe"))
    assert refusal.text == "the envelope sender cannot be used: bad??250 ok ?[0m ?nsafe"

"""Whose a message is, what it is about, how its address behaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import sandbox
from sendwright.sandbox import Trick

SEND = "0190c5e2-7b5a-7c3e-8f00-0123456789ab"


@pytest.mark.parametrize("trick", list(Trick))
def test_every_trick_has_its_address_and_its_sentence(trick: Trick):
    assert sandbox.trick_for(f"{trick.value}@sandbox.test") is trick
    assert sandbox.TRICKS[trick]


@pytest.mark.parametrize("address", ["Bounce@Sandbox.Test", "bounce+order-7@sandbox.test", "bounce+@sandbox.test"])
def test_case_and_what_follows_a_plus_do_not_matter(address: str):
    assert sandbox.trick_for(address) is Trick.BOUNCE


@pytest.mark.parametrize(
    "address",
    ["ada@sandbox.test", "bounce@example.com", "bounce@sandbox.test.example.com", "bounce", "", "@", "a@bounce@x.test"],
)
def test_any_other_address_is_accepted(address: str):
    assert sandbox.trick_for(address) is None


def test_the_owner_is_read_from_our_header():
    message = f"Subject: hi\r\nx-sendwright-mid: 101.{SEND} \r\nTo: b@example.org\r\n\r\nbody".encode()
    assert sandbox.owner_of(message) == (101, SEND)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"Subject: hi\r\n\r\nbody",
        f"Subject: hi\r\n\r\nX-Sendwright-MID: 101.{SEND}\r\n".encode(),
        f"X-Sendwright-MID: 101.{SEND}\r\nX-Sendwright-MID: 102.{SEND}\r\n\r\n".encode(),
        f"X-Sendwright-MID: -1.{SEND}\r\n\r\n".encode(),
        f"X-Sendwright-MID: {'9' * 30}.{SEND}\r\n\r\n".encode(),
        b"X-Sendwright-MID: 101.not-a-uuid\r\n\r\n",
        b"X-Sendwright-MID: 101\r\n\r\n",
        b"X-Pad: " + b"x" * 70_000 + f"\r\nX-Sendwright-MID: 101.{SEND}\r\n\r\n".encode(),
    ],
)
def test_without_one_proper_header_near_the_top_a_message_is_nobodys(message: bytes):
    assert sandbox.owner_of(message) is None


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        (b"Subject: hello", "hello"),
        (b"Subject: =?utf-8?q?caf=C3=A9?=", "café"),
        (b"To: b@example.org", ""),
        (b"Subject: " + b"x" * 5_000, "x" * 998),
    ],
)
def test_the_subject_is_shown_decoded_and_shortened(header: bytes, subject: str):
    assert sandbox.subject_of(header + b"\r\n\r\nbody") == subject


@given(st.binary(max_size=400))
def test_any_bytes_have_an_owner_or_none_and_a_subject_that_can_be_stored(message: bytes):
    sandbox.owner_of(message)
    subject = sandbox.subject_of(b"Subject: " + message)
    assert "\0" not in subject
    subject.encode()

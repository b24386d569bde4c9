"""Signatures of mail that came in: right ones by our signer and by dkimpy are right, altered ones are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dkim
import pytest

from sendwright import feedback, outbound

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
MAIL = (
    b"From: fbl@provider.example\r\nTo: fbl@mail.example.com\r\nSubject:  A   complaint\r\n\tabout you\r\n\r\n"
    b"One  line \r\n\r\n..\r\nlast\t\r\n\r\n\r\n"
)
PEMS = {"ed25519": outbound.generate_ed25519(), "rsa": outbound.generate_rsa()}


def by_us(kind: str, now: datetime = NOW) -> bytes:
    return outbound.sign(MAIL, [outbound.load_key("provider.example", "s1", PEMS[kind])], now) + MAIL


def is_right(raw: bytes, kind: str, now: datetime = NOW) -> bool:
    record = outbound.public_record(PEMS[kind])
    return any(feedback.verifies(raw, each, record) for each in feedback.signatures_of(raw, now))


@pytest.mark.parametrize("kind", sorted(PEMS))
def test_our_own_signatures_are_right(kind: str):
    assert is_right(by_us(kind), kind)


@pytest.mark.parametrize("head", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
@pytest.mark.parametrize("mail", [MAIL, MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", MAIL + b"x"])
def test_signatures_by_another_program_are_right_in_every_canonical_form(head: bytes, body: bytes, mail: bytes):
    line = dkim.sign(mail, b"s1", b"provider.example", PEMS["rsa"], canonicalize=(head, body))
    assert is_right(line + mail, "rsa", NOW + timedelta(days=36_500))  # dkimpy asks the clock itself


@pytest.mark.parametrize(
    "change",
    [
        (b"One  line", b"One  lime"), (b"complaint", b"compliant"), (b"To: fbl@", b"To: abl@"),
        (b"From: fbl@", b"From: evil@example.net\r\nFrom: fbl@"), (b"d=provider.example", b"d=example.org"),
    ],
)  # fmt: skip
def test_what_was_altered_is_not_signed(change: tuple[bytes, bytes]):
    altered = by_us("ed25519").replace(*change, 1)
    assert altered != by_us("ed25519")
    assert not is_right(altered, "ed25519")


def test_another_key_does_not_fit():
    (signature,) = feedback.signatures_of(by_us("ed25519"), NOW)
    assert not feedback.verifies(by_us("ed25519"), signature, outbound.public_record(outbound.generate_ed25519()))
    assert not feedback.verifies(by_us("ed25519"), signature, outbound.public_record(PEMS["rsa"]))


@pytest.mark.parametrize("record", ["", "v=DKIM1", "v=DKIM1; p=", "v=DKIM2; p=x", "v=DKIM1; k=rsa; p=AAAA", "p=\x00"])
def test_what_is_no_key_verifies_nothing(record: str):
    (signature,) = feedback.signatures_of(by_us("ed25519"), NOW)
    assert not feedback.verifies(by_us("ed25519"), signature, record)


@pytest.mark.parametrize("moved", [timedelta(days=15), timedelta(hours=-1)])
def test_a_signature_counts_in_its_time_only(moved: timedelta):
    assert feedback.signatures_of(by_us("ed25519"), NOW + moved) == ()


@pytest.mark.parametrize(
    "change",
    [
        (b"v=1", b"v=2"), (b"a=ed25519-sha256", b"a=rsa-sha1"), (b"c=relaxed/relaxed", b"c=odd/odd"),
        (b"h=From:From:", b"h=To:"), (b"v=1;", b"v=1; l=10;"), (b"v=1;", b"v=1; v=1;"), (b"bh=", b"bh=*"),
        (b"s=s1", b"s=../x"), (b"t=", b"t=x"),
    ],
)  # fmt: skip
def test_a_signature_that_is_not_written_as_we_want_it_does_not_count(change: tuple[bytes, bytes]):
    assert feedback.signatures_of(by_us("ed25519").replace(*change, 1), NOW) == ()


def test_of_very_many_signatures_only_some_are_looked_at():
    line = by_us("ed25519").removesuffix(MAIL)
    assert len(feedback.signatures_of(line * 50 + MAIL, NOW)) == 5

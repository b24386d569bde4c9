"""What TLSA records prove of the certificates a server shows (RFC 7672 section 3.1)."""

import hashlib
import ssl
from datetime import UTC, datetime
from typing import cast

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sendwright.outbound import dane
from sendwright.outbound.dane import Tlsa
from tests.fakes.authority import EXPIRED, Authority
from tests.outbound.made import NOW

HOST = "mx.example.org"
AUTHORITY = Authority()
SERVER = AUTHORITY.vouches(HOST)
OTHER = Authority()
_SPKI = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def record(usage: int, octets: bytes, *, selector: int = 0, matching: int = 1) -> Tlsa:
    hashed = {0: octets, 1: hashlib.sha256(octets).digest(), 2: hashlib.sha512(octets).digest()}
    return Tlsa(usage=usage, selector=selector, matching=matching, data=hashed[matching])


def proves(*records: Tlsa, shown: tuple[bytes, ...] = SERVER.ders, name: str = HOST, now: datetime = NOW) -> bool:
    assert dane.usable(records) == records
    return dane.proves(records, shown, (name,), now)


@pytest.mark.parametrize("matching", [0, 1, 2])
@pytest.mark.parametrize(("selector", "octets"), [(0, SERVER.ders[0]), (1, SERVER.spki)], ids=["certificate", "key"])
def test_the_servers_own_certificate_or_key_is_proof(selector: int, octets: bytes, matching: int):
    assert proves(record(3, octets, selector=selector, matching=matching))


def test_another_servers_key_is_no_proof():
    assert not proves(record(3, OTHER.vouches(HOST).spki, selector=1))


def test_the_authoritys_key_is_not_the_servers():
    assert not proves(record(3, AUTHORITY.der))


def test_with_usage_3_neither_name_nor_date_matters():
    late = OTHER.vouches("other.example", since=EXPIRED[0], until=EXPIRED[1])
    assert proves(record(3, late.spki, selector=1), shown=late.ders)


def test_one_record_that_fits_is_enough():
    assert proves(record(3, b"another"), record(3, SERVER.ders[0]))


@pytest.mark.parametrize("matching", [0, 1, 2])
def test_an_authority_that_is_shown_and_named_is_proof(matching: int):
    assert proves(record(2, AUTHORITY.der, matching=matching))


def test_an_authority_named_by_its_key_is_proof_where_it_is_shown():
    octets = AUTHORITY.certificate.public_key().public_bytes(*_SPKI)
    assert proves(record(2, octets, selector=1))


def test_an_authority_that_is_whole_in_the_record_need_not_be_shown():
    alone = AUTHORITY.vouches(HOST, alone=True)
    assert proves(record(2, AUTHORITY.der, matching=0), shown=alone.ders)


def test_an_authority_that_is_not_shown_cannot_be_found_by_its_hash():
    alone = AUTHORITY.vouches(HOST, alone=True)
    assert not proves(record(2, AUTHORITY.der), shown=alone.ders)


def test_with_usage_2_the_name_matters():
    assert not proves(record(2, AUTHORITY.der), name="mx.example.net")


def test_with_usage_2_the_date_matters():
    assert not proves(record(2, AUTHORITY.der), now=datetime(2060, 1, 1, tzinfo=UTC))


def test_an_authority_that_did_not_sign_is_no_proof():
    stranger = OTHER.vouches(HOST, alone=True)
    assert not proves(record(2, AUTHORITY.der), shown=(*stranger.ders, AUTHORITY.der))


def test_another_authority_is_no_proof():
    assert not proves(record(2, OTHER.der))


def test_a_server_that_shows_nothing_proves_nothing():
    assert not proves(record(3, SERVER.ders[0]), shown=())


def test_certificates_that_cannot_be_read_prove_nothing():
    assert not proves(record(3, b"junk"), shown=(b"junk",))


@pytest.mark.parametrize(
    "bad",
    [
        Tlsa(usage=0, selector=0, matching=1, data=bytes(32)),
        Tlsa(usage=1, selector=1, matching=1, data=bytes(32)),
        Tlsa(usage=255, selector=1, matching=1, data=bytes(32)),
        Tlsa(usage=3, selector=2, matching=1, data=bytes(32)),
        Tlsa(usage=3, selector=1, matching=3, data=bytes(32)),
        Tlsa(usage=3, selector=1, matching=1, data=bytes(31)),
        Tlsa(usage=3, selector=1, matching=2, data=bytes(32)),
        Tlsa(usage=2, selector=0, matching=0, data=b"no certificate"),
        Tlsa(usage=3, selector=1, matching=0, data=b""),
    ],
)
def test_a_record_that_can_prove_nothing_here_is_unusable(bad: Tlsa):
    assert dane.usable([bad]) == ()


def test_no_more_than_fifty_records_are_looked_at():
    good = record(3, b"x")
    assert len(dane.usable([good] * 60)) == 50


def test_a_record_is_read_as_it_is_written():
    assert dane.read(str(record(3, b"x"))) == record(3, b"x")


class _Session:
    """A session of a Python that has the public question."""

    def __init__(self, own: bytes | None, chain: list[bytes] | None) -> None:
        self._own = own
        if chain is not None:
            self.get_unverified_chain = lambda: chain

    def getpeercert(self, *, binary_form: bool) -> bytes | None:
        return self._own


@pytest.mark.parametrize(
    ("session", "shown"),
    [
        (_Session(b"own", [b"own", b"above"]), (b"own", b"above")),
        (_Session(b"own", None), (b"own",)),
        (_Session(None, None), ()),
    ],
)
def test_what_was_shown_is_asked_for_as_the_python_at_hand_answers(session: _Session, shown: tuple[bytes, ...]):
    assert dane.shown_by(cast(ssl.SSLObject, session)) == shown

"""DANE for SMTP (RFC 7672): whether the certificates a server shows are those its TLSA records name.

Whether the records may be believed at all is the resolver's business. Usages 2 (DANE-TA) and 3 (DANE-EE) only: 0 and 1
are unusable in SMTP (section 3.1.3).
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

MOST_RECORDS = 50
_MOST_CERTIFICATES = 12
_TA, _EE = 2, 3
_WHOLE, _KEY = 0, 1
_EXACT = 0
_LENGTHS = {1: 32, 2: 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tlsa:
    """One TLSA record (RFC 6698 section 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.data.hex()}"


def read(text: str) -> Tlsa:
    """From its presentation form, as `str` gives it. Raises ValueError."""
    usage, selector, matching, data = text.split(" ", 3)
    return Tlsa(usage=int(usage), selector=int(selector), matching=int(matching), data=bytes.fromhex(data))


def usable(records: Sequence[Tlsa]) -> tuple[Tlsa, ...]:
    """Those that can prove something here. With none of them left TLS is still demanded, only proof is not."""
    return tuple(record for record in records[:MOST_RECORDS] if _is_usable(record))


def _is_usable(record: Tlsa) -> bool:
    if record.usage not in (_TA, _EE) or record.selector not in (_WHOLE, _KEY):
        return False
    if record.matching == _EXACT:
        return _is_whole(record)
    return _LENGTHS.get(record.matching) == len(record.data)


def _is_whole(record: Tlsa) -> bool:
    try:
        if record.selector == _WHOLE:
            x509.load_der_x509_certificate(record.data)
    except ValueError:
        return False
    return record.data != b""


def proves(records: Sequence[Tlsa], chain: Sequence[bytes], names: Sequence[str], now: datetime) -> bool:
    """Whether one of these usable records proves the certificates that were shown, the server's own first (DER).

    Usage 3: the server's own certificate or key, whatever its names and dates (section 3.1.1). Usage 2: a certificate
    shown above it, or the one in the record, is an anchor from which the server's own is valid for one of `names` now
    (section 3.1.2). A bare key (2 1 0) that is in no certificate shown cannot be an anchor here.
    """
    try:
        shown = [x509.load_der_x509_certificate(der) for der in chain[:_MOST_CERTIFICATES]]
        if not shown:
            return False
        if any(record.usage == _EE and _matches(record, shown[0]) for record in records):
            return True
        anchors = _anchors(records, shown)
        return any(_leads_to(anchor, shown, name, now) for anchor in anchors for name in names)
    except ValueError:  # certificates that cannot be read prove nothing
        return False


def _anchors(records: Sequence[Tlsa], shown: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    trusted = [record for record in records if record.usage == _TA]
    found = [each for each in shown[1:] if any(_matches(record, each) for record in trusted)]
    whole = [record.data for record in trusted if (record.selector, record.matching) == (_WHOLE, _EXACT)]
    return found + [x509.load_der_x509_certificate(der) for der in whole]


def _matches(record: Tlsa, certificate: x509.Certificate) -> bool:
    if record.selector == _WHOLE:
        octets = certificate.public_bytes(Encoding.DER)
    else:
        octets = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    match record.matching:
        case 1:
            return hashlib.sha256(octets).digest() == record.data
        case 2:
            return hashlib.sha512(octets).digest() == record.data
        case _:
            return octets == record.data


def _leads_to(anchor: x509.Certificate, shown: Sequence[x509.Certificate], name: str, now: datetime) -> bool:
    """Signatures, dates, purposes of the way from the server's certificate to the anchor; the name it is valid for.

    The rules of the web's certificate authorities are not asked for: an anchor named by DANE is often home-made.
    """
    lenient = ExtensionPolicy.permit_all()
    own = lenient.require_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    above = lenient.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    verifier = (
        PolicyBuilder()
        .store(Store([anchor]))
        .time(now)
        .extension_policies(ca_policy=above, ee_policy=own)
        .build_server_verifier(x509.DNSName(name))
    )
    try:
        verifier.verify(shown[0], list(shown[1:]))
    except VerificationError:
        return False
    return True


def shown_by(session: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates a server showed in a handshake that did not check them, its own first (DER).

    The public question for all of them came with Python 3.13; before, the object inside answers it. Where neither is
    there, only the server's own is known: usage 3 works, usage 2 proves nothing.
    """
    own = session.getpeercert(binary_form=True)
    for asked in (session, getattr(session, "_sslobj", None)):
        ask = getattr(asked, "get_unverified_chain", None)
        if ask is not None:
            return tuple(_der(certificate) for certificate in ask())
    return () if own is None else (own,)


def _der(certificate: object) -> bytes:
    if isinstance(certificate, bytes):
        return certificate
    return ssl.PEM_cert_to_DER_cert(certificate.public_bytes())  # type: ignore[attr-defined]

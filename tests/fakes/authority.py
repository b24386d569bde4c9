"""A certificate authority of the test's own, and servers' certificates that it vouches for."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sendwright.doors.self_signed import context_of

FROM = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2056, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Shown:
    """A server's key and what it shows: its own certificate first."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def ders(self) -> tuple[bytes, ...]:
        return tuple(each.public_bytes(Encoding.DER) for each in self.chain)

    @property
    def spki(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def context(self) -> ssl.SSLContext:
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return context_of(pem + b"".join(each.public_bytes(Encoding.PEM) for each in self.chain))


class Authority:
    """Vouches for whom the test wants."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")])
        builder = _begun(self.key, self.name, self.name, FROM, UNTIL)
        self.certificate = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        ).add_extension(_may_sign(), critical=True).sign(self.key, SHA256())  # fmt: skip

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def written_to(self, place: Path) -> str:
        """The file that a client trusts."""
        file = place / "authority.pem"
        file.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return str(file)

    def vouches(
        self, *names: str, since: datetime = FROM, until: datetime = UNTIL, alone: bool = False
    ) -> Shown:  # fmt: skip
        """A certificate for these names; `alone`: it is shown without the authority's own."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        builder = _begun(key, subject, self.name, since, until, issuer_key=self.key)
        certificate = (
            builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, SHA256())
        )
        return Shown(key, (certificate,) if alone else (certificate, self.certificate))


def _begun(
    key: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    issuer: x509.Name,
    since: datetime,
    until: datetime,
    issuer_key: ec.EllipticCurvePrivateKey | None = None,
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer_key or key).public_key()), critical=False
        )
    )


def _may_sign() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip


EXPIRED: Sequence[datetime] = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=90))

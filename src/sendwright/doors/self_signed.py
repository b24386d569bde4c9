"""A certificate made on the spot, for doors that want TLS without anybody vouching for them."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Name = str | IPv4Address | IPv6Address

# Nobody checks the dates of a certificate that nobody vouches for, so it needs no clock.
_FROM = datetime(2026, 1, 1, tzinfo=UTC)
_LIFE = timedelta(days=365 * 30)


def server_context() -> ssl.SSLContext:
    """What all our TLS servers have in common: TLS 1.2 or newer, no renegotiation, tickets for clients to resume."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A client could make us shake hands again and again on one connection.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def self_signed_context(hostname: str) -> ssl.SSLContext:
    """A server's TLS context with a fresh P-256 key that never leaves this process for long."""
    return context_of(make_pem((hostname,)))


def context_of(pem: bytes) -> ssl.SSLContext:
    """A server's TLS context with this key and certificate. Raises `ssl.SSLError` when they are none or no pair."""
    context = server_context()
    with tempfile.TemporaryDirectory() as place:  # the library reads keys from files only; readable by its owner alone
        file = Path(place) / "self-signed.pem"
        file.touch(mode=0o600)
        file.write_bytes(pem)
        context.load_cert_chain(file)
    return context


def make_pem(names: Sequence[Name]) -> bytes:
    """A fresh P-256 key and its certificate for these names, the first as its subject.

    It has what strict verifiers want of a certificate that was put among the trusted ones by hand.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0])[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_FROM + _LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, SHA256())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)


def _general(name: Name) -> x509.GeneralName:
    return x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name)

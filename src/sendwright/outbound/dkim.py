"""DKIM signatures (RFC 6376) with RSA (RFC 8301) and Ed25519 (RFC 8463), relaxed/relaxed, on the bytes that go out.

Sign after the last change to a message and before dot-stuffing. There is no `l=` (it lets anybody append to a mail);
every header of `SIGNED_HEADERS` is named once more than it occurs, so that none can be added on the way (RFC 6376
section 8.15). Received and Return-Path change on every hop and are never signed.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SIGNED_HEADERS = (
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "CFBL-Address",  # RFC 9477 section 3.1.4 wants both signed
    "CFBL-Feedback-ID",
)
DEFAULT_LIFETIME = timedelta(days=14)  # longer than any queue keeps a message, short enough that a leaked mail ages

_RSA_BITS = 2048
_RSA_BITS_LEAST = 1024  # RFC 8301 section 3.2
_RSA_BITS_MOST = 4096
_LOWER_NAMES = tuple(name.lower().encode() for name in SIGNED_HEADERS)
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_LINE_CHARS = 72
_STEP = 256 * 1024

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]
PrivateKey = rsa.RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A loaded key and where its public half is published: `<selector>._domainkey.<domain>`, both in ASCII."""

    domain: str
    selector: str
    algorithm: Algorithm
    private: PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        for name in (self.domain, self.selector):
            if not _NAME.fullmatch(name):  # it goes into a header and into a DNS query
                raise ValueError(f"not a lower-case DNS name: {name!r}")
        if self.algorithm != _algorithm_of(self.private):
            raise ValueError(f"this key does not sign with {self.algorithm}")


def generate_rsa() -> bytes:
    """A new RSA-2048 key (the size that RFC 8301 section 3.2 advises), unencrypted PKCS #8 PEM; takes 0.1 s or more."""
    return _to_pem(rsa.generate_private_key(65537, _RSA_BITS))


def generate_ed25519() -> bytes:
    """A new Ed25519 key as unencrypted PKCS #8 PEM."""
    return _to_pem(Ed25519PrivateKey.generate())


def load_key(domain: str, selector: str, pem: bytes) -> SigningKey:
    """The key from a PEM that `generate_rsa` or `generate_ed25519` made; ValueError for another kind or a bad name.

    RSA keys are not checked for being well made: that takes 35 ms (the rest 11 µs), and we made them.
    """
    private = _load(pem)
    return SigningKey(domain=domain, selector=selector, algorithm=_algorithm_of(private), private=private)


def public_record(pem: bytes) -> str:
    """The text of the TXT record for the key's public half (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
    private = _load(pem)
    if isinstance(private, rsa.RSAPrivateKey):
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={b64encode(public).decode()}"


def sign(message: bytes, keys: Sequence[SigningKey], now: datetime, lifetime: timedelta = DEFAULT_LIFETIME) -> bytes:
    """The DKIM-Signature fields to put before the message, one for each key that can sign, each ending in CRLF.

    `message` has CRLF line ends and no bare CR or LF. `now` becomes `t=`, `now + lifetime` becomes `x=`; ValueError for
    a `now` without a zone or a lifetime under a second. A key that fails is passed over: the other one still counts.
    """
    if now.tzinfo is None or lifetime < timedelta(seconds=1):
        raise ValueError("a signature is made at a time with a zone, for at least a second")
    made = int(now.timestamp())
    expires = made + int(lifetime.total_seconds())
    head, body_start = _split(message)
    names, signed = _signed_fields(head)
    body_hash = b64encode(_body_digest(message, body_start)).decode()
    rest = f"t={made}; x={expires};\r\n h={_folded_names(names)};\r\n bh={body_hash};\r\n b="
    return b"".join(_signature(key, rest, signed) for key in keys)


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4: blanks in a row as one, none at line ends, no empty lines at the end."""
    lines = _relaxed_lines(body)
    end = _end_of_text(lines)
    return lines[:end] + b"\r\n" if end else b""


def _relaxed_lines(body: bytes) -> bytes:
    """Each round of replacing halves the runs of blanks; it is six times as fast as one regular expression."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    return body.replace(b" \r\n", b"\r\n")


def _end_of_text(lines: bytes) -> int:
    end = len(lines) - lines.endswith(b" ")
    while lines.endswith(b"\r\n", 0, end):
        end -= 2
    return end


def relaxed_header(field_line: bytes) -> tuple[bytes, bytes]:
    """RFC 6376 section 3.4.2: the name in lower case, the value unfolded, blanks in a row as one, none at its ends."""
    name, _, value = field_line.partition(b":")
    return name.rstrip(b" \t").lower(), _relaxed_value(value)


def _relaxed_value(value: bytes) -> bytes:
    value = value.replace(b"\r\n", b"").replace(b"\t", b" ")
    while b"  " in value:
        value = value.replace(b"  ", b" ")
    return value.strip(b" ")


def _split(message: bytes) -> tuple[bytes, int]:
    """The header fields, and where the body begins."""
    if message.startswith(b"\r\n"):
        return b"", 2
    end = message.find(b"\r\n\r\n")
    return (message[:end], end + 4) if end >= 0 else (message.removesuffix(b"\r\n"), len(message))


def _body_digest(message: bytes, start: int) -> bytes:
    """SHA-256 of the relaxed body. A large one is taken in steps of whole lines, so that it costs no copies of it."""
    digest, is_empty, held = sha256(), True, 0
    while start < len(message):
        end = _end_of_step(message, start)
        lines = _relaxed_lines(message[start:end])
        text = _end_of_text(lines)
        blank = (len(lines) - text) // 2
        if text:
            for done in range(0, held, _STEP):  # blank lines are told once it is known that they are not the last
                digest.update(b"\r\n" * min(_STEP, held - done))
            digest.update(memoryview(lines)[:text])
            is_empty, held = False, blank
        else:
            held += blank
        start = end
    if not is_empty:
        digest.update(b"\r\n")
    return digest.digest()


def _end_of_step(message: bytes, start: int) -> int:
    if len(message) - start <= _STEP:
        return len(message)
    end = message.rfind(b"\r\n", start, start + _STEP)
    if end < 0:
        end = message.find(b"\r\n", start + _STEP - 1)
    return end + 2 if end >= 0 else len(message)


def _signed_fields(head: bytes) -> tuple[list[str], bytes]:
    """The names for `h=`, and the fields in that order as they are hashed.

    Of several fields of one name the last comes first (RFC 6376 section 5.4.2); one name more than there are fields
    stands for the absence of another.
    """
    found: dict[bytes, list[bytes]] = {name: [] for name in _LOWER_NAMES}
    for line in _FIELD_END.split(head):
        name, value = relaxed_header(line)
        if name in found:
            found[name].append(value)
    names: list[str] = []
    fields: list[bytes] = []
    for shown, name in zip(SIGNED_HEADERS, _LOWER_NAMES, strict=True):
        names += [shown] * (len(found[name]) + 1)
        fields += [name + b":" + value + b"\r\n" for value in reversed(found[name])]
    return names, b"".join(fields)


def _folded_names(names: Sequence[str]) -> str:
    """The names joined by colons, folded after a colon (RFC 6376 section 3.5 allows blanks there)."""
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > _LINE_CHARS:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n ".join(lines).removesuffix(":")


def _signature(key: SigningKey, rest: str, signed: bytes) -> bytes:
    """The whole field, or nothing if the key turns out not to work."""
    value = f" v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain}; s={key.selector};\r\n {rest}".encode("ascii")
    # The field signs itself with an empty b= and without its line end (RFC 6376 section 3.7).
    try:
        raw = raw_signature(key.private, signed + b"dkim-signature:" + _relaxed_value(value))
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        return b""
    return b"DKIM-Signature:" + value + _folded(b64encode(raw)) + b"\r\n"


def raw_signature(private: PrivateKey, signed: bytes) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(signed, padding.PKCS1v15(), SHA256())
    return private.sign(sha256(signed).digest())  # RFC 8463 section 3: Ed25519 signs the hash, not the text


def _folded(text: bytes) -> bytes:
    return b"\r\n ".join(text[start : start + _LINE_CHARS] for start in range(0, len(text), _LINE_CHARS))


def _algorithm_of(private: PrivateKey) -> Algorithm:
    return "rsa-sha256" if isinstance(private, rsa.RSAPrivateKey) else "ed25519-sha256"


def _load(pem: bytes) -> PrivateKey:
    try:
        private = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (TypeError, UnsupportedAlgorithm) as error:  # encrypted, or of a kind that this OpenSSL does not have
        raise ValueError("not a PEM of an unencrypted RSA or Ed25519 key") from error
    if isinstance(private, Ed25519PrivateKey):
        return private
    if isinstance(private, rsa.RSAPrivateKey) and _RSA_BITS_LEAST <= private.key_size <= _RSA_BITS_MOST:
        return private
    raise ValueError("a DKIM key is Ed25519, or RSA of 1024 to 4096 bits")


def _to_pem(private: PrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

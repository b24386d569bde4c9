"""Whether a mail that came in is signed by whom it says (DKIM, RFC 6376): what a complaint is believed for.

Only what matters to that is here: rsa-sha256 and ed25519-sha256, no `l=` (who signs half a mail signs nothing that we
believe), From signed, not expired. Linear in the size of the mail, and bounded in the number of signatures.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

MOST_SIGNATURES = 5
_MOST_HEAD = 256 * 1024
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})+")
_SELECTOR = re.compile(r"(?=.{1,120}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*")
_B = re.compile(rb"([;:][ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_LEAST_BITS, _MOST_BITS = 1024, 4096
_SKEW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature that a mail claims to have, not verified. Its key is published at ``key_name``."""

    domain: str
    selector: str
    algorithm: str
    signed_names: tuple[bytes, ...]
    body_hash: bytes
    value: bytes = field(repr=False)
    is_relaxed_head: bool
    is_relaxed_body: bool
    line: bytes = field(repr=False)

    @property
    def key_name(self) -> str:
        """Where DNS has the key."""
        return f"{self.selector}._domainkey.{self.domain}"


def signatures_of(raw: bytes, now: datetime) -> tuple[Signature, ...]:
    """The claimed signatures that could count, in the order of the mail."""
    head, _ = _split(raw)
    lines = [line for line in _FIELD_END.split(head) if line[:15].lower() == b"dkim-signature:"]
    found = (_read(line, now) for line in lines[:MOST_SIGNATURES])
    return tuple(signature for signature in found if signature is not None)


def verifies(raw: bytes, signature: Signature, key_record: str) -> bool:
    """Whether the mail is as it was signed, under the key of this DNS record. Never raises."""
    key = _key(key_record)
    if key is None or isinstance(key, rsa.RSAPublicKey) is not (signature.algorithm == "rsa-sha256"):
        return False
    head, body = _split(raw)
    if sha256(_canonical_body(body, relaxed=signature.is_relaxed_body)).digest() != signature.body_hash:
        return False
    return _is_signed(key, signature.value, _signed_text(head, signature))


def _split(raw: bytes) -> tuple[bytes, bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    return head[:_MOST_HEAD], body


def _read(line: bytes, now: datetime) -> Signature | None:
    tags = _tags(line.partition(b":")[2].decode("latin-1"))
    head, _, body = tags.get("c", "simple/simple").lower().partition("/")
    names = tuple(name.strip().lower().encode() for name in tags.get("h", "").split(":"))
    domain, selector = tags.get("d", "").lower(), tags.get("s", "").lower()
    algorithm = tags.get("a", "").lower()
    if not (
        tags.get("v") == "1" and algorithm in ("rsa-sha256", "ed25519-sha256") and "l" not in tags
        and b"from" in names and head in ("simple", "relaxed") and body in ("", "simple", "relaxed")
        and _DOMAIN.fullmatch(domain) and _SELECTOR.fullmatch(selector) and _is_in_time(tags, now)
    ):  # fmt: skip
        return None
    value, body_hash = _base64(tags.get("b", "")), _base64(tags.get("bh", ""))
    if not value or not body_hash:
        return None
    return Signature(
        domain=domain, selector=selector, algorithm=algorithm, signed_names=names, body_hash=body_hash, value=value,
        is_relaxed_head=head == "relaxed", is_relaxed_body=body == "relaxed", line=line,
    )  # fmt: skip


def _is_in_time(tags: dict[str, str], now: datetime) -> bool:
    for tag, sign in (("t", 1), ("x", -1)):
        if tag not in tags:
            continue
        if not re.fullmatch(r"[0-9]{1,12}", tags[tag]):
            return False
        if sign * (int(tags[tag]) - now.timestamp()) > _SKEW.total_seconds():
            return False
    return True


def _tags(text: str) -> dict[str, str]:
    """RFC 6376 section 3.2. A tag that is there twice makes the list mean nothing."""
    tags: dict[str, str] = {}
    for piece in text.split(";")[:50]:
        name, equals, value = piece.partition("=")
        name = name.strip()
        if equals and name in tags:
            return {}
        tags[name] = "".join(value.split()) if name != "h" else value.strip()
    return tags


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _key(record: str) -> rsa.RSAPublicKey | Ed25519PublicKey | None:
    tags = _tags(record)
    if tags.get("v", "DKIM1") != "DKIM1":
        return None
    raw = _base64(tags.get("p", ""))
    try:
        if tags.get("k", "rsa") == "ed25519":
            return Ed25519PublicKey.from_public_bytes(raw)
        key = load_der_public_key(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, rsa.RSAPublicKey) and _LEAST_BITS <= key.key_size <= _MOST_BITS else None


def _is_signed(key: rsa.RSAPublicKey | Ed25519PublicKey, value: bytes, text: bytes) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, text, padding.PKCS1v15(), SHA256())
        else:
            key.verify(value, sha256(text).digest())
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed_text(head: bytes, signature: Signature) -> bytes:
    """RFC 6376 section 5.4.2: of several fields of one name the last comes first; one that is not there is nothing."""
    fields: dict[bytes, list[bytes]] = {}
    for line in _FIELD_END.split(head):
        fields.setdefault(line.partition(b":")[0].strip().lower(), []).append(line)
    text = []
    for name in signature.signed_names:
        if fields.get(name):
            text.append(_canonical(fields[name].pop(), signature) + b"\r\n")
    return b"".join(text) + _canonical(_B.sub(rb"\1", signature.line, count=0), signature)


def _canonical(line: bytes, signature: Signature) -> bytes:
    if not signature.is_relaxed_head:
        return line
    name, _, value = line.partition(b":")
    return name.strip().lower() + b":" + b" ".join(value.replace(b"\r\n", b"").split())


def _canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    if relaxed:
        body = re.sub(rb"[ \t]+", b" ", body).replace(b" \r\n", b"\r\n")
        body = body[:-1] if body.endswith(b" ") else body
    text = body
    end = len(text)
    while text.endswith(b"\r\n", 0, end):
        end -= 2
    text = text[:end]
    return text + b"\r\n" if text or not relaxed else b""

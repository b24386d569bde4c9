"""Signed names of our own mail, by which whatever comes back is known: nobody can make one, each says little.

A return path (the envelope sender) names one delivery: its local part is `b.` and base32 of the account (varint), the
delivery (16 bytes), a digest of the recipient (3 bytes) and an HMAC-SHA256 over all of it, cut to 80 bits. The
delivery's id is a UUID of version 7 and tells when it was made, so the day is under the HMAC as well. Base32 survives
servers that fold case; the whole stays within the 64 octets of a local part (RFC 5321 section 4.5.3.1.1).

A message token (in `CFBL-Feedback-ID`, RFC 9477) names one send in the same way, and a loop token one account's
address for complaints. The kind is under the HMAC, so that no token opens another door.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

_MAC_BYTES = 10
_ID_BYTES = 16
_RECIPIENT_BYTES = 3
_ACCOUNT_LIMIT = 1 << 63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_RETURN_PATH = b"return-path\0"
_MESSAGE = b"message\0"
_LOOP = b"loop\0"

RETURN_PATH_PREFIX = "b."
MESSAGE_PREFIX = "m."
LOOP_PREFIX = "fbl."
_TEXT = re.compile(r"[A-Za-z2-7]{16,62}")
_IN_TEXT = re.compile(rb"(?<![A-Za-z0-9])[mM]\.[A-Za-z2-7]{44,62}(?![A-Za-z0-9])")
_MOST_CANDIDATES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPath:
    """Which delivery a return path was made for. ``made`` is when, to the millisecond."""

    account_id: int
    delivery_id: str
    made: datetime
    recipient_digest: bytes

    def is_for(self, recipient: str) -> bool:
        """Whether it was made for this recipient (``mail.Address.key``)."""
        return hmac.compare_digest(self.recipient_digest, _digest(recipient))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageName:
    """Which send a message token was made for, and when."""

    account_id: int
    send_id: str
    made: datetime


def make_return_path(key: bytes, account_id: int, delivery_id: str, recipient: str) -> str:
    """The local part for one delivery to ``recipient`` (``mail.Address.key``). ValueError for an id of another kind."""
    return RETURN_PATH_PREFIX + _seal(key, _RETURN_PATH, _named(account_id, delivery_id) + _digest(recipient))


def read_return_path(key: bytes, local: str) -> ReturnPath | None:
    """What a local part names; None unless we made it. Case does not matter."""
    payload = _unseal(key, _RETURN_PATH, local, RETURN_PATH_PREFIX)
    split = None if payload is None else _read_named(payload)
    if split is None or len(split[2]) != _RECIPIENT_BYTES:
        return None
    account_id, id_, digest = split
    return ReturnPath(account_id=account_id, delivery_id=id_, made=_made(id_), recipient_digest=digest)


def make_message_token(key: bytes, account_id: int, send_id: str) -> str:
    """What a message carries so that a complaint about it can be told from a forged one."""
    return MESSAGE_PREFIX + _seal(key, _MESSAGE, _named(account_id, send_id))


def find_message_token(key: bytes, raw: bytes) -> MessageName | None:
    """The first true message token anywhere in these octets; of many candidates only some are tried."""
    for number, found in enumerate(_IN_TEXT.finditer(raw)):
        if number >= _MOST_CANDIDATES:
            return None
        name = read_message_token(key, found[0].decode("ascii"))
        if name is not None:
            return name
    return None


def read_message_token(key: bytes, token: str) -> MessageName | None:
    """What a message token names; None unless we made it."""
    payload = _unseal(key, _MESSAGE, token, MESSAGE_PREFIX)
    split = None if payload is None else _read_named(payload)
    if split is None or split[2]:
        return None
    return MessageName(account_id=split[0], send_id=split[1], made=_made(split[1]))


def make_loop(key: bytes, account_id: int) -> str:
    """The local part of an account's own address for complaints."""
    return LOOP_PREFIX + _seal(key, _LOOP, _varint(account_id))


def read_loop(key: bytes, local: str) -> int | None:
    """The account of such an address; None unless we made it."""
    payload = _unseal(key, _LOOP, local, LOOP_PREFIX)
    split = None if payload is None else _read_varint(payload)
    return split[0] if split is not None and not split[1] else None


def _digest(recipient: str) -> bytes:
    return sha256(recipient.encode("utf-8", "surrogatepass")).digest()[:_RECIPIENT_BYTES]


def _seal(key: bytes, kind: bytes, payload: bytes) -> str:
    return b32encode(payload + _mac(key, kind, payload)).rstrip(b"=").lower().decode("ascii")


def _unseal(key: bytes, kind: bytes, token: str, prefix: str) -> bytes | None:
    text = token[len(prefix) :]
    if token[: len(prefix)].lower() != prefix or _TEXT.fullmatch(text) is None:
        return None
    try:
        raw = b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    # Decoders ignore the spare bits of the last character: only the one true spelling passes.
    is_ours = hmac.compare_digest(_mac(key, kind, payload), mac)
    return payload if is_ours and b32encode(raw).rstrip(b"=").decode("ascii") == text.upper() else None


def _mac(key: bytes, kind: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, kind + payload, "sha256")[:_MAC_BYTES]


def _named(account_id: int, id_: str) -> bytes:
    packed = bytes.fromhex(id_.replace("-", ""))
    if len(packed) != _ID_BYTES or _uuid(packed) != id_:
        raise ValueError("what is named is a UUID in its canonical spelling")
    return _varint(account_id) + packed


def _read_named(payload: bytes) -> tuple[int, str, bytes] | None:
    account = _read_varint(payload)
    if account is None or len(account[1]) < _ID_BYTES:
        return None
    return account[0], _uuid(account[1][:_ID_BYTES]), account[1][_ID_BYTES:]


def _uuid(packed: bytes) -> str:
    text = packed.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _made(id_: str) -> datetime:
    """RFC 9562 section 5.7: the first 48 bits are milliseconds. Beyond the calendar, which only we could make: 1970."""
    try:
        return _EPOCH + timedelta(milliseconds=int(id_[:8] + id_[9:13], 16))
    except OverflowError:
        return _EPOCH


def _varint(number: int) -> bytes:
    """Seven bits a byte, lowest first, the top bit set on all but the last."""
    if not 0 <= number < _ACCOUNT_LIMIT:
        raise ValueError("an account is a 63-bit number")
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*packed, number))


def _read_varint(packed: bytes) -> tuple[int, bytes] | None:
    number = 0
    for position, byte in enumerate(packed[:9]):
        number |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return number, packed[position + 1 :]
    return None

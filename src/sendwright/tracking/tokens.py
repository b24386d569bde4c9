"""Signed tokens: everything that a hit must know, in the address itself, so that no door has to look it up.

A token is base64url(payload || mac) without padding. The payload is the account (varint), the send (16 bytes) and, for
a click, the link (varint) and the address. The mac is HMAC-SHA256 over the kind and the payload, truncated to 128 bits
(RFC 2104 section 5 allows half the hash and more). The kind is under the mac but not in the token, so a pixel's token
opens no other door. The target under the mac is what makes an open redirect impossible.
"""

import hmac
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Sequence
from functools import lru_cache

from sendwright.tracking.model import Click, Open, SandboxPage, TrackingKey, Unsubscribe, WebVersion
from sendwright.tracking.urls import is_trackable

MAX_TOKEN_CHARS = 8192
_MAC_BYTES = 16
_SEND_BYTES = 16
_VARINT_LIMIT = 1 << 63
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")

# The NUL ends a label, so that no label and payload together spell another label and payload.
_CLICK = b"click\0"
_OPEN = b"open\0"
_WEB_VERSION = b"web-version\0"
_UNSUBSCRIBE = b"unsubscribe\0"
_SANDBOX_PAGE = b"sandbox-page\0"


def seal_click(keys: Sequence[TrackingKey], click: Click) -> str:
    """A token for the link under the first key. ValueError for an address that `track_html` would not have wrapped."""
    return click_sealer(keys, click.account_id, click.send_id)(click.link, click.url)


def click_sealer(keys: Sequence[TrackingKey], account_id: int, send_id: str) -> Callable[[int, str], str]:
    """Seals the links of one message: :func:`seal_click` of a link's number and address, at less cost for each."""
    sent = _pack_send(account_id, send_id)
    begun = _begun(keys[0].secret, _CLICK).copy()
    begun.update(sent)

    def seal(link: int, url: str) -> str:
        if not is_trackable(url):
            raise ValueError("only a printable http(s) address of bounded length is sealed")
        own = _varint(link) + url.encode("ascii")
        mac = begun.copy()
        mac.update(own)
        return _encode(sent + own + mac.digest()[:_MAC_BYTES])

    return seal


def unseal_click(keys: Sequence[TrackingKey], token: str) -> Click | None:
    """The link that was sealed under one of the keys, or None if a single bit differs. Safe for a Location header."""
    payload = _unseal(keys, _CLICK, token)
    return _read_click(payload) if payload is not None else None


def seal_open(keys: Sequence[TrackingKey], opened: Open) -> str:
    """A token for the pixel of a message."""
    return _seal(keys, _OPEN, _pack_send(opened.account_id, opened.send_id))


def unseal_open(keys: Sequence[TrackingKey], token: str) -> Open | None:
    """The pixel that was sealed, or None."""
    found = _unseal_send(keys, _OPEN, token)
    return Open(account_id=found[0], send_id=found[1]) if found else None


def seal_web_version(keys: Sequence[TrackingKey], page: WebVersion) -> str:
    """A token for the browser's view of a message."""
    return _seal(keys, _WEB_VERSION, _pack_send(page.account_id, page.send_id))


def unseal_web_version(keys: Sequence[TrackingKey], token: str) -> WebVersion | None:
    """The web version that was sealed, or None."""
    found = _unseal_send(keys, _WEB_VERSION, token)
    return WebVersion(account_id=found[0], send_id=found[1]) if found else None


def seal_unsubscribe(keys: Sequence[TrackingKey], page: Unsubscribe) -> str:
    """A token by which the recipient of a send unsubscribes."""
    return _seal(keys, _UNSUBSCRIBE, _pack_send(page.account_id, page.send_id))


def unseal_unsubscribe(keys: Sequence[TrackingKey], token: str) -> Unsubscribe | None:
    """The unsubscribe link that was sealed, or None."""
    found = _unseal_send(keys, _UNSUBSCRIBE, token)
    return Unsubscribe(account_id=found[0], send_id=found[1]) if found else None


def seal_sandbox_page(keys: Sequence[TrackingKey], page: SandboxPage) -> str:
    """A token that opens the sandbox's page of a send without a login."""
    return _seal(keys, _SANDBOX_PAGE, _pack_send(page.account_id, page.send_id))


def unseal_sandbox_page(keys: Sequence[TrackingKey], token: str) -> SandboxPage | None:
    """The sandbox page that was sealed, or None."""
    found = _unseal_send(keys, _SANDBOX_PAGE, token)
    return SandboxPage(account_id=found[0], send_id=found[1]) if found else None


def _seal(keys: Sequence[TrackingKey], label: bytes, payload: bytes) -> str:
    return _encode(payload + _mac(keys[0], label, payload))


def _unseal(keys: Sequence[TrackingKey], label: bytes, token: str) -> bytes | None:
    raw = _decode(token)
    if raw is None:
        return None
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    # All keys are tried whatever the first says: the time tells nobody which key is current.
    matches = [hmac.compare_digest(_mac(key, label, payload), mac) for key in keys]
    return payload if any(matches) else None


def _unseal_send(keys: Sequence[TrackingKey], label: bytes, token: str) -> tuple[int, str] | None:
    payload = _unseal(keys, label, token)
    unpacked = _unpack_send(payload) if payload is not None else None
    return unpacked[:2] if unpacked and not unpacked[2] else None


def _mac(key: TrackingKey, label: bytes, payload: bytes) -> bytes:
    mac = _begun(key.secret, label).copy()
    mac.update(payload)
    return mac.digest()[:_MAC_BYTES]


@lru_cache(maxsize=64)
def _begun(secret: bytes, label: bytes) -> hmac.HMAC:
    """The hash of key and label, to be copied. ``hmac.digest`` hashes the key anew for each token, and hands the
    interpreter to another thread meanwhile: in a busy process taking it up again costs more than the hash.
    """
    return hmac.new(secret, label, "sha256")


def _encode(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode("ascii")


def _decode(token: str) -> bytes | None:
    if len(token) > MAX_TOKEN_CHARS:
        return None
    try:
        raw = a2b_base64(token.encode("ascii").translate(_TO_STANDARD) + b"==")
    except ValueError:
        return None
    # Decoders skip strange characters and ignore the spare bits of the last one: only the one true spelling passes.
    return raw if len(raw) >= _MAC_BYTES and _encode(raw) == token else None


@lru_cache(maxsize=256)  # the links of one message are sealed one after the other
def _pack_send(account_id: int, send_id: str) -> bytes:
    packed = bytes.fromhex(send_id.replace("-", ""))
    if len(packed) != _SEND_BYTES or _canonical_uuid(packed) != send_id:
        raise ValueError("a send id is a UUID in its canonical spelling")
    return _varint(account_id) + packed


def _unpack_send(payload: bytes) -> tuple[int, str, bytes] | None:
    account = _read_varint(payload)
    if account is None or len(account[1]) < _SEND_BYTES:
        return None
    account_id, rest = account
    return account_id, _canonical_uuid(rest[:_SEND_BYTES]), rest[_SEND_BYTES:]


def _read_click(payload: bytes) -> Click | None:
    sent = _unpack_send(payload)
    link = _read_varint(sent[2]) if sent else None
    if not sent or not link:
        return None
    # latin-1 never fails, and what is not ASCII is refused by the check that follows.
    url = link[1].decode("latin-1")
    return Click(account_id=sent[0], send_id=sent[1], link=link[0], url=url) if is_trackable(url) else None


def _canonical_uuid(packed: bytes) -> str:
    text = packed.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _varint(number: int) -> bytes:
    """Seven bits a byte, lowest first, the top bit set on all but the last."""
    if not 0 <= number < _VARINT_LIMIT:
        raise ValueError("an id is a 63-bit number")
    if number < 0x80:
        return bytes((number,))
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _read_varint(packed: bytes) -> tuple[int, bytes] | None:
    number = 0
    for position, byte in enumerate(packed[:9]):
        number |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return number, packed[position + 1 :]
    return None

"""Reads a JSON body that may be hostile: bounded in bytes, depth and keys before a parser sees it.

Python's parser recurses, turns ``1e999`` into infinity and lets escaped NUL and lone surrogates through; none of them
may reach a rule or a table.
"""

from __future__ import annotations

import json
import math
import re

from pydantic import JsonValue
from starlette.types import Receive

from sendwright.doors.http.errors import Fault, invalid, invalid_field

DEFAULT_LIMIT_BYTES = 2 * 1024 * 1024
MOST_DEPTH = 64
MOST_KEYS = 100_000
_MOST_QUOTES = 4 * MOST_KEYS

_MOST_ITEMS = 2 * MOST_KEYS
_TO_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Disconnected(Exception):
    """The client left before its body was whole: there is nobody to answer."""


async def read_bytes(receive: Receive, declared: bytes | None, encoding: bytes | None, limit: int) -> bytes:
    """The body, at most ``limit`` bytes. Raises 413 above, 415 for a compressed one, :class:`Disconnected`."""
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        raise Fault(415, "VALIDATION_ERROR", "Send the body uncompressed: Content-Encoding is not supported here.")
    if declared is not None and len(declared) < 20 and declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    return await _read_rest(receive, message.get("body", b""), message["type"], limit)


async def _read_rest(receive: Receive, first: bytes, kind: str, limit: int) -> bytes:
    found, more = bytearray(first), True
    while more:
        if kind == "http.disconnect":
            raise Disconnected
        if len(found) > limit:
            raise _too_large(limit)
        message = await receive()
        kind, more = message["type"], message.get("more_body", False)
        found += message.get("body", b"")
        more = more or kind == "http.disconnect"
    if len(found) > limit:
        raise _too_large(limit)
    return bytes(found)


def parse(body: bytes) -> JsonValue:
    """The value of a JSON text (RFC 8259, UTF-8). Raises 400 ``VALIDATION_ERROR`` with the place and what to do."""
    _refuse_bombs(body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise invalid(f"Invalid input JSON: byte {fault.start} is not UTF-8. Send the body as UTF-8.") from fault
    try:
        value: JsonValue = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        raise invalid(f"Invalid input JSON on line {fault.lineno}, column {fault.colno}: {fault.msg}") from fault
    except _Refused as fault:
        raise invalid(f"Invalid input JSON: {fault}") from fault
    except ValueError as fault:  # Python refuses to read an integer of more than 4300 digits
        raise invalid("Invalid input JSON: a number has too many digits.") from fault
    if "\\u" in text:  # a raw NUL or surrogate cannot pass the decoding above: only an escape can bring one
        refuse_unstorable(value)
    return value


def refuse_unstorable(value: JsonValue) -> None:
    """Raises 400 naming the field that holds NUL or half a surrogate pair: neither can be stored or mailed."""
    waiting: list[tuple[str, JsonValue]] = [("", value)]
    while waiting:
        where, each = waiting.pop()
        if isinstance(each, str):
            _refuse_text(where or "body", each)
        elif isinstance(each, dict):
            for name, inner in each.items():
                _refuse_text(f"{where or 'body'} (a name in it)", name)
                waiting.append((f"{where}.{name}" if where else name, inner))
        elif isinstance(each, list):
            waiting += [(f"{where}[{index}]", inner) for index, inner in enumerate(each)]


def is_storable(text: str) -> bool:
    """Whether a text holds neither NUL nor a lone surrogate."""
    return _UNSTORABLE.search(text) is None


def _refuse_text(where: str, text: str) -> None:
    if not is_storable(text):
        raise invalid_field(where[:200], "contains NUL or half a surrogate pair; remove it", "INVALID_CHARACTER")


def _refuse_bombs(body: bytes) -> None:
    """Bounds the cost of parsing before it begins. The counts at once settle nearly every body that people send."""
    opened = body.count(b"{") + body.count(b"[")
    if opened <= MOST_DEPTH and body.count(b":") <= MOST_KEYS and body.count(b",") <= _MOST_ITEMS:
        return
    if body.count(b'"') > _MOST_QUOTES:
        raise invalid("Invalid input JSON: too many strings in one body. Send less at once.")
    bare = _without_strings(body)
    if bare.count(b":") > MOST_KEYS or bare.count(b"{") + bare.count(b"[") > MOST_KEYS:
        raise invalid(f"Invalid input JSON: more than {MOST_KEYS:,} keys or lists in one body. Send less at once.")
    if bare.count(b",") > _MOST_ITEMS:
        raise invalid(f"Invalid input JSON: more than {_MOST_ITEMS:,} items in one body. Send less at once.")
    if _is_deep(bare):
        raise invalid(f"Invalid input JSON: nested more than {MOST_DEPTH} levels deep.")


def _without_strings(body: bytes) -> bytes:
    """What is outside of strings. Escaped backslashes go first, so that each escaped quote is known as one."""
    return b"".join(body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _is_deep(bare: bytes) -> bool:
    """Takes the innermost pairs of brackets away, level by level: much faster than counting bracket by bracket.

    Brackets that never meet (``[[[``, ``]][[``) are left over; as many of them as the depth may be do no harm.
    """
    brackets = bare.translate(_TO_BRACKETS, _NO_BRACKETS)
    for _ in range(MOST_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    return len(brackets) > MOST_DEPTH or b"[]" in brackets


class _Refused(Exception):
    pass


def _refuse_constant(name: str) -> JsonValue:
    raise _Refused(f"{name} is not a JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused("a number is too large.")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _too_large(limit: int) -> Fault:
    return Fault(
        413, "VALIDATION_ERROR", f"The body is larger than {limit:,} bytes.", headers=[("Connection", "close")]
    )

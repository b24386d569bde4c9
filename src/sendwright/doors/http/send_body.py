"""Reads the body of a single send, in one pass, without a model: this is the hot path.

Whatever needs no look-up is decided here, with all complaints at once and a hint for the mistakes that people are known
to make. Optional fields may be missing, null or empty. Unknown fields are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

from sendwright.doors.http.errors import Detail, Fault, invalid
from sendwright.single_send import Dialect, SendRequest

_LONGEST_ADDRESS = 2000
_LONGEST_KEY = 500
_LONGEST_NAME = 500
_BIGGEST_ID = 1 << 63
_NUMBER = re.compile(r"[0-9]{1,19}")
_NOT_PLAIN = re.compile(r"[^ -~]")

_WRONG_MAP = 'is a list of name and value, which only the legacy v1 path takes: send an object, {"first_name": "Ada"}'
_WHOLE_INSIDE = (
    "is missing, but customProperties holds one: the whole request was put inside customProperties. Send emailId, "
    "message and customProperties side by side (in Python: PublicSingleSendRequestEgg(email_id=..., message=...))"
)
_FROM_HINT = "is not a field of the API: on the wire the sender is called 'from'"
_REPLY_LIST_HINT = "belongs to the legacy v1 path: put the list into 'replyTo'"
_TO_LIST_HINT = "is a list: it must be one address, as a string. Send once for each recipient, or use cc and bcc"


class _Reader:
    """Takes values out of a body and gathers what is wrong with them."""

    __slots__ = ("complaints",)

    def __init__(self) -> None:
        self.complaints: list[Detail] = []

    def complain(self, where: str, message: str) -> None:
        self.complaints.append(Detail(where=where, message=message, code="INVALID_FIELD"))

    def text(self, found: Mapping[str, JsonValue], name: str, where: str, longest: int) -> str | None:
        value = found.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.complain(where, f"must be a string, not {_kind(value)}")
        elif len(value) > longest:
            self.complain(where, f"is longer than {longest} characters")
        else:
            return value
        return None

    def addresses(self, found: Mapping[str, JsonValue], name: str, where: str) -> tuple[str, ...]:
        value = found.get(name)
        if not value and value is not False and value != 0:
            return ()
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            self.complain(where, f"must be a list of strings, not {_kind(value)}")
            return ()
        return tuple(self._address(each, f"{where}[{index}]") for index, each in enumerate(value) if each)

    def _address(self, value: JsonValue, where: str) -> str:
        if isinstance(value, str) and len(value) <= _LONGEST_ADDRESS:
            return value
        wrong = f"is longer than {_LONGEST_ADDRESS} characters" if isinstance(value, str) else "must be a string"
        self.complain(where, wrong)
        return ""

    def properties(self, body: Mapping[str, JsonValue], name: str, dialect: Dialect) -> Mapping[str, JsonValue]:
        value = body.get(name)
        if value is None or value == [] or value == "":
            return {}
        if isinstance(value, dict):
            return value
        if not isinstance(value, list):
            self.complain(name, f"must be an object, not {_kind(value)}")
        elif dialect is Dialect.V1:
            return self._pairs(value, name)
        else:
            self.complain(name, _WRONG_MAP)
        return {}

    def _pairs(self, value: list[JsonValue], where: str) -> Mapping[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        for index, each in enumerate(value):
            name = each.get("name") if isinstance(each, dict) else None
            if not isinstance(each, dict) or not isinstance(name, str):
                self.complain(f"{where}[{index}]", 'must be an object such as {"name": "first_name", "value": "Ada"}')
                return {}
            found[name] = each.get("value")
        return found

    def texts(self, found: Mapping[str, JsonValue], where: str) -> dict[str, str]:
        texts: dict[str, str] = {}
        for name, value in found.items():
            if isinstance(value, str):
                texts[name] = value
            elif isinstance(value, dict | list):
                self.complain(f"{where}.{name[:_LONGEST_NAME]}", f"must be a string, not {_kind(value)}")
            else:
                texts[name] = _as_text(value)
        return texts


def read_send(
    body: JsonValue, dialect: Dialect, fingerprint: str, idempotency_key: str | None, retry_count: str | None
) -> SendRequest:
    """The request of a single send. Raises 400 ``VALIDATION_ERROR`` naming every field that is wrong."""
    if not isinstance(body, dict):
        raise invalid(f"Invalid input: the body must be a JSON object, not {_kind(body)}.")
    reader = _Reader()
    message = _read_message(reader, body, dialect)
    request = SendRequest(
        email_id=_read_email_id(reader, body),
        to=_read_to(reader, message),
        from_=reader.text(message, "from", "message.from", _LONGEST_ADDRESS),
        send_id=reader.text(message, "sendId", "message.sendId", _LONGEST_KEY),
        reply_to=_read_reply_to(reader, message, dialect),
        cc=reader.addresses(message, "cc", "message.cc"),
        bcc=reader.addresses(message, "bcc", "message.bcc"),
        contact_properties=reader.texts(reader.properties(body, "contactProperties", dialect), "contactProperties"),
        custom_properties=reader.properties(body, "customProperties", dialect),
        idempotency_key=_read_key(reader, idempotency_key),
        retry_count=int(retry_count) if retry_count is not None and re.fullmatch(r"[0-9]{1,4}", retry_count) else None,
        dialect=dialect,
        fingerprint=fingerprint,
    )
    if reader.complaints:
        raise _refusal(reader.complaints)
    return request


def _read_message(reader: _Reader, body: Mapping[str, JsonValue], dialect: Dialect) -> Mapping[str, JsonValue]:
    message = body.get("message")
    if isinstance(message, dict):
        return message
    if message is not None:
        reader.complain("message", f"must be an object, not {_kind(message)}")
    elif not _is_whole_inside(body):
        reader.complain("message", 'is missing: send {"emailId": 1, "message": {"to": "ada@example.com"}}')
    return {"to": ""}  # one complaint is enough


def _read_email_id(reader: _Reader, body: Mapping[str, JsonValue]) -> int:
    value = body.get("emailId")
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if -_BIGGEST_ID <= value < _BIGGEST_ID:
            return value
        reader.complain("emailId", "is larger than any id")
    elif value is not None:
        reader.complain("emailId", f"must be an integer, the id of the e-mail, not {_kind(value)}")
    elif _is_whole_inside(body):
        reader.complain("emailId", _WHOLE_INSIDE)
    else:
        reader.complain("emailId", "is missing: give the id of a published e-mail, an integer")
    return 0


def _is_whole_inside(body: Mapping[str, JsonValue]) -> bool:
    inside = body.get("customProperties")
    return isinstance(inside, dict) and "emailId" in inside and "emailId" not in body


def _read_to(reader: _Reader, message: Mapping[str, JsonValue]) -> str:
    value = message.get("to")
    if isinstance(value, str):
        if len(value) > _LONGEST_ADDRESS:
            reader.complain("message.to", f"is longer than {_LONGEST_ADDRESS} characters")
        return value
    if value is None:
        reader.complain("message.to", "is missing: give the address of the recipient, a string")
    else:
        reader.complain(
            "message.to", _TO_LIST_HINT if isinstance(value, list) else f"must be a string, not {_kind(value)}"
        )
    return ""


def _read_reply_to(reader: _Reader, message: Mapping[str, JsonValue], dialect: Dialect) -> tuple[str, ...]:
    if "_from" in message and "from" not in message:
        reader.complain("message._from", _FROM_HINT)
    found = reader.addresses(message, "replyTo", "message.replyTo")
    if dialect is Dialect.V1:
        return found + reader.addresses(message, "replyToList", "message.replyToList")
    if message.get("replyToList"):
        reader.complain("message.replyToList", _REPLY_LIST_HINT)
    return found


def _read_key(reader: _Reader, key: str | None) -> str | None:
    if key is not None and (len(key) > _LONGEST_KEY or _NOT_PLAIN.search(key)):
        reader.complain("Idempotency-Key", f"must be printable ASCII of at most {_LONGEST_KEY} characters")
    return key


def _refusal(complaints: list[Detail]) -> Fault:
    shown = "; ".join(f"{each.where} {each.message}" for each in complaints[:3])
    return invalid(f"Invalid input: {shown}.", *complaints)


def _as_text(value: JsonValue) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"

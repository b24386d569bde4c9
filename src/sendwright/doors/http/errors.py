"""What the API says when it says no: HubSpot's error envelope and its categories.

Anything that must answer with an error raises a :class:`Fault`, made by one of the functions below; one place
(``app.py``) writes it to the wire, adding the correlation id. The texts are for people: they say what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue, ValidationError

_MOST_DETAILS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One thing that is wrong. ``where`` names the field or parameter (``message.to``): ``errors[].in`` on the wire."""

    message: str
    where: str | None = None
    code: str | None = None
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, JsonValue]:
        """The ``ErrorDetail`` of the wire, without empty parts."""
        found: dict[str, JsonValue] = {"message": self.message}
        if self.where is not None:
            found["in"] = self.where
        if self.code is not None:
            found["code"] = self.code
        if self.context:
            found["context"] = {name: list(values) for name, values in self.context.items()}
        return found


class Fault(Exception):
    """An answer other than success: HTTP status, category, message and what else the envelope carries."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *details: Detail,
        context: Mapping[str, Sequence[str]] | None = None,
        headers: Sequence[tuple[str, str]] = (),
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.category, self.message, self.details = status, category, message, details
        self.context, self.headers, self.more = context or {}, tuple(headers), more or {}

    def to_json(self, correlation_id: str) -> dict[str, JsonValue]:
        """The ``Error`` of the wire."""
        found: dict[str, JsonValue] = {
            "status": "error", "message": self.message, "correlationId": correlation_id, "category": self.category,
            **self.more,
        }  # fmt: skip
        if self.details:
            found["errors"] = [detail.to_json() for detail in self.details[:_MOST_DETAILS]]
        if self.context:
            found["context"] = {name: list(values) for name, values in self.context.items()}
        return found


def invalid(message: str, *details: Detail) -> Fault:
    """400 ``VALIDATION_ERROR``."""
    return Fault(400, "VALIDATION_ERROR", message, *details)


def invalid_field(where: str, message: str, code: str | None = None) -> Fault:
    """400 ``VALIDATION_ERROR`` about one field or parameter."""
    return invalid(f"Invalid input: {where}: {message}", Detail(message=message, where=where, code=code))


def not_found(message: str = "resource not found") -> Fault:
    """404: there is no such thing, or it is another account's."""
    return Fault(404, "OBJECT_NOT_FOUND", message)


def conflict(message: str) -> Fault:
    """409: clients parse some of these texts (``Contact already exists. Existing ID: 12``), so the caller words it."""
    return Fault(409, "CONFLICT", message)


def taken(message: str) -> Fault:
    """409 that no repeat mends. HubSpot's new Python client repeats every 409 twice unless it is told not to."""
    return Fault(409, "CONFLICT", message, headers=[("x-should-retry", "false")])


def unauthenticated(message: str) -> Fault:
    """401: no usable credentials."""
    return Fault(401, "INVALID_AUTHENTICATION", message, headers=[("WWW-Authenticate", "Bearer")])


def expired(message: str) -> Fault:
    """401: the token was good once."""
    return Fault(401, "EXPIRED_AUTHENTICATION", message, headers=[("WWW-Authenticate", 'Bearer error="invalid_token"')])


def missing_scopes(any_of: Sequence[str]) -> Fault:
    """403: the token lacks every one of the scopes that would do."""
    text = "This app hasn't been granted all required scopes to make this call. Any one of these is enough: "
    named = ", ".join(any_of)
    detail = Detail(
        message=f"One or more of the following scopes are required: {named}.", context={"requiredScopes": any_of}
    )
    return Fault(403, "MISSING_SCOPES", f"{text}{named}. Make a token with it, or ask your operator.", detail)


def rate_limited(policy: str, seconds: int, headers: Sequence[tuple[str, str]]) -> Fault:
    """429. Clients act on ``policyName``, on the exact wording, or on ``Retry-After``: they get all three."""
    return Fault(
        429,
        "RATE_LIMITS",
        f"You have reached your {policy.lower()} limit.",
        headers=[("Retry-After", str(seconds)), *headers],
        more={"errorType": "RATE_LIMIT", "policyName": policy},
    )


def unavailable(message: str, seconds: int = 2) -> Fault:
    """503: nothing was promised; the same call may go through later."""
    return Fault(503, "SERVICE_UNAVAILABLE", message, headers=[("Retry-After", str(seconds))])


def no_room(message: str, seconds: int = 60) -> Fault:
    """507: there is no room to write it down; nothing was promised."""
    return Fault(507, "INSUFFICIENT_STORAGE", message, headers=[("Retry-After", str(seconds))])


def of_validation(fault: ValidationError) -> Fault:
    """400 for a body that does not fit its model; each complaint names the path of its field."""
    details = [
        Detail(message=each["msg"], where=_path(each["loc"]) or "body", code=each["type"].upper())
        for each in fault.errors(include_url=False, include_input=False, include_context=False)[:_MOST_DETAILS]
    ]
    shown = "; ".join(f"{detail.where}: {detail.message}" for detail in details[:3])
    return invalid(f"Invalid input: {shown}", *details)


def _path(location: Sequence[int | str]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:200]}" for step in location)
    return text.removeprefix(".")

"""What may be written to a contact, and what a write changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sendwright import mail
from sendwright.crm.model import Problem, Refused

MAX_VALUE: Final = 65_536  # characters, as HubSpot's multi-line text
MAX_PROPERTIES: Final = 1_000  # with a value, on one record
MAX_RECORD: Final = 1_000_000  # characters of all values of one record: a record is read whole, so it stays small

READ_ONLY: Final = frozenset(
    {"hs_object_id", "createdate", "lastmodifieddate", "hs_createdate", "hs_lastmodifieddate"}
)  # kept by the house, in columns

_NAME: Final = re.compile(r"[a-z0-9_]{1,100}")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """Properties fit to be written, without ``email``, which stands in ``address`` (``None``: not given or cleared)."""

    properties: Mapping[str, str]
    address: mail.Address | None
    clears_email: bool


def is_name(text: str) -> bool:
    """Whether this can be the name of a property: lower-case letters, digits and ``_``, up to 100."""
    return _NAME.fullmatch(text) is not None


def check(given: Mapping[str, str]) -> Clean | Refused:
    """What of a CRM write can be written: all of it, or the list of what is wrong. Names are matched in lower case."""
    lowered = {name.lower(): value for name, value in given.items()}
    email = lowered.pop("email", None)
    problems = [problem for name, value in lowered.items() if (problem := _problem(name, value)) is not None]
    address = mail.parse_address(email) if email else None
    if isinstance(address, mail.Malformed):
        problems.append(Problem(name="email", code="INVALID_EMAIL", message=_email_message(address)))
    if problems or isinstance(address, mail.Malformed):
        return Refused(problems=tuple(problems))
    return Clean(properties=lowered, address=address, clears_email=email == "")


def writable(given: Mapping[str, str]) -> dict[str, str]:
    """What a send writes to its contact: ``email`` and what cannot be stored are left out, so that no mail fails."""
    lowered = {name.lower(): value for name, value in given.items()}
    return {name: value for name, value in lowered.items() if name != "email" and _problem(name, value) is None}


def changed(current: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Those of ``wanted`` that are not so already. An empty value clears, and clears nothing where there is nothing."""
    return {name: value for name, value in wanted.items() if current.get(name, "") != value}


def apply(current: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """The properties after the changes: what is empty is not kept."""
    return {name: value for name, value in {**current, **changes}.items() if value}


def overflow(properties: Mapping[str, str]) -> Refused | None:
    """Refuses a record that would grow too large to be read whole on every send."""
    if len(properties) > MAX_PROPERTIES:
        return _too_large(f"A record holds at most {MAX_PROPERTIES} properties with a value: clear some first")
    if sum(map(len, properties.values())) > MAX_RECORD:
        return _too_large(f"The values of a record hold at most {MAX_RECORD} characters together: shorten some first")
    return None


def _too_large(message: str) -> Refused:
    return Refused(problems=(Problem(name="properties", code="RECORD_TOO_LARGE", message=message),))


def _email_message(malformed: mail.Malformed) -> str:
    return f"The e-mail address is invalid: {malformed.reason}"


def _problem(name: str, value: str) -> Problem | None:
    if not is_name(name):
        return Problem(
            name=name[:100],
            code="PROPERTY_DOESNT_EXIST",
            message="No such property: names are lower-case letters, digits and _, up to 100 characters",
        )
    if name in READ_ONLY:
        return Problem(name=name, code="READ_ONLY_VALUE", message=f"{name} is set by the system: leave it out")
    if len(value) > MAX_VALUE:
        return Problem(name=name, code="VALUE_TOO_LONG", message=f"A value holds at most {MAX_VALUE} characters")
    if _UNSTORABLE.search(value):
        return Problem(
            name=name, code="INVALID_CHARACTER", message="The value holds a NUL or half a surrogate pair: remove it"
        )
    return None

"""What a bounce means for its address: suppressed at once, counted, or not held against it. And HubSpot's words for it.

The reasons are those of the bounce reader in `mail`, by name. "The address is bad" and "we are not wanted" must never
be confused: of a reason that is not known nothing follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Weight(StrEnum):
    """What follows from a bounce of this reason."""

    AT_ONCE = "at once"  # the address takes no mail: suppressed
    COUNTED = "counted"  # suppressed after several, over days, with nothing delivered between
    FEW = "few"  # ambiguous: suppressed after three
    NEVER = "never"  # about us, or about the mail: the address is none the worse
    NOTHING = "nothing"  # no bounce at all


_NEEDED = {Weight.AT_ONCE: 1, Weight.FEW: 3, Weight.COUNTED: 5}
_LEAST_SPAN = {Weight.AT_ONCE: timedelta(), Weight.FEW: timedelta(days=10), Weight.COUNTED: timedelta(days=10)}
LONGEST_MEMORY = timedelta(days=180)
"""A failure that is older counts no more."""

_BY_REASON: dict[str, tuple[Weight, str]] = {
    "userunknown": (Weight.AT_ONCE, "UNKNOWN_USER"),
    "hasmoved": (Weight.AT_ONCE, "UNKNOWN_USER"),
    "hostunknown": (Weight.AT_ONCE, "DNS_FAILURE"),
    "mailboxfull": (Weight.COUNTED, "MAILBOX_FULL"),
    "suspend": (Weight.COUNTED, "MAILBOX_MISCONFIGURATION"),
    "expired": (Weight.COUNTED, "TIMEOUT"),
    "networkerror": (Weight.COUNTED, "ISP_MISCONFIGURATION"),
    "systemerror": (Weight.COUNTED, "ISP_MISCONFIGURATION"),
    "systemfull": (Weight.COUNTED, "ISP_MISCONFIGURATION"),
    "toomanyconn": (Weight.COUNTED, "THROTTLED"),
    "speeding": (Weight.COUNTED, "THROTTLED"),
    "ratelimited": (Weight.COUNTED, "THROTTLED"),
    "notaccept": (Weight.COUNTED, "MAILBOX_MISCONFIGURATION"),
    "filtered": (Weight.FEW, "FILTERED"),
    "blocked": (Weight.NEVER, "IP_REPUTATION"),
    "badreputation": (Weight.NEVER, "DOMAIN_REPUTATION"),
    "spamdetected": (Weight.NEVER, "SPAM"),
    "policyviolation": (Weight.NEVER, "POLICY"),
    "authfailure": (Weight.NEVER, "DMARC"),
    "requireptr": (Weight.NEVER, "SENDING_DOMAIN_MISCONFIGURATION"),
    "rejected": (Weight.NEVER, "SENDING_DOMAIN_MISCONFIGURATION"),
    "securityerror": (Weight.NEVER, "POLICY"),
    "norelaying": (Weight.NEVER, "ISP_MISCONFIGURATION"),
    "contenterror": (Weight.NEVER, "CONTENT"),
    "mesgtoobig": (Weight.NEVER, "CONTENT"),
    "emailtoolarge": (Weight.NEVER, "CONTENT"),
    "exceedlimit": (Weight.NEVER, "CONTENT"),
    "virusdetected": (Weight.NEVER, "CONTENT"),
    "syntaxerror": (Weight.NEVER, "ISP_MISCONFIGURATION"),
    "notcompliantrfc": (Weight.NEVER, "CONTENT"),
    "failedstarttls": (Weight.NEVER, "ISP_MISCONFIGURATION"),
    "mailererror": (Weight.NEVER, "MAILBOX_MISCONFIGURATION"),
    "onhold": (Weight.NEVER, "UNCATEGORIZED"),
    "undefined": (Weight.NEVER, "UNCATEGORIZED"),
    "undetermined": (Weight.NEVER, "UNCATEGORIZED"),
    "vacation": (Weight.NOTHING, "UNCATEGORIZED"),
    "delivered": (Weight.NOTHING, "UNCATEGORIZED"),
    "feedback": (Weight.NOTHING, "UNCATEGORIZED"),
}
_UNKNOWN = (Weight.NEVER, "UNCATEGORIZED")
REASONS = frozenset(_BY_REASON)

# What counts against an address when a delivery of ours ended without a report: HubSpot's category, as a reason.
_BY_CATEGORY = {
    "MAILBOX_FULL": "mailboxfull",
    "MAILBOX_MISCONFIGURATION": "suspend",
    "TIMEOUT": "expired",
    "TEMPORARY_PROBLEM": "expired",
    "GREYLISTING": "expired",
    "DNS_FAILURE": "networkerror",
    "ISP_MISCONFIGURATION": "systemerror",
    "THROTTLED": "speeding",
    "FILTERED": "filtered",
}


def weight_of(reason: str) -> Weight:
    """What follows from a bounce of this reason."""
    return _BY_REASON.get(reason, _UNKNOWN)[0]


def category_of(reason: str) -> str:
    """HubSpot's bounce category (e-mail events API v1)."""
    return _BY_REASON.get(reason, _UNKNOWN)[1]


def reason_in_session(category: str) -> str | None:
    """The reason that a failure of this category counts as; None where it does not count against the address."""
    return _BY_CATEGORY.get(category)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A failure as it was counted."""

    at: datetime
    reason: str


def are_enough(failures: Sequence[Counted], last_delivered: datetime | None, now: datetime) -> bool:
    """Whether these failures of one address suppress it: so many, over so many days, with nothing delivered between.

    The weight is that of the failures that come to their number; an address that was ever filtered needs three of
    those, whatever else failed.
    """
    since = max(now - LONGEST_MEMORY, last_delivered or now - LONGEST_MEMORY)
    counting = [failure for failure in failures if failure.at > since]
    return any(_reach(counting, weight) for weight in (Weight.FEW, Weight.COUNTED))


def _reach(failures: Sequence[Counted], weight: Weight) -> bool:
    times = sorted(failure.at for failure in failures if weight_of(failure.reason) is weight)
    return len(times) >= _NEEDED[weight] and times[-1] - times[0] >= _LEAST_SPAN[weight]

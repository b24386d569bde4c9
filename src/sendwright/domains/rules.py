"""Decisions about domain names, about when to look, and about what a check changes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import idna

from sendwright.domains.found import Standing
from sendwright.domains.model import Connection, Domain, Proof

_PENDING, _HOURLY, _DAILY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
_PATIENCE = timedelta(days=1)
_REST = timedelta(seconds=10)
_LONGEST = 253
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+", re.ASCII)
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def read_domain_name(text: str) -> str:
    """A domain name in lower case A-labels (RFC 5890, UTS 46). Raises ``ValueError`` with a sentence.

    An address literal, a single label and a name that ends in a number (RFC 3696 section 2) are no sending domains.
    """
    name = text.strip().removesuffix(".").lower()
    if not name.isascii():
        name = _to_ascii(name)
    labels = name.split(".")
    good = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not _NUMBER.fullmatch(labels[-1])
    if not good or len(name) > _LONGEST:
        raise ValueError(f"{text[:_LONGEST]!r} is no domain name: give one such as example.com")
    return name


def _to_ascii(name: str) -> str:
    if len(name) > _LONGEST:  # before the conversion, whose cost grows faster than its input
        raise ValueError("the domain name is too long")
    try:
        return idna.encode(name, uts46=True).decode().lower()
    except idna.IDNAError as fault:
        raise ValueError(f"{name!r} is no domain name: {fault}") from fault


def read_selector(text: str) -> str:
    """A DKIM selector of one label (RFC 6376 3.1 allows more; nobody needs them). Raises ``ValueError``."""
    if not _SELECTOR.fullmatch(text):
        raise ValueError(f"{text[:70]!r} is no selector: use letters, digits and hyphens")
    return text


def next_check(domain: Domain, standing: Standing, now: datetime, chance: float) -> datetime:
    """When to look again. ``chance`` (0 to 1) spreads the checks of domains that were added together.

    Pending: every five minutes for a day, then hourly. Connected: daily; while not right, or not known, hourly.
    """
    if domain.connection is None:
        every = _PENDING if now - domain.created_at < _PATIENCE else _HOURLY
    else:
        every = _DAILY if standing is Standing.RIGHT else _HOURLY
    return now + every * (0.9 + 0.2 * chance)


def after_check(domain: Domain, standing: Standing, now: datetime) -> Domain:
    """The domain as a check leaves it: connected the moment it is right, degraded when it is right no more.

    An answer that nobody gave changes nothing. A domain that the operator connected by decree, and that never was
    right, cannot become worse than it was.
    """
    if standing is Standing.UNKNOWN:
        return replace(domain, checked_at=now)
    if standing is Standing.RIGHT:
        link = domain.connection or Connection(at=now, how=Proof.DNS)
        return replace(domain, connection=link, checked_at=now, right_at=now, degraded_since=None)
    was_right = domain.connection is not None and domain.right_at is not None
    since = (domain.degraded_since or now) if was_right else None
    return replace(domain, checked_at=now, degraded_since=since)


def may_check(domain: Domain, now: datetime) -> bool:
    """Whether a check that somebody asks for is made, or the last one shown: each asks strangers' name servers."""
    return domain.checked_at is None or abs(now - domain.checked_at) >= _REST

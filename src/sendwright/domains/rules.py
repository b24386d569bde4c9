"""Decisions about domain names and the records they want."""

from __future__ import annotations

import re
from collections.abc import Iterable

import idna

from sendwright.domains.model import WantedRecord

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


def wanted_records(name: str, keys: Iterable[tuple[str, str]]) -> tuple[WantedRecord, ...]:
    """The DNS records to publish for a domain; ``keys`` are pairs of selector and public record."""
    return tuple(
        WantedRecord(name=f"{selector}._domainkey.{name}", type="TXT", value=record, purpose="dkim")
        for selector, record in keys
    )

"""MTA-STS (RFC 8461): what a domain says in DNS and on its policy host about TLS at its mail servers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MOST_OCTETS = 64 * 1024
"""A longer policy is none (RFC 8461 section 3.3 lets us choose)."""
LONGEST = timedelta(seconds=31_557_600)
_MOST_PATTERNS = 500

_ID = re.compile(r"id=([A-Za-z0-9]{1,32})")
_NUMBER = re.compile(r"[0-9]{1,10}")
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")


class Mode(StrEnum):
    """How much the domain means it: refuse to deliver, only report, or nothing any more."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StsPolicy:
    """What the policy host says. `patterns`: host names in lower case, maybe with `*.` before; none only in NONE."""

    mode: Mode
    patterns: tuple[str, ...]
    max_age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPolicy:
    """The text is no policy; why, safe to show."""

    reason: str


def record_id(texts: Sequence[str]) -> str | None:
    """The id in the TXT records of `_mta-sts.<domain>`; None: the domain has no policy (section 3.1).

    Records of other kinds are passed over; two records of this kind are none.
    """
    ours = [text for text in texts if text.startswith("v=STSv1;")]
    if len(ours) != 1:
        return None
    fields = [field.strip(" \t") for field in ours[0][:1000].split(";")[1:]]
    ids = [found[1] for found in map(_ID.fullmatch, fields) if found is not None]
    return ids[0] if len(ids) == 1 else None


def read_policy(raw: bytes) -> StsPolicy | BadPolicy:
    """The policy in the body of the answer (section 3.2). Of a key that stands twice the first counts, but for mx."""
    if len(raw) > MOST_OCTETS:
        return BadPolicy(reason=f"the policy is longer than {MOST_OCTETS} octets")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return BadPolicy(reason="the policy is not UTF-8")
    first: dict[str, str] = {}
    patterns: list[str] = []
    for line in text.split("\n"):
        key, _, value = line.partition(":")
        key, value = key.strip(" \t\r"), value.strip(" \t\r")
        if key == "mx":
            patterns.append(value.lower().removesuffix("."))
        else:
            first.setdefault(key, value)
    return _policy(first, patterns)


def _policy(first: dict[str, str], patterns: list[str]) -> StsPolicy | BadPolicy:
    if first.get("version") != "STSv1":
        return BadPolicy(reason="the policy does not say version: STSv1")
    mode, age = first.get("mode", ""), first.get("max_age", "")
    if mode not in {known.value for known in Mode}:
        return BadPolicy(reason="the policy's mode is none of enforce, testing, none")
    if not _NUMBER.fullmatch(age):
        return BadPolicy(reason="the policy's max_age is no number of seconds")
    if not patterns and mode != Mode.NONE:
        return BadPolicy(reason="the policy names no mx")
    if len(patterns) > _MOST_PATTERNS or not all(map(_PATTERN.fullmatch, patterns)):
        return BadPolicy(reason="the policy has an mx that is no host name, or too many")
    return StsPolicy(mode=Mode(mode), patterns=tuple(patterns), max_age=min(timedelta(seconds=int(age)), LONGEST))


def lists(policy: StsPolicy, host: str) -> bool:
    """Whether the policy names this host (an A-label). A wildcard stands for one label, the first (section 4.1)."""
    name = host.lower().removesuffix(".")
    _, _, parent = name.partition(".")
    return any(pattern == name or (parent != "" and pattern == f"*.{parent}") for pattern in policy.patterns)

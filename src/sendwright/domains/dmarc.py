"""DMARC policies: read, found by the tree walk, and what aligns under them (RFC 9989, which replaced RFC 7489)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_POLICIES: Final = ("none", "quarantine", "reject")
_MOST_LABELS: Final = 8
_KEPT_LABELS: Final = 7

Texts = Mapping[str, Iterable[str]]
"""The TXT values found at ``_dmarc.<name>``, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A valid record at ``_dmarc.<domain>``. ``psd``: y, n or u (whether the domain is a public suffix)."""

    domain: str
    p: str
    sp: str
    np: str
    strict_dkim: bool
    strict_spf: bool
    psd: str
    testing: bool

    def for_author(self, name: str) -> str:
        """What is asked for mail from this existing name: none, quarantine or reject; testing counts one step less."""
        asked = self.p if name == self.domain else self.sp
        return _POLICIES[max(_POLICIES.index(asked) - self.testing, 0)]


def is_dmarc(text: str) -> bool:
    """Whether it begins as every record must (section 4.7): ``v=DMARC1`` exactly, first."""
    head, _, _ = text.partition(";")
    name, _, value = head.partition("=")
    return name.strip().lower() == "v" and value.strip() == "DMARC1"


def read_policy(domain: str, texts: Iterable[str]) -> Policy | None:
    """The policy, if exactly one record is valid: several count as none. Unknown tags are ignored.

    A record without ``p`` asks for nothing (``none``); one whose ``p``, ``sp`` or ``np`` is no policy counts as that
    only if it asks for reports, else as no record (section 4.10.1).
    """
    records = [text for text in texts if is_dmarc(text)]
    if len(records) != 1:
        return None
    tags = _tags(records[0])
    p = tags.get("p", "none").lower()
    sp = tags.get("sp", p).lower()
    np = tags.get("np", sp).lower()
    if not {p, sp, np} <= set(_POLICIES):
        if "mailto:" not in tags.get("rua", "").lower():
            return None
        p = sp = np = "none"
    return Policy(
        domain=domain, p=p, sp=sp, np=np, strict_dkim=tags.get("adkim", "").lower() == "s",
        strict_spf=tags.get("aspf", "").lower() == "s", psd=tags.get("psd", "u").lower(),
        testing=tags.get("t", "").lower() == "y",
    )  # fmt: skip


def _tags(record: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def names_to_ask(name: str) -> list[str]:
    """The names of the tree walk, from the name itself upwards, at most eight (section 4.10)."""
    labels = name.split(".")
    longest = len(labels) - 1 if len(labels) <= _MOST_LABELS else _KEPT_LABELS
    return [name, *(".".join(labels[-count:]) for count in range(longest, 0, -1))]


def organizational_domain(name: str, found: Texts) -> str:
    """The domain that stands for the owner of a name (section 4.10.2)."""
    best = name
    for asked in names_to_ask(name):
        policy = read_policy(asked, found.get(asked, ()))
        if policy is None:
            continue
        if policy.psd == "n":
            return asked
        if policy.psd == "y" and asked != name:
            return ".".join(name.split(".")[-(asked.count(".") + 2) :])
        best = asked
    return best


def applying(name: str, found: Texts) -> Policy | None:
    """The policy that receivers apply to mail from a name: its own, or that of its organization, or of the suffix."""
    own = read_policy(name, found.get(name, ()))
    if own is not None:
        return own
    organization = organizational_domain(name, found)
    above = names_to_ask(organization)
    policies = (read_policy(asked, found.get(asked, ())) for asked in above)
    return next((policy for policy in policies if policy is not None), None)


def aligns(author: str, other: str, found: Texts, *, strict: bool) -> bool:
    """Whether a domain that authenticates speaks for the author's domain (section 4.4)."""
    if strict or author == other:
        return author == other
    return organizational_domain(author, found) == organizational_domain(other, found)

"""SPF records as text (RFC 7208): enough to give advice, not to judge a peer."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

MOST_LOOK_UPS: Final = 10
_COSTLY: Final = ("include", "a", "mx", "ptr", "exists", "redirect")


def is_spf(text: str) -> bool:
    """Section 4.5: the version, then a blank or nothing."""
    lower = text.lower()
    return lower == "v=spf1" or lower.startswith("v=spf1 ")


def records(texts: Iterable[str]) -> tuple[str, ...]:
    """Those of the texts that are SPF records."""
    return tuple(text for text in texts if is_spf(text))


def terms(record: str) -> tuple[str, ...]:
    """The terms behind the version, in lower case, without a ``+`` that changes nothing."""
    return tuple(term.removeprefix("+") for term in record.lower().split()[1:])


def look_ups(record: str) -> int:
    """How many of its own terms cost a look-up (section 4.6.4)."""
    return sum(_word(term) in _COSTLY for term in terms(record))


def follow(record: str) -> tuple[str, ...]:
    """The names of other records that it takes in; those made of macros are known only to receivers."""
    targets = (
        term.lstrip("-~?").replace("redirect=", "include:", 1).removeprefix("include:").rstrip(".")
        for term in terms(record)
        if _word(term) in ("include", "redirect")
    )
    return tuple(target for target in targets if target and "%" not in target)


def naming(mechanisms: str, addresses: Iterable[str]) -> str:
    """The mechanisms, and one for each of the addresses (IPv4 or IPv6)."""
    return " ".join((*mechanisms.split(), *(f"ip{6 if ':' in each else 4}:{each}" for each in addresses)))


def lacking(record: str, mechanisms: str) -> tuple[str, ...]:
    """Which of our mechanisms the record does not have. An address is had by a network around it, too."""
    present = terms(record)
    return tuple(
        each for each in mechanisms.lower().split() if not any(_has(term, each.removeprefix("+")) for term in present)
    )


def lets_everybody(record: str) -> bool:
    """Whether it names the whole world as a sender."""
    return "all" in terms(record)


def _has(term: str, wanted: str) -> bool:
    if term == wanted:
        return True
    around, inner = _network(term), _network(wanted)
    return bool(around and inner and around[0] == inner[0] and around[1] <= inner[1] <= inner[2] <= around[2])


def _network(mechanism: str) -> tuple[int, int, int] | None:
    """Version, first and last address of an ``ip4:`` or ``ip6:``; None for anything else."""
    word, _, text = mechanism.partition(":")
    if word not in ("ip4", "ip6"):
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network[0]), int(network[-1])


def _word(term: str) -> str:
    bare = term.lstrip("-~?")
    for mark in ":/=":
        bare = bare.partition(mark)[0]
    return bare

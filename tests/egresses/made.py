"""Egresses, pools and plans as the tests of this room need them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sendwright import egresses
from sendwright.egresses.model import Day

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = (NOON - datetime(1970, 1, 1, tzinfo=UTC)).days
ACTIVE = egresses.EgressState.ACTIVE
GOOD = egresses.Check(at=NOON)
BAD = egresses.Check(at=NOON, findings=(egresses.Finding(fatal=True, text="no name"),))


def address(name: str, **changes: Any) -> egresses.Egress:
    """A verified address, the last number of its name its own."""
    number = name.rpartition("-")[2]
    facts: dict[str, Any] = {
        "account_id": 1, "name": name, "state": ACTIVE, "created_at": NOON, "check": GOOD,
        "means": egresses.OwnAddress(ip=f"192.0.2.{number}", ehlo_name=f"mx{number}.example.com", machine="here"),
        **changes,
    }  # fmt: skip
    return egresses.Egress(**facts)


def relay(name: str = "relay", **changes: Any) -> egresses.Egress:
    means = egresses.Relay(url="smtp://u:secret@relay.example.net:587", shown="u@relay.example.net:587")
    return address(name, means=means, check=None, **changes)


def pool(stream: str = "transactional", *, only_own: bool = False, account_id: int = 1, **shares: int) -> egresses.Pool:
    """``pool(ip_1=30, installation=70)``."""
    members = tuple(
        egresses.Member(egress="" if name == "installation" else name.replace("_", "-"), weight=share)
        for name, share in shares.items()
    )
    return egresses.Pool(
        account_id=account_id, stream=egresses.Stream(stream), name=stream.replace("_", "-"), members=members,
        only_own=only_own,
    )  # fmt: skip


def plan(name: str, *caps: int, overflow: str = "pool", account_id: int = 1) -> egresses.Warmup:
    return egresses.Warmup(
        account_id=account_id, egress=name, caps=caps, overflow=egresses.Overflow(overflow), started_at=NOON
    )


def fleet(*things: egresses.Egress | egresses.Pool | egresses.Warmup, days: Any = None) -> egresses.Fleet:
    return egresses.Fleet(
        account_id=1,
        egresses={each.name: each for each in things if isinstance(each, egresses.Egress)},
        pools={each.stream: each for each in things if isinstance(each, egresses.Pool)},
        warmups={each.egress: each for each in things if isinstance(each, egresses.Warmup)},
        days=days or {},
    )


def day(back: int = 0, **counts: int) -> Day:
    """A day so many days ago."""
    return Day(day=TODAY - back, **counts)

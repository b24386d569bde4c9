"""What became of the mail of a campaign, in numbers.

They are counted from the events when they are asked for, each send once, however often it was opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from sendwright.ledger.model import EventType
from sendwright.ledger.rules import is_hard_bounce
from sendwright.ledger.tables import events

_e = events.c
_ONCE = (EventType.PROCESSED, EventType.SENT, EventType.DELIVERED, EventType.DROPPED)
"""A send has one of each at most: they are counted in the index alone."""
_REPEATED = (EventType.SPAMREPORT, EventType.STATUSCHANGE)
_BY_READERS = (EventType.OPEN, EventType.CLICK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many sends of a campaign had each fate. Opens and clicks are those of people, and of each send count once;
    ``opened_on`` and ``clicked_on`` count them by ``deviceType``, a send once for each."""

    processed: int = 0
    sent: int = 0
    delivered: int = 0
    dropped: int = 0
    hard_bounced: int = 0
    soft_bounced: int = 0
    opened: int = 0
    clicked: int = 0
    complained: int = 0
    unsubscribed: int = 0
    opened_on: Mapping[str, int] = field(default_factory=dict)
    clicked_on: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    account_id: int
    campaign_ids: Collection[int]
    since: datetime | None
    until: datetime | None


Counts = Mapping[tuple[int, EventType], int]
Breakdowns = Mapping[tuple[int, EventType], Mapping[str, int]]


def count_events(
    conn: Connection,
    account_id: int,
    campaign_ids: Collection[int],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[int, Tally]:
    """By campaign, for each that was asked for, what the events from ``since`` to ``until`` (both included) say."""
    asked = _Asked(account_id=account_id, campaign_ids=frozenset(campaign_ids), since=since, until=until)
    by_send = func.count(_e.send_id.distinct())
    counts = {
        **_counted(conn, asked, _ONCE, func.count()),
        **_counted(conn, asked, _REPEATED, by_send),
        **_counted(conn, asked, _BY_READERS, by_send),
    }
    kinds = {
        **_by_kind(conn, asked, _BY_READERS, "deviceType"),
        **_by_kind(conn, asked, [EventType.BOUNCE], "category"),
    }
    return {campaign_id: _tally(campaign_id, counts, kinds) for campaign_id in asked.campaign_ids}


def _conditions(asked: _Asked, types: Collection[EventType]) -> Iterator[ColumnElement[bool]]:
    yield _e.account_id == asked.account_id
    yield _e.campaign_id.in_(sorted(asked.campaign_ids))
    yield _e.type.in_(types)
    if asked.since is not None:
        yield _e.created >= asked.since
    if asked.until is not None:
        yield _e.created <= asked.until
    if types is _BY_READERS:
        by_machine = _e.facts["filteredEvent"].as_boolean()
        yield or_(by_machine.is_(None), by_machine.is_(False))


def _counted(conn: Connection, asked: _Asked, types: Collection[EventType], count: ColumnElement[int]) -> Counts:
    query = select(_e.campaign_id, _e.type, count.label("many")).where(*_conditions(asked, types))
    rows = conn.execute(query.group_by(_e.campaign_id, _e.type))
    return {(row.campaign_id, EventType(row.type)): row.many for row in rows}


def _by_kind(conn: Connection, asked: _Asked, types: Collection[EventType], fact: str) -> Breakdowns:
    kind, many = _e.facts[fact].as_string().label("kind"), func.count(_e.send_id.distinct()).label("many")
    query = select(_e.campaign_id, _e.type, kind, many).where(*_conditions(asked, types))
    found: dict[tuple[int, EventType], dict[str, int]] = {}
    for row in conn.execute(query.group_by(_e.campaign_id, _e.type, "kind")):
        found.setdefault((row.campaign_id, EventType(row.type)), {})[row.kind or ""] = row.many
    return found


def _tally(campaign_id: int, counts: Counts, kinds: Breakdowns) -> Tally:
    def of(type_: EventType) -> int:
        return counts.get((campaign_id, type_), 0)

    bounces = kinds.get((campaign_id, EventType.BOUNCE), {})
    hard = sum(many for category, many in bounces.items() if is_hard_bounce(category))
    return Tally(
        processed=of(EventType.PROCESSED),
        sent=of(EventType.SENT),
        delivered=of(EventType.DELIVERED),
        dropped=of(EventType.DROPPED),
        hard_bounced=hard,
        soft_bounced=sum(bounces.values()) - hard,
        opened=of(EventType.OPEN),
        clicked=of(EventType.CLICK),
        complained=of(EventType.SPAMREPORT),
        unsubscribed=of(EventType.STATUSCHANGE),
        opened_on=kinds.get((campaign_id, EventType.OPEN), {}),
        clicked_on=kinds.get((campaign_id, EventType.CLICK), {}),
    )

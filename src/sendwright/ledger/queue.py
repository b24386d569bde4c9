"""Looking at the queue: what waits for whom and why, page by page; and what the workers say of themselves.

Nothing here takes a lock, so that it may be looked at while mail comes and goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, true

from sendwright.ledger import rules
from sendwright.ledger.model import SendState
from sendwright.ledger.pauses import find_pauses
from sendwright.ledger.queue_words import (
    Head,
    Hold,
    Key,
    Pause,
    QueueLine,
    Selection,
    SiteLoad,
    Waiting,
    WorkerLoad,
)
from sendwright.ledger.steer import behind, is_selected
from sendwright.ledger.tables import deliveries, in_state, is_open, sends, workers

_MOST_OF_A_SEND = 1_000

STUCK_AFTER = 3
"""Claims in vain: a worker that died explains one or two."""

FORGOTTEN_AFTER = timedelta(seconds=30)
"""A worker that said nothing for so long is gone."""


def queue_lines(conn: Connection, account_id: int | None, limit: int) -> list[QueueLine]:
    """What waits, by egress and site, the most first: of one account or of all."""
    d = deliveries.c
    site = func.coalesce(d.site, d.domain)
    mine = true() if account_id is None else d.account_id == account_id
    largest = (
        select(d.egress, site.label("site"), func.count().label("many"))  # of all accounts: for the operator
        .where(is_open(), mine)
        .group_by(d.egress, site)
        .order_by(func.count().desc(), d.egress, site)
        .limit(limit)
    )
    found = [(row.egress, row.site) for row in conn.execute(largest)]
    if not found:
        return []
    asked = d.egress.in_({egress for egress, _ in found}), site.in_({name for _, name in found})
    rows = conn.execute(
        select(
            d.egress, site.label("site"), d.state, func.count().label("many"), func.min(d.accepted_at).label("oldest"),
            func.min(d.due).label("next"), func.max(d.explanation).label("reason"),
        )
        .where(is_open(), mine, *asked)
        .group_by(d.egress, site, d.state)
    ).all()  # fmt: skip
    by_line: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        by_line.setdefault((row.egress, row.site), []).append(row)
    return [_line(egress, name, by_line[egress, name]) for egress, name in found if (egress, name) in by_line]


def _line(egress: str, site: str, rows: Sequence[Any]) -> QueueLine:
    waiting = [row.next for row in rows if row.state in ("waiting", "in_doubt") and row.next is not None]
    return QueueLine(
        egress=egress, site=site, states={row.state: row.many for row in rows},
        oldest=min(row.oldest for row in rows), next_due=min(waiting, default=None),
        reason=max((row.reason for row in rows if row.reason), default=None),
    )  # fmt: skip


def stuck_sends(conn: Connection, account_id: int | None) -> int:
    """How many sends were claimed again and again and are not composed yet: of one account or of all."""
    s = sends.c
    states = or_(in_state(sends, SendState.ACCEPTED), in_state(sends, SendState.COMPOSING))
    mine = true() if account_id is None else s.account_id == account_id
    # of all accounts: for the operator
    query = select(func.count()).select_from(sends).where(states, s.lease_epoch >= STUCK_AFTER, mine)
    return conn.execute(query).scalar_one()


def find_waiting(conn: Connection, wanted: Selection, now: datetime, *, after: Key | None, limit: int) -> list[Waiting]:
    """Open deliveries in the order of their keys (account and id: the oldest first), behind ``after``."""
    return _read(conn, and_(is_selected(wanted), behind(after)), now, limit)


def find_delivery(conn: Connection, account_id: int, delivery_id: str, now: datetime) -> Waiting | None:
    """One delivery, open or not."""
    d = deliveries.c
    return next(iter(_read(conn, and_(d.account_id == account_id, d.id == delivery_id), now, 1)), None)


def find_of_send(conn: Connection, account_id: int, send_id: str, now: datetime) -> list[Waiting]:
    """The deliveries of a send, open or not."""
    d = deliveries.c
    return _read(conn, and_(d.account_id == account_id, d.send_id == send_id), now, _MOST_OF_A_SEND)


def _read(conn: Connection, condition: ColumnElement[bool], now: datetime, limit: int) -> list[Waiting]:
    d = deliveries.c
    query = select(
        d.account_id, d.id, d.send_id, d.recipient, d.domain, d.egress, d.site, d.stream, d.state, d.hold, d.tries,
        d.due, d.accepted_at, d.explanation,
    )  # fmt: skip  # of all accounts: where the operator named none
    rows = conn.execute(query.where(condition).order_by(d.account_id, d.id).limit(limit)).all()
    pauses = find_pauses(conn, now)
    return [_waiting(row, pauses) for row in rows]


def _waiting(row: Any, pauses: Sequence[Pause]) -> Waiting:
    head = Head(
        account_id=row.account_id, id=row.id, egress=row.egress, domain=row.domain, site=row.site, due=row.accepted_at
    )
    kept = rules.pause_of(head, pauses) if row.state in ("waiting", "in_doubt") else None
    return Waiting(
        account_id=row.account_id, id=row.id, send_id=row.send_id, recipient=row.recipient, domain=row.domain,
        egress=row.egress, site=row.site, stream=row.stream, state=row.state,
        hold=None if row.hold is None else Hold(row.hold), tries=row.tries, due=row.due, accepted_at=row.accepted_at,
        explanation=row.explanation, paused=None if kept is None else kept.reason,
    )  # fmt: skip


def note_worker(conn: Connection, load: WorkerLoad) -> None:
    """What a worker says of itself now; those that are gone are forgotten."""
    w = workers.c
    # of all accounts: workers serve them all
    conn.execute(delete(workers).where((w.worker == load.worker) | (w.seen < load.seen - FORGOTTEN_AFTER)))
    conn.execute(
        workers.insert().values(
            worker=load.worker, seen=load.seen, in_flight=load.in_flight, sites=[_as_json(site) for site in load.sites]
        )
    )


def find_workers(conn: Connection, now: datetime) -> list[WorkerLoad]:
    """What the workers that are alive said last."""
    w = workers.c
    query = select(workers).where(w.seen >= now - FORGOTTEN_AFTER)  # of all accounts: workers serve them all
    return [
        WorkerLoad(worker=row.worker, seen=row.seen, in_flight=row.in_flight, sites=tuple(map(_from_json, row.sites)))
        for row in conn.execute(query.order_by(w.worker))
    ]


def _as_json(site: SiteLoad) -> list[Any]:
    return [
        site.egress, site.site, site.connections, site.allowed, site.rate, site.allowed_rate,
        None if site.resting_until is None else site.resting_until.isoformat(), site.why, site.refusal,
        None if site.refused_at is None else site.refused_at.isoformat(),
    ]  # fmt: skip


def _from_json(kept: Sequence[Any]) -> SiteLoad:
    egress, site, connections, allowed, rate, allowed_rate, resting_until, why, refusal, refused_at = kept
    return SiteLoad(
        egress=egress, site=site, connections=connections, allowed=allowed, rate=rate, allowed_rate=allowed_rate,
        resting_until=None if resting_until is None else datetime.fromisoformat(resting_until), why=why,
        refusal=refusal, refused_at=None if refused_at is None else datetime.fromisoformat(refused_at),
    )  # fmt: skip

"""Composed, intended, settled: the guarded writes of a worker, each with its events, many in one commit.

Every write says from which states and under which epoch it may happen. In a batch the database only tells how many
rows changed in all; when that is fewer than asked, :class:`Late` undoes the batch and its members are tried one by one,
where the one that came too late is told apart from the others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright.database import Prepared, Row
from sendwright.ledger import writes
from sendwright.ledger.claim import clock_ms
from sendwright.ledger.model import (
    ClaimedSend,
    Composed,
    Delivery,
    Dropped,
    Intent,
    NewEvent,
    Outcome,
    Part,
    Settlement,
)
from sendwright.ledger.rules import lane_of
from sendwright.ledger.shelves import erase
from sendwright.ledger.tables import attempts, sends


class Late(Exception):
    """Another worker holds the row by now: this one was too slow, and its write must not happen."""


def record(conn: Connection, facts: Sequence[NewEvent]) -> None:
    """Appends events."""
    writes.EVENTS.run(conn, [writes.event_row(fact) for fact in facts])


def compose(conn: Connection, items: Sequence[Composed], lease_ms: int) -> None:
    """The sends are queued; their deliveries begin, leased to the worker that composed them. Raises :class:`Late`."""
    if not items:
        return
    _guarded(conn, writes.COMPOSE, [writes.composed_row(item) for item in items])
    writes.SNAPSHOT.run(
        conn, [(item.send.account_id, item.send.id, item.snapshot) for item in items if item.snapshot]
    )  # fmt: skip
    until = conn.execute(select(clock_ms() + lease_ms)).scalar_one()
    writes.DELIVERIES.run(conn, [row for item in items for row in writes.delivery_rows(item, until)])
    record(conn, [item.event for item in items])


def drop(conn: Connection, items: Sequence[Dropped]) -> None:
    """The sends end here, each with its reason; their payloads are erased. Raises :class:`Late`."""
    if not items:
        return
    _guarded(conn, writes.DROP, [writes.dropped_row(item) for item in items])
    erase(conn, [item.send for item in items])
    record(conn, [item.event for item in items])


def intend(conn: Connection, items: Sequence[Intent]) -> None:
    """Records that each worker is about to write the final dot. Raises :class:`Late`: then it must not."""
    _guarded(conn, writes.INTEND, [writes.intent_row(item) for item in items])


def settle(conn: Connection, items: Sequence[Settlement]) -> None:
    """What the attempts came to: deliveries, attempts, events, and the sends they end. Raises :class:`Late`."""
    lock_sends(conn, {(i.delivery.account_id, i.delivery.send_id) for i in items if i.due is None})
    by_outcome: dict[Outcome, list[Row]] = {}
    for item in items:
        by_outcome.setdefault(item.attempt.outcome, []).append(writes.settled_row(item))
    for outcome, rows in by_outcome.items():
        _guarded(conn, writes.SETTLE[outcome], rows)
    doubtful = [item.delivery for item in items if item.hold and item.attempt.outcome is Outcome.IN_DOUBT]
    writes.HOLD_DOUBTFUL.run(conn, [(each.account_id, each.id) for each in doubtful])
    tried = [writes.attempt_row(i.attempt) for i in items if i.attempt.outcome is not Outcome.RELEASED]
    writes.ATTEMPTS.run(conn, tried)
    record(conn, [event for item in items for event in item.events])
    _tell_sends(conn, items)
    _finish(conn, [item.delivery for item in items if item.due is None])


def release(conn: Connection, held: Sequence[Delivery], now: datetime) -> None:
    """Deliveries whose turn did not come are free again at once, as they were. Raises :class:`Late`."""
    rows = [(*writes.fence(each.account_id, each.id, each.lease), now, 0, None, None, None) for each in held]
    _guarded(conn, writes.SETTLE[Outcome.RELEASED], rows)


def put_off(conn: Connection, held: Delivery, due: datetime, explanation: str) -> None:
    """A delivery that cannot leave now steps aside until it is due, charged nothing, for a reason that is shown.

    Raises :class:`Late`.
    """
    row = (*writes.fence(held.account_id, held.id, held.lease), due, 0, explanation, None, lane_of(held))
    _guarded(conn, writes.SETTLE[Outcome.RELEASED], [row])


def note_fault(conn: Connection, claimed: ClaimedSend, explanation: str) -> None:
    """Why a send could not be composed this time: shown until it is. It stays leased, and is claimed again later."""
    writes.FAULT.run(conn, [(*writes.fence(claimed.account_id, claimed.id, claimed.lease), explanation)])


def move(conn: Connection, held: Delivery, egress: str) -> None:
    """From now on it leaves by another egress. Raises :class:`Late`."""
    _guarded(conn, writes.MOVE, [(*writes.fence(held.account_id, held.id, held.lease), egress)])


def append_late(conn: Connection, item: Settlement) -> bool:
    """A result that came after the lease was lost: kept among the attempts, so that nothing known is forgotten.

    A success ends the delivery too, unless its next attempt is past its own intent by now. Whether it did.
    """
    row = dict(zip(writes.ATTEMPTS.names, writes.attempt_row(item.attempt), strict=True))
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    conn.execute(
        insert(attempts)
        .values(row)
        .on_conflict_do_update(index_elements=[attempts.c.account_id, attempts.c.id], set_=row)
    )
    return item.attempt.outcome is Outcome.DELIVERED and _end_late(conn, item)


def _end_late(conn: Connection, item: Settlement) -> bool:
    delivery = item.delivery
    lock_sends(conn, [(delivery.account_id, delivery.send_id)])
    if not writes.LATE.run(conn, [(delivery.account_id, delivery.id, item.attempt.explanation)]):
        return False
    record(conn, item.events)
    _tell_sends(conn, [item])
    _finish(conn, [delivery])
    return True


def _tell_sends(conn: Connection, items: Sequence[Settlement]) -> None:
    told = [writes.result_row(i) for i in items if i.result is not None and i.delivery.part is Part.TO]
    writes.RESULT.run(conn, told)


def lock_sends(conn: Connection, ids: Collection[tuple[int, str]]) -> None:
    """Before deliveries of theirs end: the last two of a send, ended by two writers at once, would each leave it open.

    SQLite has one writer, and needs no lock.
    """
    if ids and conn.dialect.name == "postgresql":
        conn.execute(_LOCK, {"k_sends": list(ids)})


def _finish(conn: Connection, ended: Sequence[Delivery]) -> None:
    """Sends none of whose deliveries is open become final, and their payloads are erased."""
    of_sends = {(delivery.account_id, delivery.send_id): delivery for delivery in ended}
    writes.FINISH.run(conn, list(of_sends))
    erase(conn, list(of_sends.values()))


def _guarded(conn: Connection, statement: Prepared, rows: Sequence[Row]) -> None:
    if statement.run(conn, rows) != len(rows):
        raise Late


_LOCK = (
    select(sends.c.id)
    .where(tuple_(sends.c.account_id, sends.c.id).in_(bindparam("k_sends", expanding=True)))
    .order_by(sends.c.account_id, sends.c.id)  # everybody in one order: no deadlock
    .with_for_update()
)

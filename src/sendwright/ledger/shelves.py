"""Payloads: what messages are made from, apart from the facts, so that it can be erased and they stay.

A payload lies under its send's id; one that several sends share, under an id of its own. A large one is written in
pieces before its sends are accepted (:func:`shelve`), so that no transaction holds others up; pieces whose sends never
came are swept away (:func:`sweep`).
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from sendwright import database
from sendwright.database import Prepared, among_ids
from sendwright.ledger.model import ClaimedSend, Delivery, Piece, SendState, Shelf
from sendwright.ledger.tables import payload_pieces, payloads, sends

PieceKey = tuple[int, str]
"""Account and id of a payload."""

_UNWANTED_AFTER = timedelta(hours=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_CHARS = 13  # of a UUID of version 7: its milliseconds
_AT_ONCE = 4  # pieces of a quarter of a megabyte
_ENDED = (SendState.FINAL, SendState.CANCELED)


def shelve(conn: Connection, items: Sequence[Piece]) -> Sequence[None]:
    """Writes pieces of payloads that sends will name."""
    conn.execute(
        payload_pieces.insert(),
        [
            {"account_id": i.account_id, "payload_id": i.payload_id, "number": i.number, "content": i.content}
            for i in items
        ],
    )
    return [None] * len(items)


def read_payloads(conn: Connection, wanted: Collection[PieceKey]) -> dict[PieceKey, tuple[bytes, bytes, Shelf]]:
    """Body and snapshot, by account and payload. The pieces that may follow a body are not read: see `read_pieces`."""
    return {
        (account_id, payload_id): (
            body,
            snapshot or b"",
            Shelf(id=payload_id, pieces=pieces, keep_until=keep_until),
        )
        for account_id, payload_id, body, snapshot, pieces, keep_until in _READ.ask(conn, list(wanted))
    }


def read_pieces(conn: Connection, account_id: int, payload_id: str) -> bytes:
    """The pieces of a large payload put together, in about one copy."""
    q = payload_pieces.c
    whole = io.BytesIO()
    query = select(q.content).where(q.account_id == account_id, q.payload_id == payload_id).order_by(q.number)
    for content in conn.execute(query).scalars():
        whole.write(content)
    return whole.getvalue()


def find_payload(conn: Connection, account_id: int, send_id: str, now: datetime) -> tuple[int, bytes, bytes] | None:
    """What a send was made from: its application, the body, and the pieces put together; None if it is not kept."""
    s, p = sends.c, payloads.c
    row = conn.execute(
        select(s.app_id, p.send_id, p.body, p.pieces)
        .join(payloads, and_(p.account_id == s.account_id, p.send_id == func.coalesce(s.payload_id, s.id)))
        .where(s.account_id == account_id, s.id == send_id, or_(p.keep_until.is_(None), p.keep_until > now))
    ).one_or_none()
    if row is None:
        return None
    return row.app_id, row.body, read_pieces(conn, account_id, row.send_id) if row.pieces else b""


def within(rows: Iterable[tuple[int, str, str, int]], budget_bytes: int) -> list[tuple[int, str]]:
    """Keys of the first rows (account, id, payload, size) whose payloads fit, each counted once; one in any case."""
    keys: list[tuple[int, str]] = []
    counted: set[str] = set()
    for account_id, row_id, payload_id, size in rows:
        if payload_id not in counted:
            if keys and size > budget_bytes:
                break
            counted.add(payload_id)
            budget_bytes -= size
        keys.append((account_id, row_id))
    return keys


def erase(conn: Connection, held: Iterable[ClaimedSend | Delivery]) -> None:
    """Erases what these ended sends were made from: see :func:`erase_payloads`."""
    sends_of = ((each, each.id if isinstance(each, ClaimedSend) else each.send_id) for each in held)
    erase_payloads(conn, [(each.account_id, send_id, each.shelf) for each, send_id in sends_of])


def erase_payloads(conn: Connection, ended: Iterable[tuple[int, str, Shelf | None]]) -> None:
    """Erases what ended sends (account, id, shelf) were made from, unless others still need it or it is to be kept.

    What lies in pieces is only marked, and erased by :func:`sweep` piece by piece.
    """
    own: set[PieceKey] = set()
    shared: set[PieceKey] = set()
    for account_id, send_id, shelf in ended:
        if shelf is None:
            own.add((account_id, send_id))
        elif shelf.keep_until is not None:
            continue
        elif shelf.pieces:
            _mark_ended(conn, account_id, shelf.id)
        else:
            (own if shelf.id == send_id else shared).add((account_id, shelf.id))
    _ERASE.run(conn, list(own))
    if shared:
        _lock(conn, shared)
        _ERASE_SHARED.run(conn, list(shared))


def sweep(conn: Connection, now: datetime) -> int:
    """Erases some of what was to be kept until now, and of the pieces whose sends never came; how many rows.

    A little at a time, to be called until nothing is left: erased pages are written over, and other writes wait for
    that. Of all accounts: the scheduler serves them all.
    """
    return _sweep_pieces(conn, now) or _sweep_payloads(conn, now)


def _sweep_pieces(conn: Connection, now: datetime) -> int:
    p, q = payloads.c, payload_pieces.c
    is_over = p.keep_until <= now, ~_wanted_by_a_send(p.account_id, p.send_id)
    over = select(q.account_id, q.payload_id, q.number).join(
        payloads, and_(p.account_id == q.account_id, p.send_id == q.payload_id)
    )
    found = conn.execute(over.where(*is_over).limit(_AT_ONCE)).all()
    if not found:
        lost = ~exists().where(p.account_id == q.account_id, p.send_id == q.payload_id)
        old = q.payload_id < database.uuid7(now - _UNWANTED_AFTER)[:_TIME_CHARS]
        found = conn.execute(select(q.account_id, q.payload_id, q.number).where(old, lost).limit(_AT_ONCE)).all()
    for row in found:
        conn.execute(
            delete(payload_pieces).where(
                q.account_id == row.account_id, q.payload_id == row.payload_id, q.number == row.number
            )
        )
    return len(found)


def _sweep_payloads(conn: Connection, now: datetime) -> int:
    p = payloads.c
    query = select(p.account_id, p.send_id).where(p.keep_until <= now, ~_wanted_by_a_send(p.account_id, p.send_id))
    found = [(row.account_id, row.send_id) for row in conn.execute(query.limit(_AT_ONCE))]
    if found:
        conn.execute(delete(payloads).where(among_ids(p.account_id, p.send_id, found)))
    return len(found)


def _mark_ended(conn: Connection, account_id: int, payload_id: str) -> None:
    p = payloads.c
    _lock(conn, [(account_id, payload_id)])
    conn.execute(
        update(payloads)
        .where(p.account_id == account_id, p.send_id == payload_id, ~_wanted_by_a_send(p.account_id, p.send_id))
        .values(keep_until=_LONG_AGO)
    )


def _lock(conn: Connection, keys: Collection[PieceKey]) -> None:
    """The last two sends of one payload, ended at once by two writers, would each leave it for the other."""
    if conn.dialect.name == "postgresql":
        p = payloads.c
        conn.execute(
            select(p.send_id)
            .where(among_ids(p.account_id, p.send_id, sorted(keys)))
            .order_by(p.account_id, p.send_id)
            .with_for_update()
        )


def _wanted_by_a_send(account_id: ColumnElement[int], payload_id: ColumnElement[str]) -> ColumnElement[bool]:
    s = sends.c
    ended = [literal(state.value) for state in _ENDED]
    own = exists().where(s.account_id == account_id, s.id == payload_id, s.state.not_in(ended))
    shared = exists().where(s.account_id == account_id, s.payload_id == payload_id, s.state.not_in(ended))
    return own | shared


_PAYLOAD: dict[str, Any] = {"k_account": BigInteger(), "k_payload": String()}
_ENDED_STATES = [literal_column(f"'{state.value}'", String()) for state in _ENDED]

_READ = Prepared(
    _PAYLOAD,
    lambda given: select(
        payloads.c.account_id, payloads.c.send_id, payloads.c.body, payloads.c.snapshot, payloads.c.pieces,
        payloads.c.keep_until,
    ).where(payloads.c.account_id == given.c.k_account, payloads.c.send_id == given.c.k_payload),
)  # fmt: skip


def _erase_unless_wanted(by: ColumnElement[str]) -> Prepared:
    """Erases payloads that no live send names in this column."""
    return Prepared(
        _PAYLOAD,
        lambda given: delete(payloads).where(
            payloads.c.account_id.in_(select(given.c.k_account)),
            payloads.c.send_id.in_(select(given.c.k_payload)),
            ~exists().where(
                sends.c.account_id == payloads.c.account_id,
                by == payloads.c.send_id,
                sends.c.state.not_in(_ENDED_STATES),
            ),
        ),
    )


_ERASE = _erase_unless_wanted(sends.c.id)
_ERASE_SHARED = _erase_unless_wanted(sends.c.payload_id)

"""Payloads: what messages are made from, apart from the facts, so that it can be erased and they stay.

A payload lies under its send's id; one that several sends share, under an id of its own. A large one is written in
pieces before its sends are accepted (:func:`shelve`), so that no transaction holds others up; pieces whose sends never
came are swept away (:func:`sweep`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, literal, select

from sendwright import database
from sendwright.database import among_ids
from sendwright.ledger.model import ClaimedSend, Delivery, Piece, SendState, Shelf
from sendwright.ledger.tables import payload_pieces, payloads, sends

PieceKey = tuple[int, str]
"""Account and id of a payload."""

_UNWANTED_AFTER = timedelta(hours=1)
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
    """Body and snapshot, by account and payload; a body in pieces is put together."""
    p = payloads.c
    rows = conn.execute(
        select(p.account_id, p.send_id, p.body, p.snapshot, p.pieces, p.keep_until).where(
            among_ids(p.account_id, p.send_id, list(wanted))
        )
    ).all()
    return {
        (row.account_id, row.send_id): (
            _whole(conn, row.account_id, row.send_id, row.body) if row.pieces else row.body,
            row.snapshot or b"",
            Shelf(id=row.send_id, pieces=row.pieces, keep_until=row.keep_until),
        )
        for row in rows
    }


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
    """Erases what these ended sends were made from, unless others still need it or it is to be kept for a while."""
    own: set[PieceKey] = set()
    shared: set[PieceKey] = set()
    for each in held:
        send_id = each.id if isinstance(each, ClaimedSend) else each.send_id
        shelf = each.shelf
        if shelf is None or shelf.keep_until is None:
            (own if shelf is None or shelf.id == send_id else shared).add(
                (each.account_id, send_id if shelf is None else shelf.id)
            )
    _erase(conn, _ERASE, own)
    if shared:
        _lock(conn, shared)
        _erase(conn, _ERASE_SHARED, shared)
    pieced = {(e.account_id, e.shelf.id) for e in held if e.shelf is not None and e.shelf.pieces}
    _erase(conn, _ERASE_PIECES, pieced)


def sweep(conn: Connection, now: datetime) -> int:
    """Erases what was to be kept until now, and pieces whose sends never came; how many payloads and pieces.

    Of all accounts: the scheduler serves them all.
    """
    p, q = payloads.c, payload_pieces.c
    kept = conn.execute(
        delete(payloads).where(p.keep_until <= now, ~_wanted_by_a_send(p.account_id, p.send_id))
    ).rowcount
    lost = conn.execute(
        delete(payload_pieces).where(
            q.payload_id < database.uuid7(now - _UNWANTED_AFTER)[:13],
            ~exists().where(p.account_id == q.account_id, p.send_id == q.payload_id),
        )
    ).rowcount
    return kept + lost


def _whole(conn: Connection, account_id: int, payload_id: str, head: bytes) -> bytes:
    q = payload_pieces.c
    pieces = conn.execute(
        select(q.content).where(q.account_id == account_id, q.payload_id == payload_id).order_by(q.number)
    ).scalars()
    return b"".join((head, *pieces))


def _erase(conn: Connection, statement: object, keys: Collection[PieceKey]) -> None:
    if keys:
        conn.execute(statement, [{"k_account": account, "k_payload": payload} for account, payload in keys])  # type: ignore[call-overload]


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


_ERASE = delete(payloads).where(
    payloads.c.account_id == bindparam("k_account"),
    payloads.c.send_id == bindparam("k_payload"),
    ~exists().where(
        sends.c.account_id == bindparam("k_account"),
        sends.c.id == bindparam("k_payload"),
        sends.c.state.not_in([literal(state.value) for state in _ENDED]),
    ),
)

_ERASE_SHARED = delete(payloads).where(
    payloads.c.account_id == bindparam("k_account"),
    payloads.c.send_id == bindparam("k_payload"),
    ~exists().where(
        sends.c.account_id == bindparam("k_account"),
        sends.c.payload_id == bindparam("k_payload"),
        sends.c.state.not_in([literal(state.value) for state in _ENDED]),
    ),
)

_ERASE_PIECES = delete(payload_pieces).where(
    and_(payload_pieces.c.account_id == bindparam("k_account"), payload_pieces.c.payload_id == bindparam("k_payload")),
    ~exists().where(payloads.c.account_id == bindparam("k_account"), payloads.c.send_id == bindparam("k_payload")),
)

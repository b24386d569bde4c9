"""Accepting: the one place where a send begins. What it returns is on disk when the caller hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, literal_column, select, true
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.database import Prepared, Row, among
from sendwright.failpoints import failpoint
from sendwright.ledger.find import find_sends_by_id
from sendwright.ledger.model import Key, KeyKind, NewSend, Send, SendId, SendResult, SendState
from sendwright.ledger.rules import RETRY_KEY_LIFE, still_counts
from sendwright.ledger.tables import idempotency_keys, payloads, sends

_MILLISECOND = timedelta(milliseconds=1)
_Slot = tuple[int, str, str]
"""(account, kind, digest) of a key."""


@dataclass(slots=True)
class _Taken:
    send_id: SendId
    payload_hash: str
    made_at: datetime
    just_now: bool = False
    """Taken by another request that had not been answered when this one came."""


@dataclass(frozen=True, slots=True)
class _Fresh:
    new: NewSend
    state: SendState = SendState.ACCEPTED
    result: SendResult | None = None
    explanation: str | None = None


def accept(conn: Connection, items: Sequence[NewSend]) -> Sequence[Send]:
    """Writes the sends and answers with the record of each: the new one, or the first one for a repeat.

    The same key with the same payload is a repeat; with another payload it ends at once as ``IDEMPOTENT_FAIL``. Of
    requests with one key that come at the same moment one wins, the others end as ``IDEMPOTENT_IGNORE``.
    """
    taken = _taken(conn, items)
    decided = _keep_keys(conn, [_decide(item, taken) for item in items])
    fresh = [d for d in decided if isinstance(d, _Fresh)]
    _insert(conn, fresh)
    if any(f.state is SendState.ACCEPTED for f in fresh):
        database.announce(conn, "sends")
    failpoint("A4")
    made = {f.new.id: _as_send(f) for f in fresh}
    ids = [d.new.id if isinstance(d, _Fresh) else d for d in decided]
    older = [(item.account_id, i) for item, i in zip(items, ids, strict=True) if i not in made]
    found = {**find_sends_by_id(conn, older), **made}
    return [found[i] for i in ids]


def _taken(conn: Connection, items: Sequence[NewSend]) -> dict[_Slot, _Taken]:
    slots = {_slot(item, key) for item in items for key in item.keys}
    if not slots:
        return {}
    k = idempotency_keys.c
    rows = conn.execute(
        select(k.account_id, k.kind, k.digest, k.send_id, k.payload_hash, k.made_at).where(
            among((k.account_id, k.kind, k.digest), slots)
        )
    )
    return {(a, kind, digest): _Taken(SendId(send), hash_, at) for a, kind, digest, send, hash_, at in rows}


def _decide(item: NewSend, taken: dict[_Slot, _Taken]) -> _Fresh | SendId:
    for key in item.keys:
        met = taken.get(_slot(item, key))
        if met is not None and (still_counts(key, met.made_at, item.requested_at)):
            return _repeat(item, key, met)
    for key in item.keys:
        taken[_slot(item, key)] = _Taken(item.id, item.payload_hash, item.requested_at, just_now=True)
    return _Fresh(item)


def _repeat(item: NewSend, key: Key, met: _Taken) -> _Fresh | SendId:
    if met.payload_hash != item.payload_hash:
        return _failed(item, met.send_id)
    if met.just_now and key.kind is not KeyKind.RETRY:
        return _ignored(item, met.send_id)
    return met.send_id


def _failed(item: NewSend, first: SendId) -> _Fresh:
    why = f"This key was used before, by send {first}, with another payload. Nothing was sent; use a new key."
    return _Fresh(item, SendState.FINAL, SendResult.IDEMPOTENT_FAIL, why)


def _ignored(item: NewSend, first: SendId) -> _Fresh:
    why = f"The same request came at the same moment and is being sent as {first}. This repeat was ignored."
    return _Fresh(item, SendState.FINAL, SendResult.IDEMPOTENT_IGNORE, why)


def _keep_keys(conn: Connection, decided: list[_Fresh | SendId]) -> list[_Fresh | SendId]:
    """Writes the keys of the new sends. Where another process was faster, its send stands."""
    new = [d for d in decided if isinstance(d, _Fresh) and d.state is SendState.ACCEPTED and d.new.keys]
    if not new:
        return decided
    kept = _insert_keys(conn, [(f.new, key) for f in new for key in f.new.keys])
    lost = {f.new.id: f.new for f in new if any(_slot(f.new, key) not in kept for key in f.new.keys)}
    if not lost:
        return decided
    winners = _taken(conn, list(lost.values()))
    return [_lose(d.new, winners) if isinstance(d, _Fresh) and d.new.id in lost else d for d in decided]


def _lose(new: NewSend, winners: Mapping[_Slot, _Taken]) -> _Fresh | SendId:
    key, met = next(
        (key, met) for key in new.keys if (met := winners.get(_slot(new, key))) is not None and met.send_id != new.id
    )
    met.just_now = True
    return _repeat(new, key, met)


def _insert_keys(conn: Connection, wanted: Sequence[tuple[NewSend, Key]]) -> set[_Slot]:
    """Which of the keys are now ours. Of a client's own repeats, the newest request of the same words counts."""
    lasting = {_slot(new, key): new for new, key in wanted if key.kind is not KeyKind.RETRY}
    first = {_slot(new, key): new for new, key in wanted if key.kind is KeyKind.RETRY and not key.repeated}
    again = {_slot(new, key): new for new, key in wanted if key.kind is KeyKind.RETRY and key.repeated}
    return _write_keys(conn, lasting, None) | _write_keys(conn, first, _always) | _write_keys(conn, again, _expired)


_always = true()
_expired = idempotency_keys.c.made_at < literal_column("excluded.made_at") - RETRY_KEY_LIFE // timedelta(milliseconds=1)


def _write_keys(conn: Connection, new: Mapping[_Slot, NewSend], replace: ColumnElement[bool] | None) -> set[_Slot]:
    if not new:
        return set()
    k = idempotency_keys.c
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    statement = insert(idempotency_keys).values(
        [
            {
                "account_id": account, "kind": kind, "digest": digest, "send_id": send.id,
                "payload_hash": send.payload_hash, "made_at": send.requested_at,
            }
            for (account, kind, digest), send in new.items()
        ]
    )  # fmt: skip
    if replace is None:
        statement = statement.on_conflict_do_nothing()
    else:
        changes = {name: getattr(statement.excluded, name) for name in ("send_id", "payload_hash", "made_at")}
        statement = statement.on_conflict_do_update(
            index_elements=[k.account_id, k.kind, k.digest], set_=changes, where=replace
        )
    return {(a, kind, digest) for a, kind, digest in conn.execute(statement.returning(k.account_id, k.kind, k.digest))}


def _insert(conn: Connection, fresh: Sequence[_Fresh]) -> None:
    if not fresh:
        return
    _SENDS.run(conn, [_send_row(f) for f in fresh])
    alive = [f.new for f in fresh if f.state is SendState.ACCEPTED]
    bodies = {(new.account_id, new.shelf.id if new.shelf else new.id): _payload_row(new) for new in alive}
    _PAYLOADS.run(conn, list(bodies.values()))


_SENDS = Prepared.into(
    sends, "account_id", "id", "state", "result", "explanation", "requested_at", "completed_at", "stream", "email_id",
    "app_id", "token_id", "recipient", "payload_id", "size_bytes", "labels", "duplicate_policy", "give_up_after",
)  # fmt: skip
_PAYLOADS = Prepared.into(payloads, "account_id", "send_id", "body", "pieces", "keep_until")


def _send_row(f: _Fresh) -> Row:
    new, shelf = f.new, f.new.shelf
    return (
        new.account_id, new.id, f.state.value, None if f.result is None else f.result.value, f.explanation,
        new.requested_at, new.requested_at if f.result else None, new.stream, new.email_id, new.app_id, new.token_id,
        new.recipient, shelf.id if shelf and shelf.id != new.id else None,
        len(new.payload) + (shelf.size_bytes if shelf else 0),
        None if new.labels is None else {"tags": new.labels.tags, "metadata": dict(new.labels.metadata)},
        new.terms.duplicate_policy, _milliseconds(new.terms.give_up_after),
    )  # fmt: skip


def _milliseconds(span: timedelta | None) -> int | None:
    return None if span is None else span // _MILLISECOND


def _payload_row(new: NewSend) -> Row:
    shelf = new.shelf
    return (
        new.account_id, shelf.id if shelf else new.id, new.payload, shelf.pieces if shelf else 0,
        shelf.keep_until if shelf else None,
    )  # fmt: skip


def _as_send(f: _Fresh) -> Send:
    new = f.new
    return Send(
        account_id=new.account_id, id=new.id, state=f.state, result=f.result, explanation=f.explanation,
        requested_at=new.requested_at, started_at=None, completed_at=new.requested_at if f.result else None,
        stream=new.stream, email_id=new.email_id, campaign_id=None, app_id=new.app_id, recipient=new.recipient,
        contact_id=None, sender=None, subject=None, sent_event_id=None, sent_event_at=None, labels=new.labels,
    )  # fmt: skip


def _slot(item: NewSend, key: Key) -> _Slot:
    return (item.account_id, key.kind.value, key.digest)

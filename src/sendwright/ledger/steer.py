"""Steering: what a person does to deliveries that have no outcome yet: retry now, hold, release, cancel.

A selection may mean a million rows, so it is worked off in batches, each a transaction of its own, in the order of
their keys; whatever changes between two batches is seen as it is then. Each UPDATE says from which states it may
happen, so that an attempt past its dot is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, null, or_, select, text, true, tuple_, update

from sendwright import database
from sendwright.database import among_ids
from sendwright.failpoints import failpoint
from sendwright.ledger import rules, writes
from sendwright.ledger.model import DeliveryState, SendState, Shelf
from sendwright.ledger.queue_words import Action, Hold, Key, Selection, Steered
from sendwright.ledger.rules import DeliveryEvent, SendEvent, delivery_after, send_after, states_before
from sendwright.ledger.settle import lock_sends
from sendwright.ledger.shelves import erase_payloads
from sendwright.ledger.tables import deliveries, in_state, is_open, payloads, sends

# of all accounts: workers serve them all
_ACCOUNTS_HELD = text("""
WITH RECURSIVE a(account_id) AS (
  SELECT (SELECT account_id FROM deliveries WHERE state = 'held' AND hold = :hold ORDER BY account_id LIMIT 1)
  UNION ALL
  SELECT (SELECT account_id FROM deliveries WHERE state = 'held' AND hold = :hold AND account_id > a.account_id
          ORDER BY account_id LIMIT 1)
  FROM a WHERE a.account_id IS NOT NULL
)
SELECT account_id FROM a WHERE account_id IS NOT NULL
""")
_HELD_SUSPENDED = and_(in_state(deliveries, DeliveryState.HELD), deliveries.c.hold == Hold.SUSPENDED.value)

EVENTS = {
    Action.RETRY: DeliveryEvent.RETRY,
    Action.CANCEL: DeliveryEvent.CANCEL,
    Action.HOLD: DeliveryEvent.HOLD,
    Action.RELEASE: DeliveryEvent.LET_GO,
}


def count_selected(conn: Connection, action: Action, wanted: Selection) -> tuple[int, int]:
    """How many deliveries the action would change now, and how many sends that have no deliveries yet."""
    those = _may(action, wanted, Hold.OPERATOR), is_selected(wanted)
    # of all accounts: where the operator named none
    found = conn.execute(select(func.count()).select_from(deliveries).where(*those)).scalar_one()
    return found, _count_early(conn, wanted) if action is Action.CANCEL else 0


def steer(
    conn: Connection,
    action: Action,
    wanted: Selection,
    after: Key | None,
    limit: int,
    now: datetime,
    why: str,
    hold: Hold = Hold.OPERATOR,
) -> Steered:
    """Changes up to ``limit`` of the deliveries that are meant and may be changed, behind ``after``.

    ``why`` is a sentence that is kept with what is held or canceled. ``hold``: in whose name it is held; an account
    lets go neither what the operator holds nor what is held because it is suspended.
    """
    early = _cancel_early(conn, wanted, now, why) if action is Action.CANCEL and after is None else 0
    d = deliveries.c
    query = select(d.account_id, d.id, d.send_id).where(_may(action, wanted, hold), is_selected(wanted), behind(after))
    rows = conn.execute(query.order_by(d.account_id, d.id).limit(limit)).all()  # of all accounts: see above
    keys = [(row.account_id, row.id) for row in rows]
    if action is Action.CANCEL:
        lock_sends(conn, {(row.account_id, row.send_id) for row in rows})
    changed = _change(conn, action, wanted, keys, now, why, hold)
    if action is Action.CANCEL:
        _end_sends(conn, {(row.account_id, row.send_id) for row in rows}, now, why)
        failpoint("T2")
    database.announce(conn, "deliveries")
    return Steered(deliveries=changed, after=keys[-1] if len(keys) == limit else None, sends=early)


def holds_resumed(conn: Connection, suspended: Sequence[int]) -> list[int]:
    """Accounts that may send again and of whose mail something is held because they were suspended."""
    accounts = conn.execute(_ACCOUNTS_HELD, {"hold": Hold.SUSPENDED.value}).scalars()
    return [account_id for account_id in accounts if account_id not in suspended]


def let_go_resumed(conn: Connection, suspended: Sequence[int], limit: int) -> int:
    """Lets go what was held because its account was suspended, and is not any more; how many."""
    d = deliveries.c
    resumed = holds_resumed(conn, suspended)
    query = select(d.account_id, d.id).where(_HELD_SUSPENDED, d.account_id.in_(resumed)).limit(limit)
    keys = [(account_id, id_) for account_id, id_ in conn.execute(query)]
    if keys:
        database.announce(conn, "deliveries")
    return conn.execute(
        update(deliveries)
        .where(among_ids(d.account_id, d.id, keys), _HELD_SUSPENDED)
        .values(
            state=delivery_after(DeliveryState.HELD, DeliveryEvent.LET_GO), hold=None, explanation=None,
            due=func.coalesce(d.due, d.accepted_at),
        )
    ).rowcount  # fmt: skip


def is_selected(wanted: Selection) -> ColumnElement[bool]:
    """The open delivery is one of those meant."""
    d = deliveries.c
    given = (
        (d.account_id, wanted.account_id),
        (d.id, wanted.delivery_id),
        (d.send_id, wanted.send_id),
        (d.domain, wanted.domain),
        (d.site, wanted.site),
        (d.egress, wanted.egress),
        (d.state, wanted.state),
    )
    return and_(is_open(), *(column == value for column, value in given if value is not None))


def behind(after: Key | None) -> ColumnElement[bool]:
    """The next page."""
    return true() if after is None else tuple_(deliveries.c.account_id, deliveries.c.id) > after


def _may(action: Action, wanted: Selection, hold: Hold) -> ColumnElement[bool]:
    """From which states it is possible. What is in doubt is repeated at once only if it is named itself."""
    if action is Action.RELEASE and hold is Hold.ACCOUNT:
        spared = (Hold.OPERATOR.value, Hold.SUSPENDED.value)
        return and_(in_state(deliveries, DeliveryState.HELD), deliveries.c.hold.not_in(spared))
    states = states_before(EVENTS[action])
    if action is Action.RETRY and not wanted.is_of_one:
        states = (DeliveryState.WAITING,)
    return deliveries.c.state.in_([state.value for state in states])


def _change(
    conn: Connection, action: Action, wanted: Selection, keys: Sequence[Key], now: datetime, why: str, hold: Hold
) -> int:
    if not keys:
        return 0
    d = deliveries.c
    all_changes: dict[Action, dict[str, object]] = {
        Action.RETRY: {"due": now},
        Action.RELEASE: {
            "state": delivery_after(DeliveryState.HELD, DeliveryEvent.LET_GO), "due": now, "hold": None, "lane": None
        },
        Action.HOLD: {
            "state": delivery_after(DeliveryState.WAITING, DeliveryEvent.HOLD), "hold": hold, "lane": None,
            "explanation": why, "lease_owner": None, "lease_until": None,
        },
        Action.CANCEL: {
            "state": delivery_after(DeliveryState.WAITING, DeliveryEvent.CANCEL), "hold": None, "lane": None,
            "explanation": why, "lease_owner": None, "lease_until": None, "due": None,
        },
    }  # fmt: skip
    those = update(deliveries).where(among_ids(d.account_id, d.id, keys), _may(action, wanted, hold))
    return conn.execute(those.values(**all_changes[action])).rowcount


def _end_sends(conn: Connection, keys: set[Key], now: datetime, why: str) -> None:
    """Sends none of whose deliveries is open have ended; those that told nothing final are canceled."""
    if not keys:
        return
    s = sends.c
    writes.FINISH.run(conn, list(keys))
    conn.execute(
        update(sends)
        .where(among_ids(s.account_id, s.id, keys), s.state == SendState.CANCELED)
        .values(result=None, explanation=why, completed_at=now)
    )
    _erase(conn, keys)


def _erase(conn: Connection, keys: set[Key]) -> None:
    s, p = sends.c, payloads.c
    rows = conn.execute(
        select(s.account_id, s.id, p.send_id.label("payload"), p.pieces, p.keep_until)
        .join(payloads, and_(p.account_id == s.account_id, p.send_id == func.coalesce(s.payload_id, s.id)))
        .where(among_ids(s.account_id, s.id, keys), s.state.in_([SendState.CANCELED.value, SendState.FINAL.value]))
    )
    ended = [
        (row.account_id, row.id, Shelf(id=row.payload, pieces=row.pieces, keep_until=row.keep_until)) for row in rows
    ]
    erase_payloads(conn, ended)


def _early(wanted: Selection) -> ColumnElement[bool] | None:
    """Sends that have no deliveries yet: they are meant where one send, or a whole account, is."""
    if any((wanted.delivery_id, wanted.domain, wanted.site, wanted.egress, wanted.state)):
        return None
    s = sends.c
    states = or_(in_state(sends, SendState.ACCEPTED), in_state(sends, SendState.COMPOSING))
    given = ((s.account_id, wanted.account_id), (s.id, wanted.send_id))
    return and_(states, *(column == value for column, value in given if value is not None))


def _count_early(conn: Connection, wanted: Selection) -> int:
    those = _early(wanted)
    if those is None:
        return 0
    # of all accounts: where the operator named none
    return conn.execute(select(func.count()).select_from(sends).where(those)).scalar_one()


def _cancel_early(conn: Connection, wanted: Selection, now: datetime, why: str) -> int:
    """Whoever composes one of them now is told that it is too late."""
    those = _early(wanted)
    if those is None:
        return 0
    s = sends.c
    # of all accounts: where the operator named none
    keys = {
        (account_id, id_)
        for account_id, id_ in conn.execute(
            update(sends)
            .where(those)
            .values(
                state=send_after(SendState.ACCEPTED, SendEvent.CANCEL), explanation=why, completed_at=now,
                lease_owner=null(), lease_until=null(),
            )
            .returning(s.account_id, s.id)
        )
    }  # fmt: skip
    for some in _in_batches(sorted(keys)):
        _erase(conn, some)
    return len(keys)


def _in_batches(keys: Sequence[Key]) -> list[set[Key]]:
    return [set(keys[start : start + 500]) for start in range(0, len(keys), 500)]


def may(action: Action, state: DeliveryState) -> bool:
    """Whether a delivery in this state can be so changed."""
    return rules.DELIVERY_MOVES[state][EVENTS[action]] is not None

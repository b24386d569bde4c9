"""Claiming: how workers take sends and deliveries without ever meeting.

A claim chooses rows and updates them in one transaction, which also raises each row's epoch; whoever writes later must
know the epoch (the fence). Leases are measured by the database's clock alone, so that the clocks of machines do not
matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice, zip_longest
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from sendwright.database import Moment, Prepared, among_ids
from sendwright.ledger.model import ClaimedSend, DeliveryState, Lease, SendId, SendState
from sendwright.ledger.queue_words import USUAL, DuplicatePolicy, Terms
from sendwright.ledger.rules import SendEvent, send_after
from sendwright.ledger.shelves import read_payloads, within
from sendwright.ledger.tables import deliveries, in_state, sends

RowKey = tuple[int, str]
"""Account and id of a send or a delivery."""

_MOST_ACCOUNTS = 16
"""So many accounts have a share in one claim."""

BUDGET_BYTES = 16 * 1024 * 1024
"""How much a claim brings into memory at once."""

_MILLISECOND = timedelta(milliseconds=1)


class _Clock(FunctionElement[int]):
    name = "clock_ms"
    type = BigInteger()
    inherit_cache = True


@compiles(_Clock)
def _say_clock(element: _Clock, compiler: Any, **_: Any) -> str:
    if compiler.dialect.name == "sqlite":
        return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


def clock_ms() -> ColumnElement[int]:
    """The database's own clock, in milliseconds since 1970."""
    return _Clock()


def claim_sends(
    conn: Connection, owner: str, lease: timedelta, limit: int, now: datetime, budget_bytes: int = BUDGET_BYTES
) -> list[ClaimedSend]:
    """Leases up to ``limit`` accepted sends for composing, of each account in turn, the oldest first.

    Their payloads weigh no more than ``budget_bytes`` together, unless the first alone does.
    """
    ids = within(_oldest(conn, limit), budget_bytes)
    if not ids:
        return []
    rows = _CLAIM.ask(conn, [(*key, owner, now, lease // _MILLISECOND) for key in ids])
    bodies = read_payloads(conn, {(account_id, payload) for account_id, payload, *_ in rows})
    claimed = []
    for account_id, payload, id_, epoch, requested_at, stream, email_id, app_id, recipient, *terms in rows:
        body, _, shelf = bodies[account_id, payload]
        claimed.append(
            ClaimedSend(
                account_id=account_id, id=SendId(id_), lease=Lease(owner=owner, epoch=epoch),
                requested_at=requested_at, stream=stream, email_id=email_id, app_id=app_id, recipient=recipient,
                payload=body, shelf=shelf, terms=terms_of(*terms),
            )
        )  # fmt: skip
    return sorted(claimed, key=lambda send: send.id)


def terms_of(duplicate_policy: str | None, give_up_after: int | None) -> Terms:
    """As the columns have them."""
    if duplicate_policy is None and give_up_after is None:
        return USUAL
    return Terms(
        duplicate_policy=None if duplicate_policy is None else DuplicatePolicy(duplicate_policy),
        give_up_after=None if give_up_after is None else give_up_after * _MILLISECOND,
    )


def _oldest(conn: Connection, limit: int) -> list[tuple[int, str, str, int]]:
    """Account, id, payload and size of what was accepted, each account's share of ``limit``."""
    accounts = conn.execute(_ACCOUNTS, {"most": _MOST_ACCOUNTS}).scalars().all()
    if not accounts:
        return []
    s = sends.c
    query = (
        select(s.account_id, s.id, func.coalesce(s.payload_id, s.id), s.size_bytes)
        .where(in_state(sends, SendState.ACCEPTED))
        .order_by(s.id)
    )
    shares = [locked(conn, query.where(s.account_id == each).limit(limit)) for each in accounts]
    in_turns = (row for rows in zip_longest(*shares) for row in rows if row is not None)
    return list(islice(in_turns, limit))


def renew(
    conn: Connection, owner: str, lease: timedelta, composing: Sequence[RowKey], attempting: Sequence[RowKey]
) -> int:
    """Prolongs the leases of what a live owner has in hand: sends and deliveries, by (account, id); how many.

    Only of those: what it lost sight of (a claim whose answer never came, a batch broken off) must run out.
    """
    until = clock_ms() + lease // _MILLISECOND
    return _prolong(conn, sends, (SendState.COMPOSING,), owner, composing, until) + _prolong(
        conn, deliveries, (DeliveryState.LEASED, DeliveryState.COMMITTING), owner, attempting, until
    )


def _prolong(
    conn: Connection, table: Table, live: Sequence[StrEnum], owner: str, keys: Sequence[RowKey],
    until: ColumnElement[int],
) -> int:  # fmt: skip
    if not keys:
        return 0
    c = table.c
    mine = and_(among_ids(c.account_id, c.id, keys), in_state(table, *live), c.lease_owner == owner)
    return conn.execute(update(table).where(mine).values(lease_until=until)).rowcount


def locked(conn: Connection, query: Select[Any]) -> list[Any]:
    """Some free rows of any account (workers serve them all), locked where others could take them."""
    locked = query.with_for_update(skip_locked=True) if conn.dialect.name == "postgresql" else query
    return [tuple(row) for row in conn.execute(locked)]


# of all accounts: workers serve them all. From one account to the next in the index, so that a million sends of one
# account cost no more than one; those that wait longest first.
_ACCOUNTS = text("""
WITH RECURSIVE a(account_id) AS (
  SELECT (SELECT account_id FROM sends WHERE state = 'accepted' ORDER BY account_id LIMIT 1)
  UNION ALL
  SELECT (SELECT account_id FROM sends WHERE state = 'accepted' AND account_id > a.account_id
          ORDER BY account_id LIMIT 1)
  FROM a WHERE a.account_id IS NOT NULL
)
SELECT account_id FROM a WHERE account_id IS NOT NULL
ORDER BY (SELECT id FROM sends WHERE state = 'accepted' AND sends.account_id = a.account_id ORDER BY id LIMIT 1)
LIMIT :most
""")

_CLAIM = Prepared(
    {"k_account": BigInteger(), "k_id": String(), "owner": String(), "now": Moment(), "lease_ms": BigInteger()},
    lambda given: (
        update(sends)
        .where(sends.c.account_id == given.c.k_account, sends.c.id == given.c.k_id)
        .values(
            state=literal_column(f"'{send_after(SendState.ACCEPTED, SendEvent.CLAIM).value}'"),
            started_at=func.coalesce(sends.c.started_at, given.c.now), lease_owner=given.c.owner,
            lease_epoch=sends.c.lease_epoch + literal_column("1"), lease_until=clock_ms() + given.c.lease_ms,
        )
        .returning(
            sends.c.account_id, func.coalesce(sends.c.payload_id, sends.c.id), sends.c.id, sends.c.lease_epoch,
            sends.c.requested_at, sends.c.stream, sends.c.email_id, sends.c.app_id, sends.c.recipient,
            sends.c.duplicate_policy, sends.c.give_up_after,
        )
    ),
)  # fmt: skip

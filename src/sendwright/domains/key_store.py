"""The SQL of DKIM keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from sendwright import database
from sendwright.domains.model import KeyAlgorithm, KeyState, NewKey, ShownKey
from sendwright.domains.store import dkim_keys

_SHOWN = (
    dkim_keys.c.domain,
    dkim_keys.c.selector,
    dkim_keys.c.algorithm,
    dkim_keys.c.public_record,
    dkim_keys.c.state,
    dkim_keys.c.created_at,
    dkim_keys.c.changed_at,
)


def insert_key(
    conn: database.Connection, place: tuple[int, str], key: NewKey, sealed: bytes, state: KeyState, now: datetime
) -> None:
    """A new key. ``place``: (account, domain)."""
    conn.execute(
        insert(dkim_keys).values(
            account_id=place[0],
            domain=place[1],
            selector=key.selector,
            algorithm=key.algorithm.value,
            private_sealed=sealed,
            public_record=key.public_record,
            state=state.value,
            created_at=now,
            changed_at=now,
        )
    )


def change_state(
    conn: database.Connection, place: tuple[int, str], selector: str, before: KeyState, after: KeyState, now: datetime
) -> bool:
    """Whether this call changed it."""
    found = conn.execute(
        update(dkim_keys)
        .where(
            dkim_keys.c.account_id == place[0],
            dkim_keys.c.domain == place[1],
            dkim_keys.c.selector == selector,
            dkim_keys.c.state == before.value,
        )
        .values(state=after.value, changed_at=now)
    )
    return found.rowcount == 1


def erase(conn: database.Connection, place: tuple[int, str], selector: str, now: datetime) -> bool:
    """Whether this call retired a retiring key: its private half is gone."""
    found = conn.execute(
        update(dkim_keys)
        .where(
            dkim_keys.c.account_id == place[0],
            dkim_keys.c.domain == place[1],
            dkim_keys.c.selector == selector,
            dkim_keys.c.state == KeyState.RETIRING.value,
        )
        .values(state=KeyState.RETIRED.value, private_sealed=b"", changed_at=now)
    )
    return found.rowcount == 1


def select_retiring(conn: database.Connection, since: datetime, most: int) -> list[tuple[int, str, str]]:
    """Account, domain and selector of keys that sign no more since then or longer."""
    # of all accounts: the scheduler serves them all
    wanted = select(dkim_keys.c.account_id, dkim_keys.c.domain, dkim_keys.c.selector).where(
        dkim_keys.c.state == KeyState.RETIRING.value, dkim_keys.c.changed_at <= since
    )
    rows = conn.execute(wanted.order_by(dkim_keys.c.changed_at).limit(most))
    return [(row.account_id, row.domain, row.selector) for row in rows]


def select_signing(conn: database.Connection, account_id: int, domain: str) -> list[Row[Any]]:
    """The active keys of a domain as they are kept, by selector."""
    rows = conn.execute(
        select(dkim_keys)
        .where(
            dkim_keys.c.account_id == account_id,
            dkim_keys.c.domain == domain,
            dkim_keys.c.state == KeyState.ACTIVE.value,
        )
        .order_by(dkim_keys.c.selector)
    )
    return list(rows)


def select_keys(conn: database.Connection, account_id: int, domain: str | None = None) -> list[ShownKey]:
    """The keys of a domain, or of all the account's domains, by domain, age and selector."""
    wanted = select(*_SHOWN).where(dkim_keys.c.account_id == account_id)
    if domain is not None:
        wanted = wanted.where(dkim_keys.c.domain == domain)
    rows = conn.execute(wanted.order_by(dkim_keys.c.domain, dkim_keys.c.created_at, dkim_keys.c.selector))
    return [
        ShownKey(
            domain=row.domain,
            selector=row.selector,
            algorithm=KeyAlgorithm(row.algorithm),
            public_record=row.public_record,
            state=KeyState(row.state),
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
        for row in rows
    ]

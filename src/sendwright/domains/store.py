"""The tables of this room and all their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, Row, Table, delete, func, insert, select, text, update

from sendwright import database
from sendwright.domains.model import Connection, Domain, Proof

domains = Table(
    "domains",
    database.metadata,
    database.account_column(),
    Column("name", database.Text, primary_key=True),
    Column("connected_at", database.Moment),
    Column("connected_how", database.Text),
    Column("tracking_host", database.Text),
    Column("return_path_host", database.Text),
    Column("created_at", database.Moment, nullable=False),
    Column("checked_at", database.Moment),
    Column("right_at", database.Moment),
    Column("degraded_since", database.Moment),
    Column("next_check_at", database.Moment),
    Column("last_check", database.Json),
    Column("removed_at", database.Moment),
)
Index(
    "ix_domains_next_check_at",
    domains.c.next_check_at,
    sqlite_where=domains.c.next_check_at.is_not(None),
    postgresql_where=domains.c.next_check_at.is_not(None),
)
Index(
    "ix_domains_removed_at",
    domains.c.removed_at,
    sqlite_where=domains.c.removed_at.is_not(None),
    postgresql_where=domains.c.removed_at.is_not(None),
)

dkim_keys = Table(
    "dkim_keys",
    database.metadata,
    database.account_column(),
    Column("domain", database.Text, primary_key=True),
    Column("selector", database.Text, primary_key=True),
    Column("algorithm", database.Text, nullable=False),
    Column("private_sealed", LargeBinary, nullable=False),
    Column("public_record", database.Text, nullable=False),
    Column("state", database.Text, nullable=False, server_default=text("'active'")),
    Column("created_at", database.Moment, nullable=False),
    Column("changed_at", database.Moment, nullable=False, server_default=text("0")),
)
Index(
    "ix_dkim_keys_retiring",
    dkim_keys.c.changed_at,
    sqlite_where=dkim_keys.c.state == "retiring",
    postgresql_where=dkim_keys.c.state == "retiring",
)


def insert_domain(conn: database.Connection, domain: Domain) -> None:
    """A new row."""
    link = domain.connection
    conn.execute(
        insert(domains).values(
            account_id=domain.account_id,
            name=domain.name,
            connected_at=None if link is None else link.at,
            connected_how=None if link is None else link.how.value,
            tracking_host=domain.tracking_host,
            return_path_host=domain.return_path_host,
            created_at=domain.created_at,
        )
    )


def set_connected(conn: database.Connection, account_id: int, name: str, link: Connection) -> bool:
    """Whether this call connected it: False when it was connected before or is none of this account's."""
    found = conn.execute(
        update(domains)
        .where(
            domains.c.account_id == account_id,
            domains.c.name == name,
            domains.c.connected_at.is_(None),
            domains.c.removed_at.is_(None),
        )
        .values(connected_at=link.at, connected_how=link.how.value)
    )
    return found.rowcount == 1


def select_domain(conn: database.Connection, account_id: int, name: str) -> Domain | None:
    """One domain of an account."""
    row = conn.execute(select(domains).where(domains.c.account_id == account_id, domains.c.name == name)).one_or_none()
    return None if row is None else _domain(row)


def select_domains(conn: database.Connection, account_id: int) -> list[Domain]:
    """All domains of an account, by name."""
    rows = conn.execute(
        select(domains)
        .where(domains.c.account_id == account_id, domains.c.removed_at.is_(None))
        .order_by(domains.c.name)
    )
    return [_domain(row) for row in rows]


def select_all_domains(conn: database.Connection, account_id: int) -> list[Domain]:
    """All domains of an account, and those that were removed and are not erased yet."""
    return [_domain(row) for row in conn.execute(select(domains).where(domains.c.account_id == account_id))]


def select_connected(conn: database.Connection, account_id: int, names: Iterable[str]) -> list[Domain]:
    """Those of the names that are connected domains of the account."""
    rows = conn.execute(
        select(domains).where(
            domains.c.account_id == account_id,
            domains.c.name.in_(sorted(set(names))),
            domains.c.connected_at.is_not(None),
            domains.c.removed_at.is_(None),
        )
    )
    return [_domain(row) for row in rows]


def count_domains(conn: database.Connection, account_id: int) -> int:
    """How many the account has."""
    found = conn.execute(select(func.count()).select_from(domains).where(domains.c.account_id == account_id))
    return int(found.scalar_one())


def delete_domain(conn: database.Connection, account_id: int, name: str) -> bool:
    """Whether this call erased it, and its keys with it."""
    conn.execute(delete(dkim_keys).where(dkim_keys.c.account_id == account_id, dkim_keys.c.domain == name))
    found = conn.execute(delete(domains).where(domains.c.account_id == account_id, domains.c.name == name))
    return found.rowcount == 1


def set_removed(conn: database.Connection, account_id: int, name: str, now: datetime) -> bool:
    """Whether this call removed it."""
    found = conn.execute(
        update(domains)
        .where(domains.c.account_id == account_id, domains.c.name == name, domains.c.removed_at.is_(None))
        .values(removed_at=now, next_check_at=None)
    )
    return found.rowcount == 1


def select_removed(conn: database.Connection, since: datetime, most: int) -> list[tuple[int, str]]:
    """Account and name of those removed at that time or before."""
    # of all accounts: the scheduler serves them all
    wanted = select(domains.c.account_id, domains.c.name).where(domains.c.removed_at <= since)
    return [(row.account_id, row.name) for row in conn.execute(wanted.order_by(domains.c.removed_at).limit(most))]


def select_last_check(conn: database.Connection, account_id: int, name: str) -> Mapping[str, Any] | None:
    """The document of the last check."""
    wanted = select(domains.c.last_check).where(domains.c.account_id == account_id, domains.c.name == name)
    document: Mapping[str, Any] | None = conn.execute(wanted).scalar_one_or_none()
    return document


def update_checked(
    conn: database.Connection, domain: Domain, document: Mapping[str, Any], next_check_at: datetime | None
) -> None:
    """Keeps what a check found. ``domain`` has the new moments."""
    conn.execute(
        update(domains)
        .where(domains.c.account_id == domain.account_id, domains.c.name == domain.name)
        .values(
            checked_at=domain.checked_at,
            right_at=domain.right_at,
            degraded_since=domain.degraded_since,
            next_check_at=next_check_at,
            last_check=document,
        )
    )


def set_next_check(conn: database.Connection, account_id: int, name: str, at: datetime) -> None:
    """When the domain is checked next."""
    conn.execute(
        update(domains).where(domains.c.account_id == account_id, domains.c.name == name).values(next_check_at=at)
    )


def claim_due(conn: database.Connection, now: datetime, until: datetime, most: int) -> list[tuple[int, str]]:
    """Domains whose check is due, taken until then: of several that ask at once one gets each."""
    # of all accounts: the scheduler serves them all
    due = select(domains.c.account_id, domains.c.name).where(domains.c.next_check_at <= now)
    rows = conn.execute(due.order_by(domains.c.next_check_at).limit(most)).all()
    return [(row.account_id, row.name) for row in rows if _take(conn, row.account_id, row.name, now, until)]


def _take(conn: database.Connection, account_id: int, name: str, now: datetime, until: datetime) -> bool:
    found = conn.execute(
        update(domains)
        .where(domains.c.account_id == account_id, domains.c.name == name, domains.c.next_check_at <= now)
        .values(next_check_at=until)
    )
    return found.rowcount == 1


def _domain(row: Row[Any]) -> Domain:
    link = None if row.connected_at is None else Connection(at=row.connected_at, how=Proof(row.connected_how))
    return Domain(
        account_id=row.account_id,
        name=row.name,
        connection=link,
        tracking_host=row.tracking_host,
        return_path_host=row.return_path_host,
        created_at=row.created_at,
        checked_at=row.checked_at,
        right_at=row.right_at,
        degraded_since=row.degraded_since,
        removed_at=row.removed_at,
    )

"""The tables of this room and all their SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, LargeBinary, Row, Table, insert, select, update

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
    Column("active", Boolean, nullable=False),
    Column("created_at", database.Moment, nullable=False),
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
        .where(domains.c.account_id == account_id, domains.c.name == name, domains.c.connected_at.is_(None))
        .values(connected_at=link.at, connected_how=link.how.value)
    )
    return found.rowcount == 1


def select_domain(conn: database.Connection, account_id: int, name: str) -> Domain | None:
    """One domain of an account."""
    row = conn.execute(select(domains).where(domains.c.account_id == account_id, domains.c.name == name)).one_or_none()
    return None if row is None else _domain(row)


def select_domains(conn: database.Connection, account_id: int) -> list[Domain]:
    """All domains of an account, by name."""
    rows = conn.execute(select(domains).where(domains.c.account_id == account_id).order_by(domains.c.name))
    return [_domain(row) for row in rows]


def select_connected(conn: database.Connection, account_id: int, names: Iterable[str]) -> list[Domain]:
    """Those of the names that are connected domains of the account."""
    rows = conn.execute(
        select(domains).where(
            domains.c.account_id == account_id,
            domains.c.name.in_(sorted(set(names))),
            domains.c.connected_at.is_not(None),
        )
    )
    return [_domain(row) for row in rows]


def insert_key(
    conn: database.Connection,
    account_id: int,
    domain: str,
    selector: str,
    algorithm: str,
    private_sealed: bytes,
    public_record: str,
    now: datetime,
) -> None:
    """A new, active key."""
    conn.execute(
        insert(dkim_keys).values(
            account_id=account_id,
            domain=domain,
            selector=selector,
            algorithm=algorithm,
            private_sealed=private_sealed,
            public_record=public_record,
            active=True,
            created_at=now,
        )
    )


def set_inactive(conn: database.Connection, account_id: int, domain: str, selector: str) -> bool:
    """Whether this call took the key out of use."""
    found = conn.execute(
        update(dkim_keys)
        .where(
            dkim_keys.c.account_id == account_id,
            dkim_keys.c.domain == domain,
            dkim_keys.c.selector == selector,
            dkim_keys.c.active.is_(True),
        )
        .values(active=False)
    )
    return found.rowcount == 1


def select_keys(conn: database.Connection, account_id: int, domain: str) -> list[Row[Any]]:
    """All keys of a domain as they are kept, by selector."""
    rows = conn.execute(
        select(dkim_keys)
        .where(dkim_keys.c.account_id == account_id, dkim_keys.c.domain == domain)
        .order_by(dkim_keys.c.selector)
    )
    return list(rows)


def select_public_records(conn: database.Connection, account_id: int) -> list[tuple[str, str, str]]:
    """Domain, selector and public record of the account's active keys."""
    rows = conn.execute(
        select(dkim_keys.c.domain, dkim_keys.c.selector, dkim_keys.c.public_record)
        .where(dkim_keys.c.account_id == account_id, dkim_keys.c.active.is_(True))
        .order_by(dkim_keys.c.domain, dkim_keys.c.selector)
    )
    return [(row.domain, row.selector, row.public_record) for row in rows]


def _domain(row: Row[Any]) -> Domain:
    link = None if row.connected_at is None else Connection(at=row.connected_at, how=Proof(row.connected_how))
    return Domain(
        account_id=row.account_id,
        name=row.name,
        connection=link,
        tracking_host=row.tracking_host,
        return_path_host=row.return_path_host,
        created_at=row.created_at,
    )

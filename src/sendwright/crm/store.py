"""The tables of records, their addresses and their past, and the SQL on them.

Records of all types share one table, so that associations, properties and timelines need no second form. Two writers
may want the same new contact: the row in ``contact_addresses`` decides who made it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import BigInteger, Column, Index, Row, Select, Table, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.crm.model import CONTACTS, Contact, ContactId, PastValue

MAX_PAST: Final = 20  # values of a property that its history shows

Pair = tuple[int, str]
"""An account and an address key: what makes a contact one."""

records = Table(
    "records",
    database.metadata,
    database.account_column(),
    Column("object_type", database.Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("properties", database.Json, nullable=False),
    Column("created_at", database.Moment, nullable=False),
    Column("updated_at", database.Moment, nullable=False),
    Column("archived_at", database.Moment),
)

contact_addresses = Table(
    "contact_addresses",
    database.metadata,
    database.account_column(),
    Column("address_key", database.Text, primary_key=True),
    Column("contact_id", BigInteger, nullable=False),
    Index(None, "account_id", "contact_id"),
    sqlite_with_rowid=False,
)

property_history = Table(
    "property_history",
    database.metadata,
    database.account_column(),
    Column("object_type", database.Text, primary_key=True),
    Column("record_id", BigInteger, primary_key=True),
    Column("name", database.Text, primary_key=True),
    Column("id", database.Text, primary_key=True),  # a UUID of version 7: the order of the changes
    Column("value", database.Text, nullable=False),
    Column("at", database.Moment, nullable=False),
    Column("source", database.Text, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One change of one property, to be remembered."""

    account_id: int
    contact_id: ContactId
    name: str
    value: str
    source: str


def live_contacts(account_id: int) -> Select[Any]:
    """The contacts of an account that are not archived, to be narrowed further."""
    return _contacts(account_id).where(records.c.archived_at.is_(None))


_by_address = (  # made once: making a statement costs more than running it
    select(contact_addresses.c.address_key, records)
    .join(records, records.c.id == contact_addresses.c.contact_id)
    .where(
        contact_addresses.c.account_id == bindparam("of_account"),
        contact_addresses.c.address_key.in_(bindparam("keys", expanding=True)),
        records.c.account_id == bindparam("of_account"),
        records.c.object_type == CONTACTS,
    )
)
# In the order of the addresses: by their own ids SQLite would walk through all records.
_by_address_locked = _by_address.order_by(contact_addresses.c.address_key).with_for_update(of=records)


def find_by_address(conn: database.Connection, pairs: Collection[Pair], *, lock: bool = False) -> dict[Pair, Contact]:
    """Live contacts by account and address key. ``lock``: nobody else changes them until the commit."""
    found: dict[Pair, Contact] = {}
    for account_id in sorted({account_id for account_id, _ in pairs}):  # SQLite has no index look-up for pairs
        keys = [key for account, key in pairs if account == account_id]
        query = _by_address_locked if lock else _by_address
        for row in conn.execute(query, {"of_account": account_id, "keys": keys}):
            found[account_id, row.address_key] = as_contact(row)
    return found


def find_by_id(
    conn: database.Connection, account_id: int, ids: Collection[ContactId], *, archived: bool = False
) -> dict[ContactId, Contact]:
    """Contacts by id: live ones, or archived ones."""
    query = _contacts(account_id).where(records.c.id.in_(ids), _is_archived(archived))
    return {contact.id: contact for contact in map(as_contact, conn.execute(query))} if ids else {}


def lock_by_id(conn: database.Connection, account_id: int, ids: Collection[ContactId]) -> dict[ContactId, Contact]:
    """Live contacts by id, which nobody else changes until the commit."""
    query = live_contacts(account_id).where(records.c.id.in_(ids)).order_by(records.c.id).with_for_update()
    return {contact.id: contact for contact in map(as_contact, conn.execute(query))} if ids else {}


def page(conn: database.Connection, account_id: int, after: int, limit: int, *, archived: bool) -> list[Contact]:
    """Contacts with a greater id than ``after``, in the order of ids."""
    query = _contacts(account_id).where(records.c.id > after, _is_archived(archived))
    return [as_contact(row) for row in conn.execute(query.order_by(records.c.id).limit(limit))]


_claim = {
    name: insert(contact_addresses)
    .on_conflict_do_nothing()
    .returning(contact_addresses.c.account_id, contact_addresses.c.address_key)
    for name, insert in (("sqlite", sqlite_insert), ("postgresql", pg_insert))
}


def claim_addresses(conn: database.Connection, claims: Mapping[Pair, ContactId]) -> set[Pair]:
    """Gives each address to its contact unless it has one; answers with those that were given.

    Claims are made in one order by everybody: PostgreSQL waits here for whoever claims the same address.
    """
    if not claims:
        return set()
    given = conn.execute(
        _claim[conn.dialect.name],
        [
            {"account_id": account_id, "address_key": key, "contact_id": contact_id}
            for (account_id, key), contact_id in sorted(claims.items())
        ],
    )
    return {(row.account_id, row.address_key) for row in given}


def owners_of(conn: database.Connection, account_id: int, keys: Collection[str]) -> dict[str, ContactId]:
    """Which contacts have these addresses."""
    addresses = contact_addresses.c
    query = select(addresses.address_key, addresses.contact_id).where(
        addresses.account_id == account_id, addresses.address_key.in_(keys)
    )
    return {row.address_key: ContactId(row.contact_id) for row in conn.execute(query)} if keys else {}


def release_addresses(
    conn: database.Connection, account_id: int, ids: Collection[ContactId], *, keep: str = ""
) -> None:
    """The addresses of these contacts are free again, but for the one to ``keep``."""
    addresses = contact_addresses.c
    conn.execute(
        delete(contact_addresses).where(
            addresses.account_id == account_id, addresses.contact_id.in_(ids), addresses.address_key != keep
        )
    )


def insert(conn: database.Connection, contacts: Sequence[Contact]) -> None:
    """Writes new records."""
    if contacts:
        conn.execute(
            records.insert(),
            [
                {
                    "account_id": contact.account_id,
                    "object_type": CONTACTS,
                    "id": contact.id,
                    "properties": contact.properties,
                    "created_at": contact.created_at,
                    "updated_at": contact.updated_at,
                }
                for contact in contacts
            ],
        )


_save = (
    update(records)
    .where(
        records.c.account_id == bindparam("of_account"),
        records.c.object_type == CONTACTS,
        records.c.id == bindparam("of_id"),
    )
    .values(properties=bindparam("properties"), updated_at=bindparam("updated_at"))
)


def save(conn: database.Connection, contacts: Sequence[Contact]) -> None:
    """Writes the properties of records that are there (and locked)."""
    if contacts:
        conn.execute(
            _save,
            [
                {
                    "of_account": contact.account_id,
                    "of_id": contact.id,
                    "properties": contact.properties,
                    "updated_at": contact.updated_at,
                }
                for contact in contacts
            ],
        )


def remember(conn: database.Connection, past: Sequence[Past], now: datetime) -> None:
    """Writes the history of changes, in their order."""
    if past:
        ids = sorted(database.uuid7(now) for _ in past)  # one millisecond: chance may not decide the order
        conn.execute(
            property_history.insert(),
            [
                {
                    "account_id": change.account_id,
                    "object_type": CONTACTS,
                    "record_id": change.contact_id,
                    "name": change.name,
                    "id": id_,
                    "value": change.value,
                    "at": now,
                    "source": change.source,
                }
                for id_, change in zip(ids, past, strict=True)
            ],
        )


def archive(conn: database.Connection, account_id: int, ids: Collection[ContactId], now: datetime) -> None:
    """Marks live contacts as archived."""
    conn.execute(
        update(records)
        .where(
            records.c.account_id == account_id,
            records.c.object_type == CONTACTS,
            records.c.id.in_(ids),
            records.c.archived_at.is_(None),
        )
        .values(archived_at=now)
    )


def history(
    conn: database.Connection, account_id: int, ids: Collection[ContactId], names: Collection[str]
) -> Iterable[tuple[ContactId, str, PastValue]]:
    """The latest values of these properties, newest first, at most ``MAX_PAST`` of each."""
    past = property_history.c
    rank = func.row_number().over(partition_by=(past.record_id, past.name), order_by=past.id.desc())
    ranked = (
        select(past.record_id, past.name, past.id, past.value, past.at, past.source, rank.label("rank"))
        .where(
            past.account_id == account_id,
            past.object_type == CONTACTS,
            past.record_id.in_(ids),
            past.name.in_(names),
        )
        .subquery()
    )
    for row in conn.execute(select(ranked).where(ranked.c.rank <= MAX_PAST).order_by(ranked.c.id.desc())):
        yield ContactId(row.record_id), row.name, PastValue(value=row.value, at=row.at, source=row.source)


def as_contact(row: Row[Any]) -> Contact:
    """A row of ``records``."""
    return Contact(
        account_id=row.account_id,
        id=ContactId(row.id),
        properties=cast(dict[str, str], row.properties),
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
    )


def _contacts(account_id: int) -> Select[Any]:
    return select(records).where(records.c.account_id == account_id, records.c.object_type == CONTACTS)


def _is_archived(archived: bool) -> Any:
    return records.c.archived_at.is_not(None) if archived else records.c.archived_at.is_(None)

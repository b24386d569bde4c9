"""Domains: added, connected, found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sendwright import database
from sendwright.domains import store
from sendwright.domains.keys import add_key
from sendwright.domains.model import Connection, Domain, NewKey, Proof, WantedRecord
from sendwright.domains.rules import read_domain_name, wanted_records


def add_domain(
    conn: database.Connection,
    seal: database.Seal,
    account_id: int,
    name: str,
    keys: Sequence[NewKey],
    now: datetime,
    *,
    tracking_host: str | None = None,
    return_path_host: str | None = None,
) -> Domain:
    """A new domain, pending until it is connected. ``ValueError`` for a name that is none, or that is there already."""
    domain = Domain(
        account_id=account_id,
        name=read_domain_name(name),
        connection=None,
        tracking_host=None if tracking_host is None else read_domain_name(tracking_host),
        return_path_host=None if return_path_host is None else read_domain_name(return_path_host),
        created_at=now,
    )
    if store.select_domain(conn, account_id, domain.name) is not None:
        raise ValueError(f"the account has the domain {domain.name} already")
    store.insert_domain(conn, domain)
    for key in keys:
        add_key(conn, seal, domain, key, now)
    return domain


def connect_domain(conn: database.Connection, account_id: int, name: str, how: Proof, now: datetime) -> bool:
    """Lets mail be sent from a domain. False when it was connected already or is none of this account's."""
    return store.set_connected(conn, account_id, read_domain_name(name), Connection(at=now, how=how))


def find_domain(conn: database.Connection, account_id: int, name: str) -> Domain | None:
    """One domain of the account, by its name in A-labels."""
    return store.select_domain(conn, account_id, name)


def list_domains(conn: database.Connection, account_id: int) -> list[Domain]:
    """All domains of the account, by name."""
    return store.select_domains(conn, account_id)


def connected(conn: database.Connection, account_id: int, names: Iterable[str]) -> dict[str, Domain]:
    """Those of the names (A-labels, lower case) that mail may be sent from.

    A sub-domain of a connected domain is not connected by that: it may be somebody else's, and has its own records.
    """
    return {domain.name: domain for domain in store.select_connected(conn, account_id, names)}


def records_to_publish(conn: database.Connection, account_id: int) -> dict[str, tuple[WantedRecord, ...]]:
    """The DNS records that each of the account's domains wants, by domain."""
    keys: dict[str, list[tuple[str, str]]] = {}
    for domain, selector, record in store.select_public_records(conn, account_id):
        keys.setdefault(domain, []).append((selector, record))
    return {domain: wanted_records(domain, found) for domain, found in keys.items()}

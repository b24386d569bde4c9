"""Domains: added, connected, found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sendwright import database
from sendwright.domains import key_store, store
from sendwright.domains.found import DomainCheck, RecordState, from_document, to_document
from sendwright.domains.keys import activate_keys, add_key
from sendwright.domains.model import Connection, Domain, Installation, NewKey, Proof, Purpose, ShownKey, WantedRecord
from sendwright.domains.rules import after_check, next_check, read_domain_name
from sendwright.domains.wanted import to_publish, wanted_records

_MOST_DOMAINS: Final = 1_000
_MOST_AT_ONCE: Final = 100
_CHECK_LEASE: Final = timedelta(minutes=10)


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
    known = store.select_domain(conn, account_id, domain.name)
    if known is not None and known.removed_at is not None:
        store.delete_domain(conn, account_id, domain.name)
    elif known is not None:
        raise ValueError(f"the account has the domain {domain.name} already")
    if store.count_domains(conn, account_id) >= _MOST_DOMAINS:
        raise ValueError(f"the account has {_MOST_DOMAINS:,} domains, which is the most: remove one first")
    store.insert_domain(conn, domain)
    for key in keys:
        add_key(conn, seal, domain, key, now)
    return domain


def connect_domain(conn: database.Connection, account_id: int, name: str, how: Proof, now: datetime) -> bool:
    """Lets mail be sent from a domain. False when it was connected already or is none of this account's."""
    return store.set_connected(conn, account_id, read_domain_name(name), Connection(at=now, how=how))


def find_domain(conn: database.Connection, account_id: int, name: str) -> Domain | None:
    """One domain of the account, by its name in A-labels; also one that was removed, for mail that waits."""
    return store.select_domain(conn, account_id, name)


def list_domains(conn: database.Connection, account_id: int) -> list[Domain]:
    """All domains of the account, by name."""
    return store.select_domains(conn, account_id)


def hosts_of(conn: database.Connection, account_id: int) -> frozenset[str]:
    """Where mail of the account may be answered to: its domains and their return paths, for a while also removed ones.

    What was sent before a domain was removed still comes back.
    """
    found = store.select_all_domains(conn, account_id)
    return frozenset(host for each in found for host in (each.name, each.return_path_host) if host)


def connected(conn: database.Connection, account_id: int, names: Iterable[str]) -> dict[str, Domain]:
    """Those of the names (A-labels, lower case) that mail may be sent from.

    A sub-domain of a connected domain is not connected by that: it may be somebody else's, and has its own records.
    """
    return {domain.name: domain for domain in store.select_connected(conn, account_id, names)}


def remove_domain(conn: database.Connection, account_id: int, name: str, now: datetime) -> bool:
    """Takes no new mail from a domain. False when it is none of this account's. What waits still leaves, signed."""
    return store.set_removed(conn, account_id, name, now)


def forget_removed(conn: database.Connection, since: datetime) -> list[tuple[int, str]]:
    """Erases domains removed at ``since`` or before, with their keys: (account, domain) of each; a hundred at most."""
    due = store.select_removed(conn, since, _MOST_AT_ONCE)
    return [(account_id, name) for account_id, name in due if store.delete_domain(conn, account_id, name)]


def records_to_publish(
    conn: database.Connection, account_id: int, place: Installation
) -> dict[str, tuple[WantedRecord, ...]]:
    """The DNS records that each of the account's domains wants published, by domain."""
    keys: dict[str, list[ShownKey]] = {}
    for key in key_store.select_keys(conn, account_id):
        keys.setdefault(key.domain, []).append(key)
    return {
        domain.name: to_publish(wanted_records(domain, keys.get(domain.name, ()), place))
        for domain in store.select_domains(conn, account_id)
    }


def last_check(conn: database.Connection, account_id: int, name: str) -> DomainCheck | None:
    """What the last check of a domain found."""
    return from_document(store.select_last_check(conn, account_id, name))


def claim_due_checks(conn: database.Connection, now: datetime, most: int) -> list[tuple[int, str]]:
    """(account, domain) of those whose check is due, each taken by one caller for ten minutes."""
    return store.claim_due(conn, now, now + _CHECK_LEASE, most)


def schedule_check(conn: database.Connection, account_id: int, name: str, at: datetime) -> None:
    """Checks a domain by schedule from then on."""
    store.set_next_check(conn, account_id, name, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A check, and what it changed: the domain before and after, and the selectors that sign from now on."""

    check: DomainCheck
    before: Domain
    after: Domain
    activated: tuple[str, ...] = ()


def note_check(
    conn: database.Connection, account_id: int, name: str, check: DomainCheck, chance: float
) -> Noted | None:
    """Keeps a check and does what follows from it. None when the domain was removed meanwhile."""
    before = store.select_domain(conn, account_id, name)
    if before is None or before.removed_at is not None:
        return None
    after = after_check(before, check.standing, check.at)
    if before.connection is None and after.connection is not None:
        store.set_connected(conn, account_id, name, after.connection)
    document = to_document(check)
    store.update_checked(conn, after, document, next_check(after, check.standing, check.at, chance))
    return Noted(
        check=check, before=before, after=after,
        activated=activate_keys(conn, account_id, name, _selectors_seen(check), check.at),
    )  # fmt: skip


def _selectors_seen(check: DomainCheck) -> tuple[str, ...]:
    return tuple(
        record.wanted.name.partition(".")[0]
        for record in check.records
        if record.wanted.purpose is Purpose.DKIM and record.state is RecordState.FOUND
    )

"""DKIM keys: sealed when kept, opened for signing."""

from __future__ import annotations

from datetime import datetime

from sendwright import database
from sendwright.domains import store
from sendwright.domains.model import Domain, KeyAlgorithm, NewKey, StoredKey
from sendwright.domains.rules import read_selector


def add_key(conn: database.Connection, seal: database.Seal, domain: Domain, key: NewKey, now: datetime) -> None:
    """Gives a domain one more signing key."""
    selector = read_selector(key.selector)
    sealed = seal.seal(key.private_pem, _context(domain.account_id, domain.name, selector))
    store.insert_key(
        conn, domain.account_id, domain.name, selector, key.algorithm.value, sealed, key.public_record, now
    )


def retire_key(conn: database.Connection, account_id: int, name: str, selector: str) -> bool:
    """Stops signing with a key. False when it was retired already or is none of this account's."""
    return store.set_inactive(conn, account_id, name, selector)


def signing_keys(conn: database.Connection, seal: database.Seal, account_id: int, name: str) -> tuple[StoredKey, ...]:
    """The active keys of a domain, opened; worth caching. Raises ``database.WrongSecret`` if one was moved there."""
    return tuple(key for key in list_keys(conn, seal, account_id, name) if key.active)


def list_keys(conn: database.Connection, seal: database.Seal, account_id: int, name: str) -> tuple[StoredKey, ...]:
    """All keys of a domain, the retired too, opened."""
    return tuple(
        StoredKey(
            account_id=row.account_id,
            domain=row.domain,
            selector=row.selector,
            algorithm=KeyAlgorithm(row.algorithm),
            private_pem=seal.open(row.private_sealed, _context(row.account_id, row.domain, row.selector)),
            public_record=row.public_record,
            active=row.active,
            created_at=row.created_at,
        )
        for row in store.select_keys(conn, account_id, name)
    )


def _context(account_id: int, domain: str, selector: str) -> str:
    return f"dkim_keys/{account_id}/{domain}/{selector}"

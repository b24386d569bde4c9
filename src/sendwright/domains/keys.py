"""DKIM keys: sealed when kept, opened for signing, replaced one after the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sendwright import database
from sendwright.domains import key_store, store
from sendwright.domains.model import Domain, KeyAlgorithm, KeyState, NewKey, ShownKey, StoredKey
from sendwright.domains.rules import read_selector

_MOST_AT_ONCE = 100


def add_key(conn: database.Connection, seal: database.Seal, domain: Domain, key: NewKey, now: datetime) -> None:
    """Gives a domain one more signing key."""
    _keep(conn, seal, domain, key, KeyState.ACTIVE, now)


def rotate_keys(
    conn: database.Connection, seal: database.Seal, account_id: int, name: str, new: Sequence[NewKey], now: datetime
) -> None:
    """Gives a domain keys that take over once their records are seen. ``ValueError`` while others wait for that."""
    domain = store.select_domain(conn, account_id, name)
    if domain is None:
        raise ValueError(f"the account has no domain {name}")
    waiting = [key.selector for key in list_keys(conn, account_id, name) if key.state is KeyState.PENDING]
    if waiting:
        raise ValueError(f"new keys of {name} wait for their records already: publish {' and '.join(waiting)} first")
    for key in new:
        _keep(conn, seal, domain, key, KeyState.PENDING, now)


def activate_keys(
    conn: database.Connection, account_id: int, name: str, seen: Collection[str], now: datetime
) -> tuple[str, ...]:
    """Lets pending keys whose records were seen sign, and the older ones of their algorithm retire. The selectors."""
    keys, place = list_keys(conn, account_id, name), (account_id, name)
    fresh = [
        key
        for key in keys
        if key.selector in seen
        and key_store.change_state(conn, place, key.selector, KeyState.PENDING, KeyState.ACTIVE, now)
    ]
    replaced = {key.algorithm for key in fresh}
    for old in keys:
        if old not in fresh and old.algorithm in replaced:
            key_store.change_state(conn, place, old.selector, KeyState.ACTIVE, KeyState.RETIRING, now)
    return tuple(key.selector for key in fresh)


def retire_key(conn: database.Connection, account_id: int, name: str, selector: str, now: datetime) -> bool:
    """Stops signing with a key. False when it signed no more already or is none of this account's."""
    return key_store.change_state(conn, (account_id, name), selector, KeyState.ACTIVE, KeyState.RETIRING, now)


def retire_replaced(conn: database.Connection, since: datetime, now: datetime) -> list[tuple[int, str, str]]:
    """Erases the private halves of keys replaced at ``since`` or before: (account, domain, selector) of each.

    A hundred at most; the rest comes with the next call.
    """
    due = key_store.select_retiring(conn, since, _MOST_AT_ONCE)
    return [place for place in due if key_store.erase(conn, place[:2], place[2], now)]


def signing_keys(conn: database.Connection, seal: database.Seal, account_id: int, name: str) -> tuple[StoredKey, ...]:
    """The active keys of a domain, opened; worth caching. Raises ``database.WrongSecret`` if one was moved there."""
    return tuple(
        StoredKey(
            account_id=row.account_id,
            domain=row.domain,
            selector=row.selector,
            algorithm=KeyAlgorithm(row.algorithm),
            private_pem=seal.open(row.private_sealed, _context(row.account_id, row.domain, row.selector)),
            public_record=row.public_record,
        )
        for row in key_store.select_signing(conn, account_id, name)
    )


def list_keys(conn: database.Connection, account_id: int, name: str) -> list[ShownKey]:
    """All keys of a domain, the retired too, oldest first."""
    return key_store.select_keys(conn, account_id, name)


def _keep(
    conn: database.Connection, seal: database.Seal, domain: Domain, key: NewKey, state: KeyState, now: datetime
) -> None:
    selector = read_selector(key.selector)
    sealed = seal.seal(key.private_pem, _context(domain.account_id, domain.name, selector))
    key_store.insert_key(conn, (domain.account_id, domain.name), key, sealed, state, now)


def _context(account_id: int, domain: str, selector: str) -> str:
    return f"dkim_keys/{account_id}/{domain}/{selector}"

"""Accounts: opened, found, suspended, resumed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sendwright import database
from sendwright.accounts import store
from sendwright.accounts.audit import note
from sendwright.accounts.model import Account, AccountState

_NAME_MAX = 200


def create_account(conn: database.Connection, name: str, now: datetime, who: str = "operator") -> Account:
    """A new, active account; its id is the next number from 1. ``ValueError`` for a name that nobody could read."""
    name = name.strip()
    if not 0 < len(name) <= _NAME_MAX or not name.isprintable():
        raise ValueError(f"an account has a name of 1 to {_NAME_MAX} printable characters, such as the company's")
    account = Account(id=store.next_account_id(conn), name=name, state=AccountState.ACTIVE, reason="", created_at=now)
    store.insert_account(conn, account)
    note(conn, account.id, who, "account.created", now, name=name)
    return account


def get_account(conn: database.Connection, account_id: int) -> Account | None:
    """One account; None when there is none."""
    return next(iter(store.select_accounts(conn, [account_id])), None)


def list_accounts(conn: database.Connection) -> list[Account]:
    """Every account of the installation, for its operator."""
    return store.select_all_accounts(conn)


def states(conn: database.Connection, account_ids: Iterable[int]) -> dict[int, Account]:
    """The accounts of a batch of sends, by id, in one statement; those that do not exist are missing."""
    return {account.id: account for account in store.select_accounts(conn, account_ids)}


def suspend_account(conn: database.Connection, account_id: int, reason: str, now: datetime, who: str) -> bool:
    """Stops an account's mail. False when it was not active."""
    changed = store.change_state(conn, account_id, AccountState.ACTIVE, AccountState.SUSPENDED, reason)
    if changed:
        note(conn, account_id, who, "account.suspended", now, reason=reason)
    return changed


def resume_account(conn: database.Connection, account_id: int, now: datetime, who: str) -> bool:
    """Lets a suspended account mail again. False when it was not suspended."""
    changed = store.change_state(conn, account_id, AccountState.SUSPENDED, AccountState.ACTIVE, "")
    if changed:
        note(conn, account_id, who, "account.resumed", now)
    return changed

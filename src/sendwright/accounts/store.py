"""The tables of this room and all their SQL.

The look-ups by a secret's hash and by a user's address do not filter by account: they are how an account is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Row, Table, insert, select, update

from sendwright import database
from sendwright.accounts.model import (
    Account,
    AccountId,
    AccountState,
    ApiToken,
    AuditEntry,
    Session,
    TokenId,
    User,
    UserId,
)

_INSTALLATION = 0  # stands for "no account" where numbers are counted for the whole installation
_FIRST_NUMBER = 101  # what database.next_number starts from; accounts count from 1

accounts = Table(
    "accounts",
    database.metadata,
    database.account_column(),
    Column("name", database.Text, nullable=False),
    Column("state", database.Text, nullable=False),
    Column("reason", database.Text, nullable=False),
    Column("created_at", database.Moment, nullable=False),
)

users = Table(
    "users",
    database.metadata,
    database.account_column(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("email", database.Text, nullable=False),
    Column("password_hash", database.Text, nullable=False),
    Column("created_at", database.Moment, nullable=False),
    Index("ux_users_email", "email", unique=True),
)

api_tokens = Table(
    "api_tokens",
    database.metadata,
    database.account_column(),
    Column("token_id", database.Text, primary_key=True),
    Column("secret_hash", database.Text, nullable=False),
    Column("name", database.Text, nullable=False),
    Column("scopes", database.Json, nullable=False),
    Column("created_at", database.Moment, nullable=False),
    Column("created_by", database.Text, nullable=False),
    Column("expires_at", database.Moment),
    Column("revoked_at", database.Moment),
    Column("last_used_at", database.Moment),
    Index("ux_api_tokens_secret_hash", "secret_hash", unique=True),
)

sessions = Table(
    "sessions",
    database.metadata,
    database.account_column(),
    Column("secret_hash", database.Text, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("created_at", database.Moment, nullable=False),
    Column("used_at", database.Moment, nullable=False),
    Index("ux_sessions_secret_hash", "secret_hash", unique=True),
)

audit_log = Table(
    "audit_log",
    database.metadata,
    database.account_column(),
    Column("entry_id", database.Text, primary_key=True),
    Column("at", database.Moment, nullable=False),
    Column("who", database.Text, nullable=False),
    Column("what", database.Text, nullable=False),
    Column("details", database.Json, nullable=False),
)


def next_account_id(conn: database.Connection) -> AccountId:
    """A number that no account has had."""
    return AccountId(database.next_number(conn, _INSTALLATION, "account") - _FIRST_NUMBER + 1)


def insert_account(conn: database.Connection, account: Account) -> None:
    """A new row."""
    conn.execute(
        insert(accounts).values(
            account_id=account.id,
            name=account.name,
            state=account.state.value,
            reason=account.reason,
            created_at=account.created_at,
        )
    )


def select_accounts(conn: database.Connection, ids: Iterable[int]) -> list[Account]:
    """Those of the accounts that exist."""
    rows = conn.execute(select(accounts).where(accounts.c.account_id.in_(sorted(set(ids)))))
    return [_account(row) for row in rows]


def select_all_accounts(conn: database.Connection) -> list[Account]:
    """Every account of the installation, for its operator."""
    # of all accounts: only the operator's command line asks
    return [_account(row) for row in conn.execute(select(accounts).order_by(accounts.c.account_id))]


def change_state(
    conn: database.Connection, account_id: int, before: AccountState, after: AccountState, reason: str
) -> bool:
    """Whether this call made the change: False when the account is not in the state ``before``."""
    found = conn.execute(
        update(accounts)
        .where(accounts.c.account_id == account_id, accounts.c.state == before.value)
        .values(state=after.value, reason=reason)
    )
    return found.rowcount == 1


def insert_user(conn: database.Connection, user: User) -> None:
    """A new row."""
    conn.execute(
        insert(users).values(
            account_id=user.account_id,
            user_id=user.id,
            email=user.email,
            password_hash=user.password_hash,
            created_at=user.created_at,
        )
    )


def select_user_by_email(conn: database.Connection, email: str) -> User | None:
    """At login nobody has said which account: the address is unique in the installation."""
    # of all accounts: whoever logs in has not said which
    row = conn.execute(select(users).where(users.c.email == email)).one_or_none()
    return None if row is None else _user(row)


def select_user(conn: database.Connection, account_id: int, user_id: int) -> User | None:
    """One user of an account."""
    row = conn.execute(select(users).where(users.c.account_id == account_id, users.c.user_id == user_id)).one_or_none()
    return None if row is None else _user(row)


def select_first_user(conn: database.Connection, account_id: int) -> User | None:
    """The user who was made first."""
    row = conn.execute(select(users).where(users.c.account_id == account_id).order_by(users.c.user_id).limit(1)).first()
    return None if row is None else _user(row)


def update_password(conn: database.Connection, account_id: int, user_id: int, password_hash: str) -> None:
    """Sets a user's password hash."""
    conn.execute(
        update(users)
        .where(users.c.account_id == account_id, users.c.user_id == user_id)
        .values(password_hash=password_hash)
    )


def insert_token(conn: database.Connection, token: ApiToken, secret_hash: str) -> None:
    """A new row."""
    conn.execute(
        insert(api_tokens).values(
            account_id=token.account_id,
            token_id=token.id,
            secret_hash=secret_hash,
            name=token.name,
            scopes=sorted(token.scopes),
            created_at=token.created_at,
            created_by=token.created_by,
            expires_at=token.expires_at,
        )
    )


def select_token_by_hash(conn: database.Connection, secret_hash: str) -> ApiToken | None:
    """The secret says whose token it is: no account is known before."""
    # of all accounts: the secret tells which
    row = conn.execute(select(api_tokens).where(api_tokens.c.secret_hash == secret_hash)).one_or_none()
    return None if row is None else _token(row)


def select_token(conn: database.Connection, account_id: int, token_id: str) -> ApiToken | None:
    """One token of an account."""
    row = conn.execute(
        select(api_tokens).where(api_tokens.c.account_id == account_id, api_tokens.c.token_id == token_id)
    ).one_or_none()
    return None if row is None else _token(row)


def select_tokens(conn: database.Connection, account_id: int) -> list[ApiToken]:
    """All tokens of an account, oldest first."""
    rows = conn.execute(select(api_tokens).where(api_tokens.c.account_id == account_id).order_by(api_tokens.c.token_id))
    return [_token(row) for row in rows]


def revoke(conn: database.Connection, account_id: int, token_id: str, now: datetime) -> bool:
    """Whether this call revoked it: False for a token that was revoked before, or is none of this account's."""
    found = conn.execute(
        update(api_tokens)
        .where(
            api_tokens.c.account_id == account_id,
            api_tokens.c.token_id == token_id,
            api_tokens.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return found.rowcount == 1


def note_use(conn: database.Connection, account_id: int, token_id: str, now: datetime) -> None:
    """Remembers when a token was last used."""
    conn.execute(
        update(api_tokens)
        .where(api_tokens.c.account_id == account_id, api_tokens.c.token_id == token_id)
        .values(last_used_at=now)
    )


def insert_session(conn: database.Connection, session: Session, secret_hash: str) -> None:
    """A new row."""
    conn.execute(
        insert(sessions).values(
            account_id=session.account_id,
            secret_hash=secret_hash,
            user_id=session.user_id,
            created_at=session.created_at,
            used_at=session.used_at,
        )
    )


def select_session_by_hash(conn: database.Connection, secret_hash: str) -> Session | None:
    """The cookie says whose session it is: no account is known before."""
    # of all accounts: the cookie tells which
    row = conn.execute(select(sessions).where(sessions.c.secret_hash == secret_hash)).one_or_none()
    if row is None:
        return None
    return Session(
        account_id=AccountId(row.account_id),
        user_id=UserId(row.user_id),
        created_at=row.created_at,
        used_at=row.used_at,
    )


def touch_session(conn: database.Connection, account_id: int, secret_hash: str, now: datetime) -> None:
    """Moves the idle limit of a session."""
    conn.execute(
        update(sessions)
        .where(sessions.c.account_id == account_id, sessions.c.secret_hash == secret_hash)
        .values(used_at=now)
    )


def delete_session(conn: database.Connection, secret_hash: str) -> None:
    """Logging out. The secret says whose session it is."""
    # of all accounts: the cookie tells which
    conn.execute(sessions.delete().where(sessions.c.secret_hash == secret_hash))


def delete_sessions(conn: database.Connection, account_id: int, user_id: int) -> None:
    """Ends all sessions of a user."""
    conn.execute(sessions.delete().where(sessions.c.account_id == account_id, sessions.c.user_id == user_id))


def delete_old_sessions(conn: database.Connection, account_id: int, user_id: int, started_before: datetime) -> None:
    """Forgets the sessions of a user that are past every limit."""
    conn.execute(
        sessions.delete().where(
            sessions.c.account_id == account_id,
            sessions.c.user_id == user_id,
            sessions.c.created_at < started_before,
        )
    )


def insert_audit_entry(conn: database.Connection, entry: AuditEntry) -> None:
    """A new row; the table only grows."""
    conn.execute(
        insert(audit_log).values(
            account_id=entry.account_id,
            entry_id=entry.id,
            at=entry.at,
            who=entry.who,
            what=entry.what,
            details=entry.details,
        )
    )


def select_audit_entries(conn: database.Connection, account_id: int, limit: int) -> list[AuditEntry]:
    """The newest entries, newest first."""
    rows = conn.execute(
        select(audit_log).where(audit_log.c.account_id == account_id).order_by(audit_log.c.entry_id.desc()).limit(limit)
    )
    return [
        AuditEntry(
            account_id=AccountId(row.account_id),
            id=row.entry_id,
            at=row.at,
            who=row.who,
            what=row.what,
            details=row.details,
        )
        for row in rows
    ]


def _account(row: Row[Any]) -> Account:
    return Account(
        id=AccountId(row.account_id),
        name=row.name,
        state=AccountState(row.state),
        reason=row.reason,
        created_at=row.created_at,
    )


def _user(row: Row[Any]) -> User:
    return User(
        account_id=AccountId(row.account_id),
        id=UserId(row.user_id),
        email=row.email,
        password_hash=row.password_hash,
        created_at=row.created_at,
    )


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        account_id=AccountId(row.account_id),
        id=TokenId(row.token_id),
        name=row.name,
        scopes=frozenset(row.scopes),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )

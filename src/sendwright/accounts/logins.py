"""People: users, their passwords and their sessions."""

from __future__ import annotations

from datetime import datetime

from sendwright import database
from sendwright.accounts import store
from sendwright.accounts.audit import note
from sendwright.accounts.model import AccountId, Session, User, UserId
from sendwright.accounts.rules import SESSION_AT_MOST, is_open, is_use_worth_noting
from sendwright.accounts.secrets_made import hash_secret, new_session_secret


def create_user(
    conn: database.Connection, account_id: int, email: str, password_hash: str, now: datetime, who: str
) -> User:
    """A new user. The hash comes from ``hash_password``, called outside: it is too slow for a transaction.

    An address that another user has raises the database's integrity error.
    """
    user = User(
        account_id=AccountId(account_id),
        id=UserId(database.next_number(conn, account_id, "user")),
        email=email.strip().lower(),
        password_hash=password_hash,
        created_at=now,
    )
    store.insert_user(conn, user)
    note(conn, account_id, who, "user.created", now, user=str(user.id), email=user.email)
    return user


def find_user(conn: database.Connection, email: str) -> User | None:
    """The user with this address, in whatever case it is typed."""
    return store.select_user_by_email(conn, email.strip().lower())


def find_creator(conn: database.Connection, account_id: int, token_id: str | None) -> str | None:
    """The address of the person behind an API token, who made it; else of the account's first user; None for nobody."""
    token = None if token_id is None else store.select_token(conn, account_id, token_id)
    if token is not None and "@" in token.created_by:
        return token.created_by
    first = store.select_first_user(conn, account_id)
    return None if first is None else first.email


def change_password(conn: database.Connection, user: User, password_hash: str, now: datetime, who: str) -> None:
    """Sets the password and ends all of the user's sessions."""
    store.update_password(conn, user.account_id, user.id, password_hash)
    store.delete_sessions(conn, user.account_id, user.id)
    note(conn, user.account_id, who, "user.password_changed", now, user=str(user.id))


def open_session(conn: database.Connection, user: User, now: datetime) -> tuple[Session, str]:
    """A session with a fresh id, and the secret for its cookie. Every login gets a new one."""
    store.delete_old_sessions(conn, user.account_id, user.id, now - SESSION_AT_MOST)
    session = Session(account_id=user.account_id, user_id=user.id, created_at=now, used_at=now)
    secret = new_session_secret()
    store.insert_session(conn, session, hash_secret(secret))
    note(conn, user.account_id, user.email, "user.logged_in", now)
    return session, secret


def find_session(conn: database.Connection, secret: str, now: datetime) -> tuple[Session, User] | None:
    """The open session of a cookie and its user; None when it is unknown, idle for too long or too old."""
    session = store.select_session_by_hash(conn, hash_secret(secret))
    if session is None or not is_open(session, now):
        return None
    user = store.select_user(conn, session.account_id, session.user_id)
    return None if user is None else (session, user)


def keep_session(conn: database.Connection, session: Session, secret: str, now: datetime) -> None:
    """Moves the idle limit; cheap to call often."""
    if is_use_worth_noting(session.used_at, now):
        store.touch_session(conn, session.account_id, hash_secret(secret), now)


def close_session(conn: database.Connection, secret: str) -> None:
    """Logging out: the cookie is worth nothing any more."""
    store.delete_session(conn, hash_secret(secret))

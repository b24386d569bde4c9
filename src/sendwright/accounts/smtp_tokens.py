"""SMTP tokens: made, found at log-in, reset, deleted, and ended by time.

Every change says so in the audit log and wakes whoever holds log-ins by them (the topic ``smtp_tokens``): a reset or
deleted token ends open sessions, too.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sendwright import database
from sendwright.accounts import rules, smtp_store
from sendwright.accounts.audit import note
from sendwright.accounts.model import (
    AccountId,
    NewSmtpToken,
    SmtpLogin,
    SmtpToken,
    SmtpTokenFilter,
    SmtpTokenId,
    SmtpTokenUpkeep,
)
from sendwright.accounts.secrets_made import hash_secret, new_smtp_password, new_smtp_user

TOPIC = "smtp_tokens"
_EVERYTHING = SmtpTokenFilter()
_SCHEDULER = "scheduler"
_AT_ONCE = 500
_NOBODY = hash_secret(new_smtp_password())  # what is held against a password that belongs to no token


def create_smtp_token(conn: database.Connection, new: NewSmtpToken, now: datetime, who: str) -> tuple[SmtpToken, str]:
    """A new token and its password, which is shown this once and kept nowhere."""
    token = SmtpToken(
        account_id=AccountId(new.account_id),
        id=SmtpTokenId(new_smtp_user(new.account_id, new.host)),
        epoch=1,
        campaign_name=new.campaign_name,
        create_contact=new.create_contact,
        email_id=new.email_id,
        campaign_id=new.campaign_id,
        created_at=now,
        created_by=new.created_by,
        expires_at=new.expires_at,
        warned=0,
        last_used_at=None,
        tls_required=new.tls_required,
    )
    password = new_smtp_password()
    smtp_store.insert_token(conn, token, hash_secret(password))
    _tell(conn, token, "created", now, who, createdBy=token.created_by)
    return token, password


def reset_smtp_token(
    conn: database.Connection, account_id: int, token_id: str, now: datetime, who: str
) -> tuple[SmtpToken, str] | None:
    """The token with a new password; the old one is worth nothing from now on. None when there is no such token."""
    password = new_smtp_password()
    token = smtp_store.change_secret(conn, account_id, token_id, hash_secret(password))
    if token is None:
        return None
    _tell(conn, token, "password_reset", now, who)
    return token, password


def delete_smtp_token(conn: database.Connection, account_id: int, token_id: str, now: datetime, who: str) -> bool:
    """Ends log-in for good. False when the account has no such token. Its e-mail stays, with all its statistics."""
    token = smtp_store.select_token(conn, account_id, token_id)
    if token is None or not smtp_store.delete_token(conn, account_id, token_id):
        return False
    _tell(conn, token, "deleted", now, who)
    return True


def find_smtp_token(conn: database.Connection, account_id: int, token_id: str) -> SmtpToken | None:
    """One token of an account."""
    return smtp_store.select_token(conn, account_id, token_id)


def list_smtp_tokens(
    conn: database.Connection,
    account_id: int,
    wanted: SmtpTokenFilter = _EVERYTHING,
    *,
    after: int | None = None,
    limit: int,
) -> list[SmtpToken]:
    """The oldest ``limit`` tokens of an account that match; ``after``: the ``email_id`` of the last one seen."""
    return smtp_store.select_tokens(conn, account_id, wanted, after, limit)


def find_smtp_login(conn: database.Connection, username: str) -> SmtpLogin | None:
    """What a user name stands for, expired or not; None when it is not known. Hold it against
    :func:`is_smtp_password` in either case."""
    return smtp_store.select_login(conn, username)


def smtp_logins(
    conn: database.Connection, pairs: Collection[tuple[int, str]]
) -> dict[tuple[AccountId, SmtpTokenId], SmtpLogin]:
    """By account and token id, in one statement, those of the tokens that are still there."""
    found = smtp_store.select_logins(conn, pairs) if pairs else []
    return {(login.token.account_id, login.token.id): login for login in found}


def is_smtp_password(login: SmtpLogin | None, password: str, now: datetime) -> bool:
    """Whether the password opens the door. The same work for an unknown, an expired and a wrong one (attack A7)."""
    is_the_one = hmac.compare_digest(hash_secret(password), _NOBODY if login is None else login.secret_hash)
    return is_the_one and login is not None and not rules.has_expired(login.token, now)


def note_smtp_use(conn: database.Connection, pairs: Collection[tuple[int, str]], now: datetime) -> None:
    """Remembers that these tokens were used, coarsely: call it for many at a time."""
    if pairs:
        smtp_store.note_use(conn, pairs, now)


def expire_smtp_tokens(conn: database.Connection, now: datetime) -> SmtpTokenUpkeep:
    """Deletes tokens whose time is over and notes the warnings that are due, some hundreds of each at once.

    To be called again and again, by any number of schedulers: each deletion and each warning is told by one of them.
    The warned tokens are as they are now: ``warned`` says which warning it was.
    """
    expired = smtp_store.delete_expired(conn, now, _AT_ONCE)
    for token in expired:
        _tell(conn, token, "expired", now, _SCHEDULER)
    warned = [_warn(conn, token, now) for token in smtp_store.select_to_warn(conn, now, _AT_ONCE)]
    return SmtpTokenUpkeep(expired=tuple(expired), warned=tuple(token for token in warned if token is not None))


def _warn(conn: database.Connection, token: SmtpToken, now: datetime) -> SmtpToken | None:
    days = rules.warning_due(token, now)
    if not days or token.expires_at is None or not smtp_store.note_warning(conn, token, days):
        return None
    expires = token.expires_at.isoformat(timespec="seconds")
    note(conn, token.account_id, _SCHEDULER, "smtp_token.expires_soon", now, token=token.id, expires=expires)
    return replace(token, warned=days)


def _tell(conn: database.Connection, token: SmtpToken, what: str, now: datetime, who: str, **details: str) -> None:
    """In the audit log, and to those who wait."""
    note(
        conn, token.account_id, who, f"smtp_token.{what}", now, token=token.id, campaign=token.campaign_name, **details
    )
    database.announce(conn, TOPIC)

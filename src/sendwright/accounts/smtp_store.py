"""The table of SMTP tokens and all its SQL. A token that was deleted or has expired has no row."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    Row,
    Select,
    SmallInteger,
    String,
    Table,
    and_,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)

from sendwright import database
from sendwright.accounts.model import (
    Account,
    AccountId,
    AccountState,
    SmtpLogin,
    SmtpToken,
    SmtpTokenFilter,
    SmtpTokenId,
)
from sendwright.accounts.rules import NOTE_USE_EVERY, WARN_DAYS_BEFORE
from sendwright.accounts.store import accounts
from sendwright.database import Prepared, among_ids

smtp_tokens = Table(
    "smtp_tokens",
    database.metadata,
    database.account_column(),
    Column("token_id", database.Text, primary_key=True),
    Column("secret_hash", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("campaign_name", database.Text, nullable=False),
    Column("create_contact", Boolean, nullable=False),
    Column("email_id", BigInteger, nullable=False),
    Column("campaign_id", BigInteger, nullable=False),
    Column("created_at", database.Moment, nullable=False),
    Column("created_by", database.Text, nullable=False),
    Column("expires_at", database.Moment),
    Column("warned", SmallInteger, nullable=False, server_default=text("0")),
    Column("last_used_at", database.Moment),
    Column("tls_required", Boolean, nullable=False, server_default=text("false")),
    Index("ux_smtp_tokens_token_id", "token_id", unique=True),
    Index("ux_smtp_tokens_email_id", "account_id", "email_id", unique=True),
    Index(
        "ix_smtp_tokens_expires_at",
        "expires_at",
        sqlite_where=text("expires_at IS NOT NULL"),
        postgresql_where=text("expires_at IS NOT NULL"),
    ),
)

_t = smtp_tokens.c


def insert_token(conn: database.Connection, token: SmtpToken, secret_hash: str) -> None:
    """A new row."""
    values = asdict(token)
    conn.execute(insert(smtp_tokens).values(token_id=values.pop("id"), secret_hash=secret_hash, **values))


def change_secret(conn: database.Connection, account_id: int, token_id: str, secret_hash: str) -> SmtpToken | None:
    """The token with its next epoch; None when the account has none of this id."""
    row = conn.execute(
        update(smtp_tokens)
        .where(_t.account_id == account_id, _t.token_id == token_id)
        .values(secret_hash=secret_hash, epoch=_t.epoch + 1)
        .returning(smtp_tokens)
    ).one_or_none()
    return None if row is None else _token(row)


def delete_token(conn: database.Connection, account_id: int, token_id: str) -> bool:
    """Whether this call deleted it."""
    found = conn.execute(delete(smtp_tokens).where(_t.account_id == account_id, _t.token_id == token_id))
    return found.rowcount == 1


def select_token(conn: database.Connection, account_id: int, token_id: str) -> SmtpToken | None:
    """One token of an account."""
    row = conn.execute(
        select(smtp_tokens).where(_t.account_id == account_id, _t.token_id == token_id)
    ).one_or_none()  # fmt: skip
    return None if row is None else _token(row)


def select_tokens(
    conn: database.Connection, account_id: int, wanted: SmtpTokenFilter, after: int | None, limit: int
) -> list[SmtpToken]:
    """The oldest ``limit`` tokens of an account that match, made after the one whose e-mail is ``after``."""
    query = select(smtp_tokens).where(_t.account_id == account_id)
    if wanted.campaign_name is not None:
        query = query.where(_t.campaign_name == wanted.campaign_name)
    if wanted.campaign_id is not None:
        query = query.where(_t.campaign_id == wanted.campaign_id)
    if after is not None:
        query = query.where(_t.email_id > after)
    return [_token(row) for row in conn.execute(query.order_by(_t.email_id).limit(limit))]


def _logins() -> Select[Any]:
    """Tokens with their accounts. The account's columns come after the token's, under names of their own."""
    theirs = (column.label(f"of_{column.name}") for column in accounts.c)
    return select(smtp_tokens, *theirs).join(accounts, accounts.c.account_id == _t.account_id)


_LoginRow = namedtuple("_LoginRow", [*smtp_tokens.c.keys(), *(f"of_{name}" for name in accounts.c.keys())])  # type: ignore[misc]  # noqa: SIM118
_LOGINS = Prepared(
    {"k_account": BigInteger(), "k_token": String()},
    lambda given: _logins().where(_t.account_id == given.c.k_account, _t.token_id == given.c.k_token),
)


def select_login(conn: database.Connection, token_id: str) -> SmtpLogin | None:
    """The user name says whose it is: no account is known before."""
    # of all accounts: the user name tells which
    row = conn.execute(_logins().where(_t.token_id == token_id)).one_or_none()
    return None if row is None else _login(row)


def select_logins(conn: database.Connection, keys: Collection[tuple[int, str]]) -> list[SmtpLogin]:
    """Several by account and id, in one statement."""
    return [_login(_LoginRow(*row)) for row in _LOGINS.ask(conn, list(keys))]


def note_use(conn: database.Connection, keys: Collection[tuple[int, str]], now: datetime) -> None:
    """Remembers the use of these, where the last one noted is long enough ago."""
    conn.execute(
        update(smtp_tokens)
        .where(
            among_ids(_t.account_id, _t.token_id, keys),
            or_(_t.last_used_at.is_(None), _t.last_used_at <= now - NOTE_USE_EVERY),
        )
        .values(last_used_at=now)
    )


def delete_expired(conn: database.Connection, now: datetime, limit: int) -> list[SmtpToken]:
    """Deletes at most ``limit`` tokens whose time is over, and gives those that this call deleted."""
    # of all accounts: the scheduler serves all
    over = select(_t.account_id, _t.token_id).where(_t.expires_at.is_not(None), _t.expires_at <= now)
    keys = [(row.account_id, row.token_id) for row in conn.execute(over.order_by(_t.expires_at).limit(limit))]
    if not keys:
        return []
    rows = conn.execute(
        delete(smtp_tokens)
        .where(among_ids(_t.account_id, _t.token_id, keys), _t.expires_at <= now)
        .returning(smtp_tokens)
    )
    return [_token(row) for row in rows]


def select_to_warn(conn: database.Connection, now: datetime, limit: int) -> list[SmtpToken]:
    """Tokens for which ``rules.warning_due`` has a warning, the soonest first."""
    # of all accounts: the scheduler serves all
    due = [
        and_(_t.expires_at <= now + timedelta(days=days), or_(_t.warned == 0, _t.warned > days))
        for days in WARN_DAYS_BEFORE
    ]
    query = select(smtp_tokens).where(_t.expires_at.is_not(None), or_(*due))
    return [_token(row) for row in conn.execute(query.order_by(_t.expires_at).limit(limit))]


def note_warning(conn: database.Connection, token: SmtpToken, days: int) -> bool:
    """Whether it is this call that gives the warning: another scheduler may have been faster."""
    found = conn.execute(
        update(smtp_tokens)
        .where(_t.account_id == token.account_id, _t.token_id == token.id, _t.warned == token.warned)
        .values(warned=days)
    )
    return found.rowcount == 1


def _token(row: Row[Any]) -> SmtpToken:
    return SmtpToken(
        account_id=AccountId(row.account_id),
        id=SmtpTokenId(row.token_id),
        epoch=row.epoch,
        campaign_name=row.campaign_name,
        create_contact=row.create_contact,
        email_id=row.email_id,
        campaign_id=row.campaign_id,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        warned=row.warned,
        last_used_at=row.last_used_at,
        tls_required=row.tls_required,
    )


def _login(row: Any) -> SmtpLogin:
    account = Account(
        id=AccountId(row.of_account_id),
        name=row.of_name,
        state=AccountState(row.of_state),
        reason=row.of_reason,
        created_at=row.of_created_at,
    )
    return SmtpLogin(token=_token(row), secret_hash=row.secret_hash, account=account)

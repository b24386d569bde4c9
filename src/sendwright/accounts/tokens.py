"""API tokens: made, found by their secret, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sendwright import database
from sendwright.accounts import store
from sendwright.accounts.audit import note
from sendwright.accounts.model import AccountId, ApiToken, TokenId
from sendwright.accounts.rules import read_scopes
from sendwright.accounts.secrets_made import hash_secret, new_token_secret


def create_token(
    conn: database.Connection,
    account_id: int,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    who: str,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is shown this once and kept nowhere. ``ValueError`` for an unknown scope."""
    token = ApiToken(
        account_id=AccountId(account_id),
        id=TokenId(database.uuid7(now)),
        name=name,
        scopes=read_scopes(scopes),
        created_at=now,
        created_by=who,
        expires_at=expires_at,
        revoked_at=None,
        last_used_at=None,
    )
    secret = new_token_secret()
    store.insert_token(conn, token, hash_secret(secret))
    note(conn, account_id, who, "token.created", now, token=token.id, name=name, scopes=" ".join(sorted(token.scopes)))
    return token, secret


def find_token(conn: database.Connection, secret: str) -> ApiToken | None:
    """The token of a presented secret, dead or alive: hold it against ``rules.judge_token``."""
    return store.select_token_by_hash(conn, hash_secret(secret))


def list_tokens(conn: database.Connection, account_id: int) -> list[ApiToken]:
    """All tokens of an account, the dead too, oldest first."""
    return store.select_tokens(conn, account_id)


def revoke_token(conn: database.Connection, account_id: int, token_id: str, now: datetime, who: str) -> bool:
    """Kills a token for good. False when it was dead already or is none of this account's."""
    revoked = store.revoke(conn, account_id, token_id, now)
    if revoked:
        note(conn, account_id, who, "token.revoked", now, token=token_id)
    return revoked


def note_token_use(conn: database.Connection, token: ApiToken, now: datetime) -> None:
    """Remembers the use; ask ``rules.is_use_worth_noting`` first."""
    store.note_use(conn, token.account_id, token.id, now)

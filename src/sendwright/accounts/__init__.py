"""Accounts: who owns the rows, who logs in, which secrets open the API; and the log of who changed that.

Everything here but the passwords is a plain function of a connection; ``hash_password`` and ``password_fits`` are slow
on purpose and belong in a thread. Secrets leave this room once, when they are made; only hashes are kept.

It never sends, and it never asks the clock. Start in ``model.py``, then ``tokens.py``.
"""

from sendwright.accounts.audit import list_audit_entries
from sendwright.accounts.logins import (
    change_password,
    close_session,
    create_user,
    find_session,
    find_user,
    keep_session,
    open_session,
)
from sendwright.accounts.model import (
    ALL_SCOPES,
    Account,
    AccountId,
    AccountState,
    ApiToken,
    Session,
    TokenId,
    User,
)
from sendwright.accounts.rules import TokenVerdict, is_use_worth_noting, judge_token
from sendwright.accounts.secrets_made import hash_password, new_password, password_fits
from sendwright.accounts.tenants import (
    create_account,
    get_account,
    list_accounts,
    resume_account,
    states,
    suspend_account,
)
from sendwright.accounts.tokens import create_token, find_token, list_tokens, note_token_use, revoke_token

__all__ = [
    "ALL_SCOPES",
    "Account",
    "AccountId",
    "AccountState",
    "ApiToken",
    "Session",
    "TokenId",
    "TokenVerdict",
    "User",
    "change_password",
    "close_session",
    "create_account",
    "create_token",
    "create_user",
    "find_session",
    "find_token",
    "find_user",
    "get_account",
    "hash_password",
    "is_use_worth_noting",
    "judge_token",
    "keep_session",
    "list_accounts",
    "list_audit_entries",
    "list_tokens",
    "new_password",
    "note_token_use",
    "open_session",
    "password_fits",
    "resume_account",
    "revoke_token",
    "states",
    "suspend_account",
]

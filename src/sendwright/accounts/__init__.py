"""Accounts: who owns the rows, who logs in, which secrets open the API; and the log of who changed that.

Everything here but the passwords is a plain function of a connection; ``hash_password`` and ``password_fits`` are slow
on purpose and belong in a thread. Secrets leave this room once, when they are made; only hashes are kept.

It never sends, and it never asks the clock. Start in ``model.py``, then ``tokens.py`` (secrets
for the API) and ``smtp_tokens.py`` (log-ins by SMTP).
"""

from sendwright.accounts.audit import list_audit_entries, note
from sendwright.accounts.logins import (
    change_password,
    close_session,
    create_user,
    find_creator,
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
    NewSmtpToken,
    Session,
    SmtpLogin,
    SmtpToken,
    SmtpTokenFilter,
    SmtpTokenId,
    SmtpTokenUpkeep,
    TokenId,
    User,
)
from sendwright.accounts.rules import (
    TokenVerdict,
    a_year_after,
    days_left,
    has_expired,
    is_use_worth_noting,
    judge_token,
)
from sendwright.accounts.secrets_made import SMTP_PASSWORD_PREFIX, hash_password, new_password, password_fits
from sendwright.accounts.smtp_tokens import (
    create_smtp_token,
    delete_smtp_token,
    expire_smtp_tokens,
    find_smtp_login,
    find_smtp_token,
    is_smtp_password,
    list_smtp_tokens,
    note_smtp_use,
    reset_smtp_token,
    smtp_logins,
)
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
    "SMTP_PASSWORD_PREFIX",
    "Account",
    "AccountId",
    "AccountState",
    "ApiToken",
    "NewSmtpToken",
    "Session",
    "SmtpLogin",
    "SmtpToken",
    "SmtpTokenFilter",
    "SmtpTokenId",
    "SmtpTokenUpkeep",
    "TokenId",
    "TokenVerdict",
    "User",
    "a_year_after",
    "change_password",
    "close_session",
    "create_account",
    "create_smtp_token",
    "create_token",
    "create_user",
    "days_left",
    "delete_smtp_token",
    "expire_smtp_tokens",
    "find_creator",
    "find_session",
    "find_smtp_login",
    "find_smtp_token",
    "find_token",
    "find_user",
    "get_account",
    "has_expired",
    "hash_password",
    "is_smtp_password",
    "is_use_worth_noting",
    "judge_token",
    "keep_session",
    "list_accounts",
    "list_audit_entries",
    "list_smtp_tokens",
    "list_tokens",
    "new_password",
    "note",
    "note_smtp_use",
    "note_token_use",
    "open_session",
    "password_fits",
    "reset_smtp_token",
    "resume_account",
    "revoke_token",
    "smtp_logins",
    "states",
    "suspend_account",
]

"""The words of accounts: who owns rows, who logs in, which secrets open the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", int)
"""Counts from 1 in an installation; the ``portalId`` of the API."""

UserId = NewType("UserId", int)
TokenId = NewType("TokenId", str)
SmtpTokenId = NewType("SmtpTokenId", str)
"""The user name of a log-in by SMTP: ``<random>@<account>.smtp.<host>``."""

ALL_SCOPES = (
    "content",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.owners.read",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "marketing-email",
    "oauth",
    "sales-email-read",
    "tickets",
    "transactional-email",
)
"""Every scope that a token can have. Source: the scopes that HubSpot's published API documents name."""


class AccountState(StrEnum):
    """Whether an account may mail."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A tenant. ``reason`` says why it is suspended, for people; empty while active."""

    id: AccountId
    name: str
    state: AccountState
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who logs in. ``email`` is lower case and unique in the installation; the hash is argon2id's own text."""

    account_id: AccountId
    id: UserId
    email: str
    password_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A scoped bearer secret, of which only a hash is kept. It is dead once revoked or expired."""

    account_id: AccountId
    id: TokenId
    name: str
    scopes: frozenset[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSmtpToken:
    """What a new SMTP token is to be. ``host`` ends its user name; the e-mail and campaign stand for its mail."""

    account_id: int
    host: str
    campaign_name: str
    create_contact: bool
    email_id: int
    campaign_id: int
    created_by: str
    expires_at: datetime | None
    tls_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpToken:
    """A user name for SMTP, tied to a campaign; of its password only a hash is kept.

    ``epoch`` is raised by every reset: whoever logged in under another epoch is logged in no more. ``created_by`` is
    an e-mail address, kept as text: the token outlives the user. ``expires_at`` None: never. ``warned``: how many days
    before the expiry the last warning was given, 0 for none yet. ``tls_required``: its mail is rather not delivered
    than in clear.
    """

    account_id: AccountId
    id: SmtpTokenId
    epoch: int
    campaign_name: str
    create_contact: bool
    email_id: int
    campaign_id: int
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    warned: int
    last_used_at: datetime | None
    tls_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpLogin:
    """All that a log-in by SMTP is held against: the token, its secret's hash, and how its account stands."""

    token: SmtpToken
    secret_hash: str = field(repr=False)
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTokenFilter:
    """Which SMTP tokens are asked for; None asks for all."""

    campaign_name: str | None = None
    campaign_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTokenUpkeep:
    """What time did to SMTP tokens: those that were deleted, and those whose expiry was announced."""

    expired: tuple[SmtpToken, ...]
    warned: tuple[SmtpToken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A user's login in one browser."""

    account_id: AccountId
    user_id: UserId
    created_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who changed what, when. ``what`` is a stable word such as ``token.revoked``; ``details`` hold no secret."""

    account_id: AccountId
    id: str
    at: datetime
    who: str
    what: str
    details: dict[str, str]

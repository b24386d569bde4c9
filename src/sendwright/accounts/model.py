"""The words of accounts: who owns rows, who logs in, which secrets open the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", int)
"""Counts from 1 in an installation; the ``portalId`` of the API."""

UserId = NewType("UserId", int)
TokenId = NewType("TokenId", str)

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

"""What the HTTP doors are given: the database, the clock, the stories, the settings. ``run/`` puts it together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sendwright import accounts, connect_domain, database, dedicated, feedback
from sendwright.single_send import SendRequest, StatusView


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: proven by a bearer token."""

    account_id: accounts.AccountId
    token_id: accounts.TokenId
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """How much is let in. A limit of 0 is no limit."""

    requests_per_ten_seconds: int = 100
    searches_per_second: int = 5
    body_bytes: int = 2 * 1024 * 1024
    wait_for_result: timedelta = timedelta(seconds=10)
    """How long a legacy (v1) single send waits for its outcome before it answers QUEUED."""


Check = Callable[[], Awaitable[str | None]]
"""Asks one part whether it works: None, or a sentence that says what is wrong and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that an operation may reach. ``public_url`` has no slash at its end; links use it, never the Host header."""

    db: database.Database
    clock: Clock
    public_url: str
    accept: Callable[[Caller, SendRequest], Awaitable[StatusView]]
    find_status: Callable[[accounts.AccountId, str], Awaitable[StatusView | None]]
    settings: HttpSettings = field(default_factory=HttpSettings)
    smtp_host: str = "localhost"
    """Ends the user names of SMTP tokens."""
    lifetimes: feedback.Lifetimes = feedback.FOR_EVER
    """For how long addresses are not mailed."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    office: Callable[[Caller, datetime], dedicated.Office] | None = None
    """Where egresses and pools are looked after, for who calls."""
    sandbox_page: Callable[[accounts.AccountId, str], str] | None = None
    """The address of a send's sandbox page, with its key; None where mail goes another way."""
    domain_desk: connect_domain.Desk | None = None
    """What sending domains are added and checked with; None where only the list of them is wanted."""
    registry: CollectorRegistry | None = None
    direct: Mapping[str, ASGIApp] = field(default_factory=dict)
    """By how their paths begin: what is called most and looked up in no table, such as tracked links."""
    pages: Sequence[BaseRoute] = ()
    """More routes, for the web: open and click, the sandbox pages. Asked before the web pages of this package."""

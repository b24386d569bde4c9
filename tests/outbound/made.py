"""Handovers, replies and posts as the tests need them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sendwright import outbound, smtp
from sendwright.outbound.model import Answered, Outcome, Route
from sendwright.outbound.settings import Limits, PostSettings

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
PEER = outbound.Peer(host="mx.example.org", ip="192.0.2.1", port=25, tls="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384")
PARCEL = outbound.Parcel(
    mail_from="bounces@example.com",
    rcpt_to="ada@example.org",
    site_domain="example.org",
    message=b"Subject: hello\r\n\r\nhello\r\n.\r\n",
)
SHORT = Limits(connect=2, greeting=0.3, ehlo=0.3, tls=0.5, mail=0.3, rcpt=0.3, data=0.3, block=0.3, final=0.3,
               reset=0.3, quit=0.3, slot=0.1, proxy=0.1, last_greeting=0.3)  # fmt: skip
"""For peers that hang: long enough for a busy machine to be told from silence, short enough to wait for."""


def reply(code: int, enhanced: str = "", text: str = "") -> smtp.Reply:
    return smtp.Reply(code=code, enhanced=enhanced, lines=(text,))


def answered(
    code: int, enhanced: str = "", text: str = "", *, stage: smtp.Stage = smtp.Stage.RCPT, local: bool = False
) -> Answered:
    return Answered(stage=stage, reply=reply(code, enhanced, text), local=local)


def handover(outcome: Outcome, peer: outbound.Peer | None = PEER) -> outbound.Handover:
    return outbound.Handover(domain="example.org", outcome=outcome, peer=peer, dialogue=(), started=NOW, ended=NOW)


def judged(
    outcome: Outcome,
    *,
    tries: int = 0,
    age: timedelta = timedelta(0),
    chance: float = 0.5,
    max_age: timedelta = timedelta(hours=120),
) -> outbound.Verdict:
    return outbound.judge(
        handover(outcome), tries=tries, accepted_at=NOW - age, now=NOW, chance=chance, max_age=max_age
    )


async def let_go(peer: outbound.Peer) -> bool:
    return True


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.moved = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.moved)

    def monotonic(self) -> float:
        return 1000.0 + self.moved


@asynccontextmanager
async def post_to(
    route: Route,
    *,
    limits: Limits | None = None,
    clock: Clock | None = None,
    resolver: outbound.Resolver | None = None,
    policies: outbound.TlsPolicies | None = None,
    **settings: object,
) -> AsyncIterator[outbound.Post]:
    time = clock or Clock()
    chosen = PostSettings(ehlo_name="mta.example.com", limits=limits or Limits())
    draws = itertools.cycle([0.25, 0.75])
    async with outbound.Post(
        route,
        replace(chosen, **settings),  # type: ignore[arg-type]
        now=time.now,
        monotonic=time.monotonic,
        chance=lambda: next(draws),
        resolver=resolver,
        policies=policies,
    ) as post:
        yield post


async def deliver(
    post: outbound.Post,
    parcel: outbound.Parcel = PARCEL,
    *,
    tries: int = 0,
    before_dot: Callable[[outbound.Peer], Awaitable[bool]] = let_go,
) -> outbound.Handover:
    return await post.deliver(parcel, tries=tries, before_dot=before_dot)


def said(made: outbound.Handover, direction: str) -> list[str]:
    return [line.text for line in made.dialogue if line.direction == direction]

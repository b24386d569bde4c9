"""SMTP submission: programs log in with an SMTP token and hand in their mail (RFC 6409, RFC 8314).

The shell (`smtp_shell`) keeps the manners, the story (`sendwright.submission`) decides about mail; here the questions
of the one are put to the other, and the guard stands at the log-in.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import structlog

from sendwright import smtp
from sendwright.doors.login_guard import LoginGuard
from sendwright.doors.smtp_shell import (
    Answer,
    Asked,
    Conversation,
    Last,
    Patience,
    Share,
    SmtpDoor,
    Yes,
    network_of,
)
from sendwright.failpoints import failpoint
from sendwright.submission import Arrival, Refusal, Taken

_log = structlog.get_logger()
_WRONG = "5.7.8"
"""RFC 4954: name or password is not right. What else is refused at AUTH (a suspended account) is no guess."""
_ENDS = frozenset({421, 535})
"""A standing that is gone ends the session: nothing more can come of it."""
_FAILURE_TAKES = 1.0
"""Seconds until a failed log-in is answered, counted from when it was asked: the same for an unknown name, a wrong
password and an expired token, whatever each of them cost (attack A7); and guessing gets slow."""

_SHOWN = 80

_GO_AWAY = smtp.Reply(
    code=421, enhanced="4.7.0", lines=("too many failed log-ins from your network, come again in ten minutes",)
)

Standing = TypeVar("Standing")


class Gate(Protocol[Standing]):
    """The story as this door sees it; `Standing` is whatever it makes of a log-in.

    Raises `database.Unavailable` when it cannot know. See `smtp_shell.Asked` on what the first steps may do.
    """

    async def log_in(self, username: str, password: str) -> Standing | Refusal: ...

    async def admit_sender(self, standing: Standing, mail: smtp.events.Mail) -> Refusal | None: ...

    def admit_recipient(self, standing: Standing, rcpt: smtp.events.Rcpt) -> Refusal | None: ...

    async def accept(self, standing: Standing, arrival: Arrival) -> Taken | Refusal: ...


class SubmissionSmtp(Generic[Standing]):
    """The door. Use as `async with`, then open it on any number of addresses.

    `hostname`: ours, in the greeting. `context`: the TLS context for the next handshake (`certificates`).
    `failure_takes`: seconds until a failed log-in is answered. `monotonic`: seconds; the event loop's when not given.
    """

    def __init__(
        self,
        gate: Gate[Standing],
        *,
        hostname: str,
        context: Callable[[], ssl.SSLContext],
        limits: smtp.Limits | None = None,
        share: Share | None = None,
        patience: Patience | None = None,
        guard: LoginGuard | None = None,
        failure_takes: float = _FAILURE_TAKES,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.gate = gate
        self.guard = guard or LoginGuard()
        self.failure_takes = failure_takes
        self.shell = SmtpDoor(
            "submission",
            meet=lambda conversation: _Submitter(self, conversation),
            make_core=lambda secure: smtp.Server(
                hostname=hostname, limits=limits, starttls=True, auth=True, auth_required=True, dsn=True, secure=secure
            ),
            context=context,
            share=share or Share(),
            patience=patience,
            monotonic=monotonic,
        )

    async def __aenter__(self) -> Self:
        await self.shell.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shell.__aexit__(kind, fault, trace)

    async def open_starttls(self, host: str, port: int) -> int:
        """Listens for clients that begin in clear and upgrade (587, 25); port 0 picks a free one. The port it is."""
        return await self.shell.open_plain(host, port)

    async def open_tls(self, host: str, port: int) -> int:
        """Listens for clients that begin with TLS (465)."""
        return await self.shell.open_tls(host, port)


class _Submitter(Generic[Standing]):
    """One client's questions. The core asks about mail only from who is logged in: then there is a standing."""

    __slots__ = ("_conversation", "_door", "_standing")

    _standing: Standing

    def __init__(self, door: SubmissionSmtp[Standing], conversation: Conversation) -> None:
        self._door = door
        self._conversation = conversation

    async def auth(self, auth: smtp.events.Auth) -> Answer:
        guard, now = self._door.guard, self._door.shell.time
        network = network_of(self._conversation.ip, ipv4_bits=24)
        if not guard.may_try(network, auth.username, now()):
            self._tell("smtp_login_not_heard", auth.username, network, _GO_AWAY.text)
            return _GO_AWAY
        asked = now()
        standing = await self._door.gate.log_in(auth.username, auth.password)
        if not isinstance(standing, Refusal):
            guard.succeeded(network, auth.username)
            self._standing = standing
            return None
        if standing.enhanced == _WRONG:
            guard.failed(network, auth.username, now())
        self._tell("smtp_login_refused", auth.username, network, standing.text)
        await asyncio.sleep(asked + self._door.failure_takes - now())
        return _reply(standing)

    async def mail(self, mail: smtp.events.Mail) -> Answer:
        return _answer(await self._door.gate.admit_sender(self._standing, mail))

    def rcpt(self, rcpt: smtp.events.Rcpt) -> Asked:
        failpoint("A1")
        return _answer(self._door.gate.admit_recipient(self._standing, rcpt))

    async def message(self, message: smtp.events.Message) -> Answer:
        conversation = self._conversation
        arrival = Arrival(
            envelope=message.envelope, content=message.content, helo=conversation.helo, ip=conversation.ip,
            protocol=conversation.protocol,
        )  # fmt: skip
        return _answer(await self._door.gate.accept(self._standing, arrival))

    def _tell(self, event: str, username: str, network: str, reason: str) -> None:
        _log.warning(event, user=shown_name(username), network=network, reason=reason)


def _reply(refusal: Refusal) -> smtp.Reply:
    return smtp.Reply(code=refusal.code, enhanced=refusal.enhanced, lines=(refusal.text,))


def _answer(said: Taken | Refusal | None) -> Answer:
    if said is None:
        return None
    if isinstance(said, Taken):
        return Yes(said.text)
    return Last(_reply(said)) if said.code in _ENDS else _reply(said)


def shown_name(username: str) -> str:
    """A stranger's user name for the log: cut, and without anything that a terminal or a log reader obeys (A12).

    What has not the form of a token's name may be a password in the wrong field, and is not shown.
    """
    if "@" not in username:
        return "(not a token's name)"
    return username[:_SHOWN].encode("unicode_escape").decode("ascii")

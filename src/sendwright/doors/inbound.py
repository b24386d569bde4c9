"""SMTP inbound: what comes back to us, and nothing else (attacks A4, C10).

The shell (`smtp_shell`) keeps the manners; the story (`sendwright.receive`) says which recipients are ours and keeps
what they get. There is no AUTH, STARTTLS is offered and not demanded, and no mail is ever sent in answer: whatever is
not taken is refused while its sender still listens.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from sendwright import feedback, smtp
from sendwright.doors.smtp_shell import Answer, Asked, Conversation, Patience, Share, SmtpDoor
from sendwright.receive import Admitted, Arrival, Refusal


class Gate(Protocol):
    """The story as this door sees it. Raises `database.Unavailable` when it cannot know."""

    async def admit(self, recipient: str) -> Admitted | Refusal: ...

    async def take(self, admitted: Sequence[Admitted], arrival: Arrival) -> None: ...


def _reply(code: int, enhanced: str, text: str) -> smtp.Reply:
    return smtp.Reply(code=code, enhanced=enhanced, lines=(text,))


_NO_USERS = _reply(535, "5.7.8", "there are no users here")
_ONE_AT_A_TIME = _reply(452, "4.5.3", "one such recipient at a time, send the next one a mail of its own")


class InboundSmtp:
    """The door. Use as `async with`, then :meth:`open` it on any number of addresses.

    `hostname`: ours, in the greeting. `context`: the TLS context for the next handshake. `octets`: the largest mail.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        hostname: str,
        context: Callable[[], ssl.SSLContext],
        octets: int,
        share: Share | None = None,
        patience: Patience | None = None,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.gate = gate
        limits = smtp.Limits(message_octets=octets)
        self.shell = SmtpDoor(
            "inbound",
            meet=lambda conversation: _Caller(self, conversation),
            make_core=lambda secure: smtp.Server(hostname=hostname, limits=limits, starttls=True, secure=secure),
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

    async def open(self, host: str, port: int) -> int:
        """Listens; port 0 picks a free one. The port it is."""
        return await self.shell.open_plain(host, port)


class _Caller:
    """One client's questions."""

    __slots__ = ("_admitted", "_conversation", "_door")

    def __init__(self, door: InboundSmtp, conversation: Conversation) -> None:
        self._door = door
        self._conversation = conversation
        self._admitted: list[Admitted] = []

    def auth(self, auth: smtp.events.Auth) -> Asked:
        return _NO_USERS

    def mail(self, mail: smtp.events.Mail) -> Asked:
        """From anybody: reports come from the empty path, and from some who do not know better."""
        self._admitted = []
        return None

    async def rcpt(self, rcpt: smtp.events.Rcpt) -> Answer:
        found = await self._door.gate.admit(rcpt.recipient)
        if isinstance(found, Refusal):
            return _reply(found.code, found.enhanced, found.text)
        if self._admitted and not _may_share([*self._admitted, found]):
            return _ONE_AT_A_TIME
        self._admitted.append(found)
        return None

    async def message(self, message: smtp.events.Message) -> Answer:
        conversation = self._conversation
        arrival = Arrival(
            mail_from=message.envelope.mail_from, helo=conversation.helo, ip=conversation.ip, tls=conversation.tls,
            content=message.content,
        )  # fmt: skip
        admitted, self._admitted = self._admitted, []
        await self._door.gate.take(admitted, arrival)
        return None


def _may_share(admitted: Sequence[Admitted]) -> bool:
    """A bounce is about one mail: who names two return paths at once has guessed or collected them."""
    return not any(each.addressed is feedback.Addressed.RETURN_PATH for each in admitted) and len(admitted) <= 10

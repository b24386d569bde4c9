"""The sandbox's built-in receiver: an SMTP server on loopback that takes our own mail, keeps it and shows it.

It answers 250 only when the mail is committed, 451 when the database is not there, and as the address wishes when the
address is one of the sandbox's tricks. Mail without our header is refused: this is no relay and no drop box.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self, cast

import structlog

from sendwright import database, sandbox, smtp
from sendwright.doors.self_signed import self_signed_context
from sendwright.sandbox import Trick

OnComplaint = Callable[[int, str, str], Awaitable[None]]
"""Told account, send and recipient of a mail that was reported as spam."""

_log = structlog.get_logger()
_IDLE = 300.0
_GOODBYE = 2.0
_MOST_CONNECTIONS = 500
_MOST_REMEMBERED = 10_000
_TRIM_EVERY = 500

_HANG_UP = "hang up"


def _reply(code: int, enhanced: str, text: str) -> smtp.Reply:
    return smtp.Reply(code=code, enhanced=enhanced, lines=(text,))


_AT_RCPT = {
    Trick.BOUNCE: _reply(550, "5.1.1", "no such user here (sandbox)"),
    Trick.BLOCK: _reply(550, "5.7.1", "your IP address has a poor reputation and is blocked (sandbox)"),
    Trick.FULL: _reply(452, "4.2.2", "mailbox full (sandbox)"),
}
_GREYLISTED = _reply(451, "4.7.1", "greylisted, please come back later (sandbox)")
_NOT_OURS = _reply(550, "5.7.1", "only Sendwright's own mail is taken here: there is no valid X-Sendwright-MID header")
_NO_DATABASE = _reply(451, "4.3.0", "the mail cannot be stored at present")
_CROWDED = _reply(421, "4.3.2", "too many connections")
_IDLE_TOO_LONG = _reply(421, "4.4.2", "nothing was said for five minutes")
_CLOSING = _reply(421, "4.3.2", "the receiver is shut down")


class SandboxSmtp:
    """The door. Use as `async with`, then :meth:`open`. `slow` is how long a slow address takes, in seconds."""

    def __init__(
        self,
        db: database.Database,
        *,
        now: Callable[[], datetime],
        on_complaint: OnComplaint,
        hostname: str = "sandbox.test",
        slow: float = 5.0,
    ) -> None:
        self.hostname = hostname
        self.context = self_signed_context(hostname)
        self._db = db
        self._now = now
        self._on_complaint = on_complaint
        self._slow = slow
        self._tasks = asyncio.TaskGroup()
        self._server: asyncio.Server | None = None
        self._receptions: set[_Reception] = set()
        self._empty = asyncio.Event()
        self._seen: dict[tuple[str, str, Trick], None] = {}
        self._kept: Counter[int] = Counter()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for reception in list(self._receptions):
            reception.say_goodbye()
        await self._tasks.__aexit__(kind, fault, trace)
        try:
            async with asyncio.timeout(_GOODBYE):
                await self._all_gone()
        except TimeoutError:
            for reception in list(self._receptions):
                reception.abort()
            await self._all_gone()

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listens; port 0 picks a free one. The port it is."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Reception(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def in_hand(self) -> int:
        """How many messages are received and not yet answered."""
        return sum(reception.is_busy for reception in self._receptions)

    # --- for the receptions

    def admit(self, reception: _Reception) -> bool:
        """Whether there is room for one more."""
        self._receptions.add(reception)
        return len(self._receptions) <= _MOST_CONNECTIONS

    def see_off(self, reception: _Reception) -> None:
        self._receptions.discard(reception)
        if not self._receptions:
            self._empty.set()

    async def _all_gone(self) -> None:
        while self._receptions:
            self._empty.clear()
            await self._empty.wait()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs it beside the conversations; its faults end nothing but itself."""
        self._tasks.create_task(_contained(work))

    async def receive(self, message: smtp.events.Message, tls: str | None) -> smtp.Reply | str | None:
        """Keeps the message. None: it is kept; a reply: it is refused; or `hang up`."""
        owner = sandbox.owner_of(message.content)
        if owner is None:
            return _NOT_OURS
        for recipient in message.envelope.rcpt_to:
            refusal = await self._play(owner[1], recipient)
            if refusal is not None:
                return refusal
        try:
            for recipient in message.envelope.rcpt_to:
                await self._db.write_together(sandbox.keep, self._arrival(owner, message, recipient, tls))
        except database.Unavailable:
            return _NO_DATABASE
        return None

    async def after(self, message: smtp.events.Message) -> None:
        """What follows once the answer is given."""
        account_id, send_id = sandbox.owner_of(message.content) or (0, "")
        for recipient in message.envelope.rcpt_to:
            if sandbox.trick_for(recipient) is Trick.COMPLAIN:
                await self._on_complaint(account_id, send_id, recipient)
        self._kept[account_id] += 1
        if self._kept[account_id] >= _TRIM_EVERY:
            del self._kept[account_id]
            await self._db.write(sandbox.trim, account_id)

    async def _play(self, send_id: str, recipient: str) -> smtp.Reply | str | None:
        match sandbox.trick_for(recipient):
            case Trick.DEFER if self._is_first(send_id, recipient, Trick.DEFER):
                return _GREYLISTED
            case Trick.DROP if self._is_first(send_id, recipient, Trick.DROP):
                return _HANG_UP
            case Trick.SLOW:
                await asyncio.sleep(self._slow)
                return None
            case _:
                return None

    def _is_first(self, send_id: str, recipient: str, trick: Trick) -> bool:
        """Remembers the newest few thousand tries; who is forgotten is put off once more."""
        key = (send_id, recipient, trick)
        if key in self._seen:
            return False
        if len(self._seen) >= _MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = None
        return True

    def _arrival(
        self, owner: tuple[int, str], message: smtp.events.Message, recipient: str, tls: str | None
    ) -> sandbox.Arrival:
        return sandbox.Arrival(
            account_id=owner[0],
            send_id=owner[1],
            mail_from=message.envelope.mail_from,
            rcpt_to=recipient,
            subject=sandbox.subject_of(message.content),
            received_at=self._now(),
            tls=tls,
            raw=message.content,
        )


class _Reception(asyncio.Protocol):
    """One client's conversation: the socket around a server core."""

    def __init__(self, door: SandboxSmtp) -> None:
        self._door = door
        self._core = smtp.Server(hostname=door.hostname, starttls=True)
        self._transport: asyncio.Transport | None = None
        self._tls: str | None = None
        self.is_busy = False
        self._leaving = False
        self._over = False
        self._early: bytes | None = None
        self._loop = asyncio.get_running_loop()
        self._idle = self._loop.call_later(_IDLE, self._idle_too_long)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._heed(self._core.accept() if self._door.admit(self) else self._core.hang_up(_CROWDED))

    def data_received(self, received: bytes) -> None:
        if self._early is None:
            self._heed(self._core.feed(received))
        else:
            self._early += received

    def eof_received(self) -> None:
        self._heed(self._core.eof())

    def connection_lost(self, fault: Exception | None) -> None:
        self._idle.cancel()
        self._core.eof()
        self._door.see_off(self)

    def say_goodbye(self) -> None:
        """Ends as soon as the message in hand, if any, is answered."""
        self._leaving = True
        if not self.is_busy:
            self._heed(self._core.hang_up(_CLOSING))

    def abort(self) -> None:
        cast(asyncio.Transport, self._transport).abort()

    def _heed(self, events: Iterable[smtp.events.ServerEvent]) -> None:
        """Answers what is asked; a loop, not a recursion: one packet may hold thousands of commands."""
        coming = deque(events)
        while coming:
            coming += self._answer(coming.popleft())
        transport = cast(asyncio.Transport, self._transport)
        out = self._core.outgoing()
        if out and not transport.is_closing():
            transport.write(out)
            self._idle.cancel()
            self._idle = self._loop.call_later(_IDLE, self._idle_too_long)
        if self._over:
            transport.close()

    def _answer(self, event: smtp.events.ServerEvent) -> list[smtp.events.ServerEvent]:
        match event:
            case smtp.events.Mail():
                return self._core.accept()
            case smtp.events.Rcpt(recipient=recipient):
                return self._answer_rcpt(recipient)
            case smtp.events.Message():
                self._begin(self._take(event))
            case smtp.events.StartTls():
                self._begin(self._upgrade())
            case smtp.events.Auth():
                return self._core.refuse(_reply(535, "5.7.8", "there are no users here"))
            case smtp.events.Closed():
                self._over = True
        return []

    def _answer_rcpt(self, recipient: str) -> list[smtp.events.ServerEvent]:
        trick = sandbox.trick_for(recipient)
        refusal = None if trick is None else _AT_RCPT.get(trick)
        return self._core.accept() if refusal is None else self._core.refuse(refusal)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.is_busy = True
        cast(asyncio.Transport, self._transport).pause_reading()
        self._door.start(work)

    def _go_on(self, events: list[smtp.events.ServerEvent]) -> None:
        self.is_busy = False
        transport = cast(asyncio.Transport, self._transport)
        self._heed(events)
        if self._leaving and not self.is_busy:
            self._heed(self._core.hang_up(_CLOSING))
        if not self.is_busy and not transport.is_closing():
            transport.resume_reading()

    async def _take(self, message: smtp.events.Message) -> None:
        answer: smtp.Reply | str | None = _NO_DATABASE  # also when a fault of ours ends this: never a 5xx
        try:
            answer = await self._door.receive(message, self._tls)
        finally:
            self._give(answer)
        if answer is None:
            await self._door.after(message)

    def _give(self, answer: smtp.Reply | str | None) -> None:
        if isinstance(answer, str):
            self.abort()
        elif answer is None:
            self._go_on(self._core.accept())
        else:
            self._go_on(self._core.refuse(answer))

    async def _upgrade(self) -> None:
        plain = cast(asyncio.Transport, self._transport)
        # From here on only the TLS layer hands us octets; the first may come before we hear that TLS stands.
        self._early = b""
        try:
            upgraded = await self._loop.start_tls(
                plain, self, self._door.context, server_side=True, ssl_handshake_timeout=60
            )
        except (OSError, TimeoutError):
            plain.abort()
            return
        if upgraded is None:
            return
        self._transport = upgraded
        session = cast(ssl.SSLObject, upgraded.get_extra_info("ssl_object"))
        self._tls = session.version()
        early, self._early = self._early, None
        self._go_on([*self._core.tls_started(), *self._core.feed(early)])

    def _idle_too_long(self) -> None:
        if not self.is_busy:
            self._heed(self._core.hang_up(_IDLE_TOO_LONG))


async def _contained(work: Coroutine[Any, Any, None]) -> None:
    """A bug met by one mail must not close the door for the others; the client has been told to come again."""
    try:
        await work
    except Exception:  # noqa: BLE001 - the fault barrier of one mail, see above
        _log.exception("sandbox_mail_failed")

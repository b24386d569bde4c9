"""A door for SMTP: where it listens, who is in, what they may cost together, and how it closes."""

from __future__ import annotations

import asyncio
import resource
import ssl
from asyncio import Task, TimerHandle
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog

from sendwright.doors.smtp_shell.answers import MakeCore, Questions
from sendwright.doors.smtp_shell.conversation import Conversation
from sendwright.doors.smtp_shell.rules import Crowd, Patience, Room

_log = structlog.get_logger()
_BACKLOG = 1024
_SWEEP = 1.0
"""Seconds between two looks at all deadlines: one timer for the door instead of one for each packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What all clients of a door may cost together.

    `connections`: in all, and never more than three quarters of the files this process may open: the database needs
    some too. `connections_each`: from one IPv4 address or one IPv6
    /64 (attack A9). `octets`: of messages being received. `drain` and `goodbye`: seconds that a closing door gives to
    what is in hand, and then to the last words.
    """

    connections: int = 10_000
    connections_each: int = 50
    octets: int = 256_000_000
    drain: float = 30.0
    goodbye: float = 2.0


class SmtpDoor:
    """Use as `async with`, then open it anywhere and as often as wanted.

    `meet` makes the answers for a new client, `make_core` its server core. `context` gives the TLS context for the
    next handshake. `monotonic`: seconds; the event loop's own clock when not given.
    """

    def __init__(
        self,
        name: str,
        *,
        meet: Callable[[Conversation], Questions],
        make_core: MakeCore,
        context: Callable[[], ssl.SSLContext],
        share: Share,
        patience: Patience | None = None,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.name = name
        self.meet, self.make_core, self.context = meet, make_core, context
        self.patience = patience or Patience()
        self.room = Room(share.octets)
        self._share = share
        self._loop = asyncio.get_running_loop()
        self.time: Callable[[], float] = monotonic or self._loop.time
        self.later = self._loop.call_later
        self._crowd = Crowd(most=min(share.connections, _files()), most_each=share.connections_each)
        self._tasks = asyncio.TaskGroup()
        self._servers: list[asyncio.Server] = []
        self._conversations: set[Conversation] = set()
        self._waiting_for_room: dict[Conversation, None] = {}
        self._empty = asyncio.Event()
        self._next_sweep: TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._sweep_again()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for conversation in list(self._conversations):
            conversation.say_goodbye()
        hurry = self._loop.call_later(self._share.drain, self._cut_all)
        try:
            await self._tasks.__aexit__(kind, fault, trace)
            await self._see_all_off()
        finally:
            hurry.cancel()
            if self._next_sweep is not None:
                self._next_sweep.cancel()

    async def open_plain(self, host: str, port: int) -> int:
        """Listens for clients that begin in clear and may ask for TLS; port 0 picks a free one. The port it is."""
        return await self._open(host, port, inside_tls=False)

    async def open_tls(self, host: str, port: int) -> int:
        """Listens for clients that begin with a TLS handshake (RFC 8314 section 3.3)."""
        return await self._open(host, port, inside_tls=True)

    @property
    def connections(self) -> int:
        return self._crowd.present

    @property
    def in_hand(self) -> int:
        """How many clients wait for an answer of ours."""
        return sum(conversation.is_busy for conversation in self._conversations)

    def start(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        """Runs it beside the conversations. A fault that gets out of it closes the door."""
        return self._tasks.create_task(work)

    def sweep(self) -> None:
        """Ends the conversations whose time is up; called every second."""
        now = self.time()
        for conversation in [one for one in self._conversations if one.deadline < now]:
            if conversation.deadline < now:  # the end of another may have made room for this one
                self._end(conversation)

    # --- for the conversations

    def enter(self, conversation: Conversation) -> bool:
        """Whether there is a place for one more."""
        if not self._crowd.enter(conversation.network):
            _log.debug("smtp_turned_away", door=self.name, ip=conversation.ip)
            return False
        self._conversations.add(conversation)
        return True

    def see_off(self, conversation: Conversation) -> None:
        self._crowd.leave(conversation.network)
        self._conversations.discard(conversation)
        self._waiting_for_room.pop(conversation, None)
        if not self._conversations:
            self._empty.set()

    def wait_for_room(self, conversation: Conversation) -> None:
        self._waiting_for_room[conversation] = None

    def give_room_back(self, octets: int) -> None:
        """First come, first served."""
        self.room.give_back(octets)
        while self._waiting_for_room and not self.room.is_tight:
            conversation = next(iter(self._waiting_for_room))
            del self._waiting_for_room[conversation]
            conversation.there_is_room()

    # --- its own

    async def _open(self, host: str, port: int, *, inside_tls: bool) -> int:
        server = await self._loop.create_server(
            lambda: Conversation(self, inside_tls=inside_tls), host, port, backlog=_BACKLOG
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _end(self, conversation: Conversation) -> None:
        try:
            conversation.expire()
        except Exception:  # noqa: BLE001 - a fault barrier: one bug here, and no slow client would ever be cut again
            _log.exception("smtp_end_failed", door=self.name)
            conversation.cut()

    def _sweep_again(self) -> None:
        self._next_sweep = self._loop.call_later(_SWEEP, self._sweep_again)
        self.sweep()

    def _cut_all(self) -> None:
        for conversation in list(self._conversations):
            conversation.cut()

    async def _see_all_off(self) -> None:
        try:
            async with asyncio.timeout(self._share.goodbye):
                await self._all_gone()
        except TimeoutError:
            self._cut_all()
            await self._all_gone()

    async def _all_gone(self) -> None:
        while self._conversations:
            self._empty.clear()
            await self._empty.wait()


def _files() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4

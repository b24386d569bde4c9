"""One connection: the socket around a client core, its time limits, and its upgrade to TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from sendwright import smtp
from sendwright.outbound.dialogue import Dialogue
from sendwright.outbound.model import Peer
from sendwright.outbound.settings import Limits

_Ready = smtp.events.Ready
_MayTransmit = smtp.events.MayTransmit
_Outcome = smtp.events.Outcome
_Closed = smtp.events.Closed
_DOT = b".\r\n"


class Conversation(asyncio.Protocol):
    """A connection to one server, for one message after the other. Every wait ends, by an event or by its limit."""

    def __init__(self, core: smtp.Client, *, peer: Peer, limits: Limits, fell_back: bool = False) -> None:
        self.peer = peer
        self.fell_back = fell_back
        self.timed_out = False
        self.policy_key = ""
        self.messages = 0
        self.dialogue: Dialogue | None = None
        self.when_gone: list[Callable[[Conversation], None]] = []
        self._core = core
        self._limits = limits
        self._patience = limits.by_stage()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._events: deque[smtp.events.ClientEvent] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._watchdog: asyncio.Handle | None = None
        self._rings_at = 0.0
        self._timed: smtp.Stage | None = None
        self._unsent = 0
        self._ready = False
        self._closed = False
        self._retiring = False
        self.holding = False
        self._end = b""

    # --- what the post asks

    @property
    def usable(self) -> bool:
        """Whether another envelope may be sent, now or once the reset is answered."""
        resetting = self._core.stage is smtp.Stage.RESET
        return (self._ready or resetting) and not self._closed and not self._retiring

    @property
    def closed(self) -> bool:
        """Whether nothing more is said."""
        return self._closed

    @property
    def dot_left(self) -> bool:
        """Whether the whole message left this process, once it was given to `transmit`.

        While the socket pushes back, the end of the message, which is the dot, is still here.
        """
        return self._unsent == 0 and not self._end

    async def next(self) -> smtp.events.ClientEvent:
        """What happened next. After `Closed` it is `Closed` for ever."""
        while not self._events:
            if self._closed:
                return smtp.events.Closed(why="the connection is closed")
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._events.popleft()

    async def ready(self) -> bool:
        """Waits until an envelope may be sent; False when none ever will."""
        while not self._ready:
            if isinstance(await self.next(), smtp.events.Closed | smtp.events.Unusable):
                return False
        self._events.clear()
        return True

    def send(self, envelope: smtp.Envelope) -> None:
        self.messages += 1
        self._ready = False
        self._heed(self._core.send(envelope))

    def transmit(self, message: bytes | smtp.Prepared) -> None:
        """Raises smtp.BadMessage when these octets must not leave; call only while `holding`."""
        events = self._core.transmit(message)
        self.holding = False
        self._heed(events)

    def transmit_without_end(self, message: bytes | smtp.Prepared) -> None:
        """Like `transmit`, but keeps the final dot for `transmit_end`."""
        events = self._core.transmit(message)
        self.holding = False
        *out, last = self._core.outgoing_pieces()
        self._end = last[-len(_DOT) :]
        transport = cast(asyncio.Transport, self._transport)
        transport.set_write_buffer_limits(high=0)  # inside TLS too: what is drained has left the process
        transport.writelines([*out, last[: -len(_DOT)]])
        self._heed(events)

    async def drained(self) -> bool:
        """Waits until what was written has left; False when the server answered or went first: no dot may follow."""
        while self._unsent and not self._events and not self._closed:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._events or self._closed:
            self.abort()  # whatever followed would be taken for more of the message
            return False
        return True

    def transmit_end(self) -> None:
        """Writes the final dot."""
        end, self._end = self._end, b""
        cast(asyncio.Transport, self._transport).write(end)

    def abandon(self) -> None:
        """Closes at once, without the dot: the server has to forget the message."""
        if self.holding:
            self._heed(self._core.abandon())
        self.abort()

    def retire(self) -> None:
        """Says goodbye as soon as may be; nobody waits for it."""
        resetting = self._core.stage is smtp.Stage.RESET
        self._retiring = True
        if self._ready and not self._closed:
            self._ready = False
            self._heed(self._core.quit())
        elif not resetting and self._core.stage is not smtp.Stage.QUIT:
            self.abort()

    def abort(self) -> None:
        """Closes without a word."""
        if self._transport is not None:
            self._transport.abort()

    async def start_tls(self, context: ssl.SSLContext, prove: Callable[[ssl.SSLObject], str | None]) -> None:
        """Upgrades. Raises OSError (ssl.SSLError is one) or TimeoutError; the connection is of no use then.

        `prove` says what proves the server, before it hears a word inside TLS, or raises one of these.
        """
        plain = cast(asyncio.Transport, self._transport)
        try:
            upgraded = await self._loop.start_tls(
                plain, self, context, server_hostname=self.peer.host, ssl_handshake_timeout=self._limits.tls
            )
        except UnicodeError as fault:  # the name comes from DNS
            raise ConnectionAbortedError("TLS cannot be spoken to a host of this name") from fault
        if upgraded is None:
            raise ConnectionResetError("the connection was closed during the TLS handshake")
        self._transport = upgraded
        self.note_tls(prove)
        self._heed(self._core.tls_started())

    def note_tls(self, prove: Callable[[ssl.SSLObject], str | None]) -> None:
        """Remembers version, cipher and proof of a connection that is inside TLS now."""
        session = cast(asyncio.Transport, self._transport).get_extra_info("ssl_object")
        version, cipher = session.version(), (session.cipher() or ("",))[0]
        self.peer = replace(self.peer, tls=version, cipher=cipher)
        self._write_down(f"{version} with {cipher}")
        self.peer = replace(self.peer, verified=prove(session))
        if self.peer.verified is not None:
            self._write_down(f"the server is who it should be: {self.peer.verified}")

    # --- what the network says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        self._extend(self._limits.greeting)

    def data_received(self, received: bytes) -> None:
        self._heed(self._core.feed(received))

    def eof_received(self) -> None:
        self._heed(self._core.eof())

    def connection_lost(self, fault: Exception | None) -> None:
        why = "the server closed the connection" if fault is None else f"the connection was lost ({_plain(fault)})"
        self._heed(self._core.lost(why))
        if self._watchdog is not None:
            self._watchdog.cancel()
        for tell in self.when_gone:
            tell(self)

    def pause_writing(self) -> None:
        self._unsent = self._still_here()
        self._extend(self._limits.block)

    def resume_writing(self) -> None:
        self._unsent = 0
        self._extend(self._patience[self._core.stage])
        self._wake()

    # --- what follows

    def _heed(self, events: list[smtp.events.ClientEvent]) -> None:
        out = self._core.outgoing_pieces()
        said = self._core.take_transcript()
        if said and self.dialogue is not None:
            self.dialogue.take(said)
        if out and self._transport is not None:
            if len(out) == 1:
                self._transport.write(out[0])
            else:
                self._transport.writelines(out)
        stage = self._core.stage
        # Not at every piece received: a server that trickles its answer gets no more time than another.
        if (out or stage is not self._timed) and self._unsent == 0:
            self._timed = stage
            self._extend(self._patience[stage])
        if events:
            self._note(events)

    def _note(self, events: list[smtp.events.ClientEvent]) -> None:
        self._events.extend(events)
        for event in events:
            match event:
                case _MayTransmit():
                    self.holding = True
                case _Outcome():
                    self.holding = False
                case _Ready():
                    self._ready = True
                case _Closed():
                    self._close()
                case smtp.events.StartTls():
                    cast(asyncio.Transport, self._transport).pause_reading()
                case smtp.events.ProtocolError(why=why, said=said):
                    self._write_down(f"not SMTP: {why}: {said}")
                case _:
                    pass
        if self._retiring and self._ready:
            self.retire()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _close(self) -> None:
        self._closed, self._ready = True, False
        if self._transport is not None:
            self._transport.close()
            self._extend(self._limits.quit)  # a peer that takes neither our bytes nor our end is cut off

    def _write_down(self, text: str) -> None:
        if self.dialogue is not None:
            self.dialogue.note(text)

    # --- time

    def _extend(self, seconds: float) -> None:
        """The deadline moves often, the timer seldom: it looks at the deadline when it rings."""
        self._deadline = self._loop.time() + seconds
        if self._watchdog is not None and self._rings_at > self._deadline:
            self._watchdog.cancel()
            self._watchdog = None
        if self._watchdog is None:
            self._set_watchdog()

    def _set_watchdog(self) -> None:
        self._rings_at = self._deadline
        self._watchdog = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._watchdog = None
        if self._loop.time() < self._deadline:
            self._set_watchdog()
            return
        if 0 < self._still_here() < self._unsent:  # slow, but moving
            self._unsent = self._still_here()
            self._extend(self._limits.block)
            return
        self._time_is_up()

    def _time_is_up(self) -> None:
        if self._ready:
            self.retire()
        elif self._closed:
            self.abort()
        else:
            self.timed_out = True
            waited = self._patience[self._core.stage] if self._unsent == 0 else self._limits.block
            self._write_down(f"no answer within {waited:g} s")
            self._heed(self._core.lost(f"the server did not answer within {waited:g} s"))
            self.abort()

    def _still_here(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()


def _plain(fault: Exception) -> str:
    return str(fault)[:200] or type(fault).__name__

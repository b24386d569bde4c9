"""The socket's side of a conversation: octets in and out, with TLS or without, and whether anything is read at all."""

from __future__ import annotations

import asyncio
import ssl
from enum import Enum
from typing import cast

from sendwright.doors.smtp_shell.tunnel import Tunnel


class Stop:
    """Why nothing is read from a client; reading goes on when no reason is left. Numbers, to be added up."""

    OWED = 1  # it talks ahead while an answer is owed
    UNREAD = 2  # it does not read what we say
    SLOWED = 4  # it made too many errors
    ROOM = 8  # its message is larger than it said, and there is no room


class News(Enum):
    """What else came of octets that were received."""

    __hash__ = object.__hash__

    NONE = "nothing"
    TLS_STANDS = "the handshake is done"
    TLS_FAILED = "the handshake, or a record, was wrong"
    ENDED = "the client said that it will say no more"


class Wire:
    """A transport, and TLS in it once it was begun. Nothing here raises, whatever the client did to the connection."""

    __slots__ = ("_stopped", "_transport", "_tunnel", "fault")

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._tunnel: Tunnel | None = None
        self._stopped = 0
        self.fault = ""

    @property
    def ip(self) -> str:
        """The client's address; empty when it is gone already."""
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    @property
    def tls(self) -> str | None:
        """Like "TLSv1.3"; None in clear."""
        return self._tunnel.version if self._tunnel is not None else None

    @property
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    @property
    def is_shaking_hands(self) -> bool:
        return self._tunnel is not None and not self._tunnel.is_up

    @property
    def is_in_clear(self) -> bool:
        return self._tunnel is None

    # --- words

    def read(self, received: bytes) -> tuple[bytes, News]:
        """What the client said in these octets of TLS."""
        tunnel = cast(Tunnel, self._tunnel)
        was_up = tunnel.is_up
        try:
            said = tunnel.feed(received)
        except ssl.SSLError as fault:
            self.fault = f"TLS failed: {fault.reason}"
            self._transport.write(tunnel.outgoing())
            self._transport.close()
            return b"", News.TLS_FAILED
        said_by_tls = tunnel.outgoing()
        if said_by_tls:
            self._transport.write(said_by_tls)
        if tunnel.is_ended:
            return said, News.ENDED
        return said, News.NONE if was_up or not tunnel.is_up else News.TLS_STANDS

    def write(self, text: bytes) -> bool:
        """Whether it could be written: not to a client that is gone, and not amid a handshake."""
        transport = self._transport
        if transport.is_closing():
            return False
        if self._tunnel is None:
            transport.write(text)
            return True
        if not self._tunnel.is_up:
            return False
        try:
            transport.write(self._tunnel.seal(text))
        except ssl.SSLError:
            transport.abort()
            return False
        return True

    def begin_tls(self, context: ssl.SSLContext) -> None:
        """From here on all octets are TLS's."""
        self._tunnel = Tunnel(context)

    def close(self) -> None:
        """Once everything is written."""
        if self._tunnel is not None and self._tunnel.is_up:
            self._transport.write(self._tunnel.end())
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    # --- reading or not

    def stop(self, reason: int) -> None:
        if not self._stopped and not self._transport.is_closing():
            self._transport.pause_reading()
        self._stopped |= reason

    def let_go(self, reason: int) -> None:
        if not self._stopped & reason:
            return
        self._stopped &= ~reason
        if not self._stopped and not self._transport.is_closing():
            self._transport.resume_reading()

    def is_stopped_for(self, reason: int) -> bool:
        return bool(self._stopped & reason)

"""TLS as octets in, octets out, for the server's side: no socket, and no second transport to swap in at STARTTLS.

The layer that comes with the event loop keeps a buffer of 256 kB for each connection and, when it is put in amid a
conversation, can hand over octets before anybody hears that TLS stands. This one does neither.
"""

from __future__ import annotations

import ssl
from contextlib import suppress

_RECORD = 16_384
"""RFC 8446 section 5.1: no record holds more."""


class Tunnel:
    """One connection's TLS. A fault is an `ssl.SSLError`; `outgoing` may then have an alert for the client."""

    __slots__ = ("_incoming", "_outgoing", "_session", "is_ended", "is_up")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.is_up = False
        self.is_ended = False

    @property
    def version(self) -> str | None:
        """Like "TLSv1.3"; None before the handshake is done."""
        return self._session.version()

    def feed(self, received: bytes) -> bytes:
        """What the client said in these octets; nothing while the handshake lasts. Bounded by what is fed."""
        self._incoming.write(received)
        try:
            if not self.is_up:
                self._session.do_handshake()
                self.is_up = True
            return self._read()
        except ssl.SSLWantReadError:
            return b""

    def seal(self, text: bytes) -> bytes:
        """The text as it is written, with whatever else TLS has to say before it."""
        self._session.write(text)
        return self._outgoing.read()

    def outgoing(self) -> bytes:
        """What TLS itself has to say: the handshake, tickets, alerts."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def end(self) -> bytes:
        """The words that end TLS, so that the client knows that nothing was cut off."""
        with suppress(ssl.SSLError):
            self._session.unwrap()  # never waits for the client's own end: its WANT_READ is suppressed
        return self.outgoing()

    def _read(self) -> bytes:
        pieces: list[bytes] = []
        while self._incoming.pending or self._session.pending():
            try:
                piece = self._session.read(_RECORD)
            except ssl.SSLWantReadError:
                break
            if not piece:
                self.is_ended = True
                break
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

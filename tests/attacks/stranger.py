"""Whoever comes by SMTP and says what no mail program would: octets out, replies in, nothing tidied on the way."""

from __future__ import annotations

import base64
import contextlib
import socket
from types import TracebackType
from typing import Self

from tests.doors.submitter import trusting
from tests.e2e.submitters import SmtpToken

HOME = "127.0.0.1"
_PATIENCE = 30.0
_TRUST = trusting()


class Stranger:
    """One connection. Use as ``with``. ``source``: the address it comes from; all of 127/8 are this machine."""

    def __init__(self, port: int, *, source: str = HOME, inside_tls: bool = False, patience: float = _PATIENCE) -> None:
        self.line: socket.socket = socket.create_connection((HOME, port), timeout=patience, source_address=(source, 0))
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        try:
            if inside_tls:
                self.shake_hands()
            self.greeting = self.hear()
        except BaseException:
            self.line.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.line.close()

    # --- words

    def send(self, *pieces: bytes) -> None:
        """Each piece in a segment of its own, as far as one machine can promise that."""
        for piece in pieces:
            self.line.sendall(piece)

    def hear(self) -> str:
        """The next reply, its lines with line ends between; empty when the connection is over."""
        lines: list[str] = []
        while line := self._line():
            lines.append(line)
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def hear_all(self) -> str:
        """Everything until the connection is over."""
        while self._receive():
            pass
        heard, self._unread = self._unread, b""
        return heard.decode()

    def say(self, text: str | bytes) -> str:
        """A command, and its reply; nothing where the connection was cut before."""
        with contextlib.suppress(OSError):
            self.send(text.encode() + b"\r\n" if isinstance(text, str) else text)
        return self.hear()

    # --- steps

    def shake_hands(self) -> None:
        self.line = _TRUST.wrap_socket(self.line)

    def upgrade(self) -> None:
        """STARTTLS, and EHLO on both sides of it."""
        self.say("EHLO stranger.example.org")
        assert self.say("STARTTLS").startswith("220")
        self.shake_hands()

    def log_in(self, token: SmtpToken) -> str:
        self.say("EHLO stranger.example.org")
        return self.say(proof(token.user, token.password))

    def envelope(self, sender: str, *recipients: str) -> str:
        """Up to DATA; the first refusal, or 354."""
        for command in (f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{one}>" for one in recipients), "DATA"):
            said = self.say(command)
            if said[:1] not in ("2", "3"):
                return said
        return said

    def submit(self, text: bytes, sender: str, *recipients: str) -> str:
        """A whole mail; the first refusal, or what was said of it. ``text`` has CRLF and no dot at a line's start."""
        said = self.envelope(sender, *recipients)
        return self.say(text + b".\r\n") if said.startswith("354") else said

    # --- octets

    def _line(self) -> str:
        while b"\n" not in self._unread:
            if not self._receive():
                break
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode().rstrip("\r")

    def _receive(self) -> bool:
        try:
            piece = self.line.recv(65_536)
        except TimeoutError:
            raise
        except OSError:  # who is cut while it speaks hears a reset instead of an end
            piece = b""
        self._unread += piece
        return bool(piece)


def proof(user: str, password: str) -> bytes:
    """AUTH PLAIN in one line."""
    return b"AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode("utf-8", "surrogatepass")) + b"\r\n"

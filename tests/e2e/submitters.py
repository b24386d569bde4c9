"""Submitters by SMTP that keep the same books as those by HTTP.

Every mail goes to a recipient of its own. Every other one names itself with ``X-Sendwright-Send-Id`` and is repeated
until it is answered; the rest are tried once. A new session begins every few mails, and after every fault.
"""

from __future__ import annotations

import contextlib
import json
import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tests.e2e.load import Submitters
from tests.e2e.program import Program

# The ssl module of Python 3.11 leaves its socket open when the peer dies between connecting and the handshake.
PEERS_DIE = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")

_PAUSE = 0.02
_MAILS_A_SESSION = 7
_TAKEN = re.compile(r"accepted as ([0-9a-f-]{36})")
_FAULTS = (OSError, smtplib.SMTPException)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpToken:
    """What ``sendwright tokens create --json`` gave."""

    user: str
    password: str


def make_token(program: Program, campaign: str = "Receipts") -> SmtpToken:
    """A token of the program's only account."""
    done = program.command("tokens", "create", "--campaign", campaign, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return SmtpToken(user=told["id"], password=told["password"])


def tls_port(program: Program) -> int:
    """Where submission with implicit TLS is open."""
    return int(str(program.ready["submissions"]).rpartition(":")[2])


def session(port: int, token: SmtpToken, *, timeout: float = 30) -> smtplib.SMTP_SSL:
    """Connected, in TLS, logged in."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # of tests on loopback, made on the spot
    line = smtplib.SMTP_SSL("127.0.0.1", port, timeout=timeout, context=context)
    line.login(token.user, token.password)
    return line


def a_mail(to: str, *fields: str, html: str = '<p>Hi, <a href="https://shop.example.com/o">see</a></p>') -> bytes:
    """From the shop."""
    lines = ("From: shop@example.com", f"To: {to}", "Subject: Your order", *fields, "Content-Type: text/html", "", html)
    return ("\r\n".join(lines) + "\r\n").encode()


class SmtpLoad(Submitters):
    """Submits by SMTP. ``ports``: asked anew for every connection."""

    def __init__(
        self,
        ports: Callable[[], Sequence[int]],
        token: SmtpToken,
        *,
        count: int = 3,
        body: str = "<p>Hi</p>",
        label: str = "",
    ) -> None:
        super().__init__(count, label)
        self._ports, self._token, self._body = ports, token, body

    def _run(self, which: int) -> None:
        line: smtplib.SMTP_SSL | None = None
        turn, mails = which, 0
        while not self._done.is_set():
            number = next(self._numbers)
            recipient = f"s{self._label}{number}@example.org"
            send_id = f"smtp-{self._label}{number}" if number % 2 else None
            answered = False
            while not answered:
                turn += 1
                line = line if line is not None and mails % _MAILS_A_SESSION else self._new_line(line, turn)
                mails += 1
                answered = line is not None and self._submit(line, recipient, send_id)
                if not answered:
                    line = _closed(line)
                    self._done.wait(_PAUSE)
                if send_id is None or self._done.is_set():
                    break
        _closed(line)

    def _new_line(self, old: smtplib.SMTP_SSL | None, turn: int) -> smtplib.SMTP_SSL | None:
        _closed(old)
        ports = self._ports()
        try:
            return session(ports[turn % len(ports)], self._token)
        except smtplib.SMTPAuthenticationError as fault:
            if fault.smtp_code == 535:
                self._note_strange(str(fault))
            return None
        except _FAULTS:
            return None

    def _submit(self, line: smtplib.SMTP_SSL, recipient: str, send_id: str | None) -> bool:
        fields = () if send_id is None else (f"X-Sendwright-Send-Id: {send_id}",)
        try:
            line.mail("shop@example.com")
            line.rcpt(recipient)
            code, said = line.data(a_mail(recipient, *fields, html=self._body))
        except smtplib.SMTPDataError as fault:
            code, said = fault.smtp_code, fault.smtp_error if isinstance(fault.smtp_error, bytes) else b""
        except _FAULTS:
            code, said = 0, b""
        with self._lock:
            self._note(recipient, send_id, code, said.decode())
        return code == 250

    def _note(self, recipient: str, send_id: str | None, code: int, said: str) -> None:
        books = self.books
        if send_id is not None:
            books.by_send_id.add(recipient)
        if code == 250:
            found = _TAKEN.search(said)
            assert found is not None, said
            books.promised.setdefault(recipient, []).append(found[1])
        elif 400 <= code < 500:
            books.put_off += 1
        elif code == 0 or code == -1:
            books.unanswered.add(recipient)
        else:
            books.strange.append(f"{code} {said}")

    def _note_strange(self, said: str) -> None:
        with self._lock:
            self.books.strange.append(said)


def _closed(line: smtplib.SMTP_SSL | None) -> None:
    if line is not None:
        with contextlib.suppress(*_FAULTS):
            line.close()

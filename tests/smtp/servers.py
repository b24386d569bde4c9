"""Servers brought to where a test begins, and a shell that says yes to everything."""

from sendwright import smtp
from sendwright.smtp.server_life import State

events = smtp.events
Questions = (events.Mail, events.Rcpt, events.Message, events.Auth)


def greeted(**options: object) -> smtp.Server:
    server = smtp.Server(hostname="mx.example.org", **options)
    server.accept()
    server.feed(b"EHLO a.example.com\r\n")
    server.outgoing()
    return server


def obliging(server: smtp.Server, happened: list[events.ServerEvent]) -> list[events.ServerEvent]:
    """Accepts each question as it comes; all that happened."""
    waiting, seen = list(happened), []
    while waiting:
        event = waiting.pop(0)
        seen.append(event)
        if isinstance(event, Questions):
            waiting += server.accept()
    return seen


def says(server: smtp.Server, *pieces: bytes) -> list[events.ServerEvent]:
    return [event for piece in pieces for event in obliging(server, server.feed(piece))]


def codes(server: smtp.Server) -> list[str]:
    """The first word of each line that was written."""
    return [line[:3] for line in server.outgoing().decode().splitlines()]


def messages(happened: list[events.ServerEvent]) -> list[bytes]:
    return [event.content for event in happened if isinstance(event, events.Message)]


def senders(happened: list[events.ServerEvent]) -> list[str]:
    return [event.sender for event in happened if isinstance(event, events.Mail)]


MAIL = b"MAIL FROM:<a@example.com>\r\n"
RCPT = b"RCPT TO:<b@example.org>\r\n"


def in_state(state: State) -> smtp.Server:
    """A fresh server in this state, all written."""
    server = _MAKERS[state]()
    server.outgoing()
    assert server.state is state
    return server


def _after(yes: tuple[bytes, ...], *last: bytes, **options: object) -> smtp.Server:
    server = greeted(**options)
    says(server, *yes)
    for piece in last:
        server.feed(piece)
    return server


def _stranger() -> smtp.Server:
    server = smtp.Server(hostname="mx.example.org")
    server.accept()
    return server


def _closed() -> smtp.Server:
    server = greeted()
    server.eof()
    return server


_AUTH = {"auth": True, "secure": True}
_MAKERS = {
    State.CONNECTED_ASKED: lambda: smtp.Server(hostname="mx.example.org"),
    State.STRANGER: _stranger,
    State.IDLE: greeted,
    State.AUTH_TALK: lambda: _after((), b"AUTH LOGIN\r\n", **_AUTH),
    State.AUTH_ASKED: lambda: _after((), b"AUTH PLAIN AGEAYg==\r\n", **_AUTH),
    State.MAIL_ASKED: lambda: _after((), MAIL),
    State.SENDER_KNOWN: lambda: _after((MAIL,)),
    State.FIRST_RCPT_ASKED: lambda: _after((MAIL,), RCPT),
    State.RECIPIENTS_KNOWN: lambda: _after((MAIL, RCPT)),
    State.RCPT_ASKED: lambda: _after((MAIL, RCPT), RCPT),
    State.RECEIVING: lambda: _after((MAIL, RCPT, b"DATA\r\n")),
    State.CHUNK_COMING: lambda: _after((MAIL, RCPT, b"BDAT 1000\r\n")),
    State.CHUNKED: lambda: _after((MAIL, RCPT, b"BDAT 0\r\n")),
    State.MESSAGE_ASKED: lambda: _after((MAIL, RCPT, b"DATA\r\n"), b"hello\r\n.\r\n"),
    State.UPGRADING: lambda: _after((), b"STARTTLS\r\n", starttls=True),
    State.CLOSED: _closed,
}

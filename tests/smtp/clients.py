"""Clients brought to where a test begins, and the scripts that bring them there."""

from sendwright import smtp
from sendwright.smtp.client_life import State

PIPELINING = b"250-mx.example.org\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n"
PLAIN = b"250 mx.example.org\r\n"
ENVELOPE = smtp.Envelope(mail_from="a@example.com", rcpt_to=("b@example.org",))
TO_TWO = smtp.Envelope(mail_from="a@example.com", rcpt_to=("b@example.org", "c@example.org"))


def hears(client: smtp.Client, *pieces: bytes) -> list[smtp.events.ClientEvent]:
    """Feeds each piece after writing what was to be written; the events of all of them."""
    happened = []
    for piece in pieces:
        client.outgoing()
        happened += client.feed(piece)
    client.outgoing()
    return happened


def ready(offers: bytes = PIPELINING) -> smtp.Client:
    client = smtp.Client(ehlo_name="a.example.com")
    hears(client, b"220 mx.example.org\r\n", offers)
    return client


def sending(envelope: smtp.Envelope, *answers: bytes, offers: bytes = PIPELINING) -> smtp.Client:
    client = ready(offers)
    client.send(envelope)
    hears(client, *answers)
    return client


def holding() -> smtp.Client:
    return sending(ENVELOPE, b"250 ok\r\n250 ok\r\n354 go\r\n")


def in_state(state: State) -> smtp.Client:
    """A fresh client in this state, all written."""
    client = _MAKERS[state]()
    client.outgoing()
    assert client.state is state
    return client


def _early(*pieces: bytes, **options: object) -> smtp.Client:
    client = smtp.Client(ehlo_name="a.example.com", **options)
    hears(client, *pieces)
    return client


def _after_dot() -> smtp.Client:
    client = holding()
    client.transmit(b"hello\r\n")
    return client


def _quitting() -> smtp.Client:
    client = ready()
    client.quit()
    return client


def _closed() -> smtp.Client:
    client = ready()
    client.eof()
    return client


_HELLO = b"220 mx.example.org\r\n"
_OFFERS_TLS = b"250-mx.example.org\r\n250 STARTTLS\r\n"
_OFFERS_AUTH = b"250-mx.example.org\r\n250 AUTH LOGIN\r\n"
_WHO = smtp.Credentials(username="app", password="secret")
_MAKERS = {
    State.CONNECTED: _early,
    State.GREETED: lambda: _early(_HELLO),
    State.OLD_FASHIONED: lambda: _early(_HELLO, b"500 what\r\n"),
    State.TLS_ASKED: lambda: _early(_HELLO, _OFFERS_TLS, starttls="opportunistic"),
    State.UPGRADING: lambda: _early(_HELLO, _OFFERS_TLS, b"220 go\r\n", starttls="opportunistic"),
    State.PROVING: lambda: _early(_HELLO, _OFFERS_AUTH, secure=True, credentials=_WHO),
    State.READY: ready,
    State.MAIL_SENT: lambda: sending(TO_TWO, offers=PLAIN),
    State.RCPT_SENT: lambda: sending(TO_TWO, b"250 ok\r\n", offers=PLAIN),
    State.DATA_SENT: lambda: sending(ENVELOPE, b"250 ok\r\n250 ok\r\n"),
    State.HOLDING: holding,
    State.DOT_WRITTEN: _after_dot,
    State.DOT_FOR_NOBODY: lambda: sending(ENVELOPE, b"250 ok\r\n550 no\r\n354 go\r\n"),
    State.RESETTING: lambda: sending(ENVELOPE, b"250 ok\r\n", b"550 no\r\n", offers=PLAIN),
    State.QUITTING: _quitting,
    State.CLOSED: _closed,
}

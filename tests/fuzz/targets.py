"""The targets: each takes any octets, and fails by an exception or by being slow."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sendwright import mail, smtp
from sendwright.outbound import mta_sts
from tests.fuzz.reports import REPORTS

_DIALOGUES = Path(__file__).parent.parent / "dialogues"
_PLAIN_MAIL = b"From: a@example.com\r\nTo: b@example.org\r\nSubject: Hi\r\n\r\nHello\r\n"
_PARTS_MAIL = (
    b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C3=A4</p>\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
    + _PLAIN_MAIL
    + b"--x--\r\n"
)
_REPLIES = (
    b"220 mx.example.org ESMTP\r\n250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250-DSN\r\n"
    b"250 SMTPUTF8\r\n250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n250 2.0.0 taken\r\n",
    b"220 mx.example.org ESMTP\r\n250 mx.example.org\r\n250 ok\r\n550-5.1.1 no such user\r\n550 5.1.1 here\r\n",
    b"421 4.3.2 too busy\r\n",
    b"220 mx\r\n502 what\r\n250 mx\r\n452 4.2.2 full\r\n",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``run`` takes any octets. ``seeds`` are good ones to begin with."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]


def _hear_replies(octets: bytes) -> None:
    """A client that has a mail to hand over hears these, in pieces; it ends, and shows little of what it heard."""
    client = smtp.Client(ehlo_name="out.example.com", starttls="never")
    chance = random.Random(len(octets))
    envelope = smtp.Envelope(mail_from="a@example.com", rcpt_to=("b@example.org",), size=len(_PLAIN_MAIL))
    while octets:
        cut = chance.randint(1, 4_096)
        _follow(client, client.feed(octets[:cut]), envelope)
        octets = octets[cut:]
    _follow(client, client.eof(), envelope)
    client.outgoing()


def _follow(client: smtp.Client, happened: Sequence[smtp.events.ClientEvent], envelope: smtp.Envelope) -> None:
    waiting = list(happened)
    for _ in range(50):
        client.outgoing()
        if not waiting:
            return
        match waiting.pop(0):
            case smtp.events.Ready() if not waiting and client.stage is None:
                waiting.extend(client.send(envelope))
            case smtp.events.MayTransmit() if not waiting:
                waiting.extend(client.transmit(_PLAIN_MAIL))
            case smtp.events.ProtocolError(said=said):
                assert len(said) <= 400
            case _:
                pass


def _serve(octets: bytes) -> None:
    """A server hears these, and says yes to everything."""
    server = smtp.Server(hostname="in.example.com", limits=smtp.Limits(message_octets=50_000))
    waiting = server.accept()
    chance = random.Random(len(octets))
    while octets:
        cut = chance.randint(1, 4_096)
        waiting.extend(server.feed(octets[:cut]))
        octets = octets[cut:]
        _agree(server, waiting)
    server.outgoing()


def _agree(server: smtp.Server, waiting: list[smtp.events.ServerEvent]) -> None:
    questions = smtp.events.Mail | smtp.events.Rcpt | smtp.events.Message
    while waiting:
        event = waiting.pop(0)
        server.outgoing()
        if isinstance(event, questions):
            waiting.extend(server.accept())


def _dialogue_octets() -> list[bytes]:
    """What clients say in the dialogue tests."""
    said = []
    for file in sorted(_DIALOGUES.glob("*.txt")):
        lines = [line[2:].strip() for line in file.read_text().splitlines() if line.startswith(("C:", "C "))]
        said.append("".join(f"{line}\r\n" for line in lines).encode())
    return [one for one in said if one] or [
        b"EHLO a\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
    ]


def _read_mail(octets: bytes) -> None:
    mail.read(octets)
    mail.read_heading(octets)


def _read_report(octets: bytes) -> None:
    """Whatever it is, it is a report of some kind, and what it tells is short and printable."""
    for told in mail.read_report(octets).recipients:
        assert len(told.address) <= 320
        assert len(told.status) <= 11
        assert told.reply_code == "" or told.reply_code.isdigit()


def _read_policy(octets: bytes) -> None:
    """A policy or a reason, and a host is listed or not."""
    policy = mta_sts.read_policy(octets)
    if isinstance(policy, mta_sts.StsPolicy):
        mta_sts.lists(policy, "mx.example.org")
    mta_sts.record_id([octets.decode("latin-1")])


_POLICIES = (
    b"version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmx: *.example.net\r\nmax_age: 604800\r\n",
    b"version: STSv1\nmode: testing\nmx: mx.example.org\nmax_age: 86400",
    b"v=STSv1; id=20160831085700Z;",
)


TARGETS = {
    "reports": Target(run=_read_report, seeds=lambda: REPORTS),
    "policies": Target(run=_read_policy, seeds=lambda: _POLICIES),
    "replies": Target(run=_hear_replies, seeds=lambda: _REPLIES),
    "sessions": Target(run=_serve, seeds=_dialogue_octets),
    "mails": Target(run=_read_mail, seeds=lambda: (_PLAIN_MAIL, _PARTS_MAIL)),
}

"""Sends and received mails for tests of doors: written by the rooms themselves, without stories or sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sendwright import database, ledger, sandbox
from tests.ledger import cast

LETTER = b"""\
From: Shop <shop@example.com>\r
To: ann@example.org\r
Subject: Your order\r
Message-ID: <1@example.com>\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Thank you, Ann.\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
%s\r
--b--\r
"""


def letter(html: str) -> bytes:
    """A mail with this HTML."""
    return LETTER.replace(b"%s", html.encode())


def accepted(
    conn: database.Connection, account_id: int, now: datetime, recipient: str = "ann@example.org", email_id: int = 7
) -> str:
    """A send that nobody has looked at yet."""
    new = replace(cast.new_send(now, account_id=account_id), recipient=recipient, email_id=email_id)
    (send,) = ledger.accept(conn, [new])
    return send.id


def labelled(
    conn: database.Connection, account_id: int, now: datetime, tags: Sequence[str], metadata: Mapping[str, str]
) -> str:
    """A send that its sender wants to find again."""
    labels = ledger.Labels(tags=tuple(tags), metadata=metadata)
    (send,) = ledger.accept(conn, [replace(cast.new_send(now, account_id=account_id), labels=labels)])
    return send.id


def attempted(
    conn: database.Connection,
    account_id: int,
    now: datetime,
    outcomes: Sequence[ledger.Outcome] = (ledger.Outcome.DELIVERED,),
    email_id: int = 7,
) -> str:
    """A send with an attempt for each recipient: the first is the ``to``, the others are copies."""
    send_id = accepted(conn, account_id, now, email_id=email_id)
    (send,) = ledger.claim_sends(conn, "w1", cast.LEASE, 100, now)
    item = cast.composed(send, now + timedelta(milliseconds=12), recipients=len(outcomes))
    ledger.compose(conn, [item], 120_000)
    for new, outcome in zip(item.deliveries, outcomes, strict=True):
        due = now + timedelta(minutes=5) if outcome is not ledger.Outcome.DELIVERED else None
        held = cast.held(send, new)
        ledger.intend(conn, [cast.intent(held, now)])
        end = now + timedelta(milliseconds=345)
        final = outcome in (ledger.Outcome.DELIVERED, ledger.Outcome.FAILED)
        ledger.settle(conn, [cast.settlement(held, outcome, end, due=None if final else due)])
    return send_id


def dropped(conn: database.Connection, account_id: int, now: datetime) -> str:
    """A send that ended before any attempt."""
    send_id = accepted(conn, account_id, now)
    (send,) = ledger.claim_sends(conn, "w1", cast.LEASE, 100, now)
    item = cast.dropped(send, now)
    event = replace(item.event, facts={"dropReason": "MISSING_CONTENT", "dropMessage": "No such e-mail."})
    ledger.drop(conn, [replace(item, event=event)])
    return send_id


def received(
    conn: database.Connection,
    account_id: int,
    send_id: str,
    now: datetime,
    raw: bytes = LETTER,
    rcpt_to: str = "person0@example.org",
) -> str:
    """A mail that the sandbox kept."""
    arrival = sandbox.Arrival(
        account_id=account_id, send_id=send_id, mail_from="bounce.1@example.com", rcpt_to=rcpt_to,
        subject=sandbox.subject_of(raw), received_at=now, tls="TLSv1.3", raw=raw,
    )  # fmt: skip
    (mail_id,) = sandbox.keep(conn, [arrival])
    return mail_id


def hold(conn: database.Connection, account_id: int, send_id: str, now: datetime, why: str) -> None:
    """The operator holds what waits of a send."""
    wanted = ledger.Selection(account_id=account_id, send_id=send_id)
    ledger.steer(conn, ledger.Action.HOLD, wanted, None, 10, now, why)


def came_back(conn: database.Connection, account_id: int, send_id: str, now: datetime, words: str) -> None:
    """A server that took a mail of a send returns it."""
    send = ledger.find_send(conn, account_id, send_id)
    assert send is not None
    event = ledger.NewEvent(
        account_id=account_id, id=database.uuid7(now), type=ledger.EventType.BOUNCE, created=now, send_id=send.id,
        recipient="person0@example.org", campaign_id=send.campaign_id, app_id=send.app_id,
        facts={"response": words, "reportId": "1"},
    )  # fmt: skip
    ledger.record(conn, [event])

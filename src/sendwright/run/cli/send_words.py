"""A send as text and as JSON: the same words on the command line and for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sendwright import ledger, views
from sendwright.run.cli.common import clean

_WHO = {"out": "we ", "in": "they", "note": "  * "}


def send_row(send: ledger.Send) -> tuple[str, ...]:
    """A line of the list."""
    return (
        send.id, f"{send.requested_at:%Y-%m-%d %H:%M:%S}", ledger.status_of(send.state, send.result),
        send.result or "", send.recipient, send.subject or "",
    )  # fmt: skip


def send_document(send: ledger.Send) -> dict[str, object]:
    """A send for scripts."""
    return {
        "id": send.id, "status": ledger.status_of(send.state, send.result), "sendResult": send.result,
        "message": send.explanation, "to": send.recipient, "from": send.sender, "subject": send.subject,
        "emailId": send.email_id, "campaignId": send.campaign_id, "contactId": send.contact_id,
        "requestedAt": _iso(send.requested_at), "startedAt": _iso(send.started_at),
        "completedAt": _iso(send.completed_at),
    }  # fmt: skip


def page_document(page: views.SendPage) -> dict[str, object]:
    """Everything about a send, for scripts."""
    return {
        **send_document(page.send),
        "deliveries": [
            {
                "id": d.id, "to": d.recipient, "part": d.part, "state": d.state, "tries": d.tries,
                "due": _iso(d.due), "message": d.explanation,
            }
            for d in page.deliveries
        ],
        "attempts": [attempt_document(a) for a in page.attempts],
        "events": [
            {"id": e.id, "type": e.type, "created": _iso(e.created), "recipient": e.recipient, **e.facts}
            for e in page.events
        ],
    }  # fmt: skip


def attempt_document(attempt: ledger.Attempt) -> dict[str, object]:
    """One try, for scripts."""
    return {
        "id": attempt.id, "number": attempt.number, "to": attempt.recipient, "outcome": attempt.outcome,
        "startedAt": _iso(attempt.started_at), "endedAt": _iso(attempt.ended_at), "host": attempt.host,
        "ip": attempt.ip, "tls": attempt.tls, "stage": attempt.stage, "code": attempt.code,
        "enhancedCode": attempt.status, "reply": attempt.reply, "message": attempt.explanation,
        "dialogue": [{"ms": at, "direction": who, "text": text} for at, who, text in attempt.dialogue],
    }  # fmt: skip


def page_lines(page: views.SendPage) -> Iterator[str]:
    """Everything about a send, to read."""
    send = page.send
    status = ledger.status_of(send.state, send.result)
    yield f"{status}{f' / {send.result}' if send.result else ''}"
    if send.explanation:
        yield clean(send.explanation)
    yield ""
    yield f"  To         {clean(send.recipient)}"
    yield f"  From       {clean(send.sender or '')}"
    yield f"  Subject    {clean(send.subject or '')}"
    yield f"  Requested  {send.requested_at:%Y-%m-%d %H:%M:%S} UTC"
    for delivery in page.deliveries:
        if delivery.part is not ledger.Part.TO:
            yield f"  {delivery.part.capitalize():<10} {clean(delivery.recipient)}: {delivery.state}"
    for attempt in page.attempts:
        yield ""
        yield f"Attempt {attempt.number} to {clean(attempt.recipient)}: {attempt.outcome}"
        yield f"  {clean(attempt.explanation)}"
        for at, who, text in attempt.dialogue:
            yield f"  {at:>6} ms {_WHO.get(who, who):<4} {clean(text)}"
    if page.events:
        yield ""
        yield "Events"
        for event in page.events:
            yield f"  {event.created:%H:%M:%S.%f}"[:-3] + f"  {event.type:<10} {clean(event.recipient)}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

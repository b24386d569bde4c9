"""A send as a JSON document: the same for the API and for the command line. Names are camelCase, ids are strings.

Every field is always there, null when it is not known (yet), so that a script finds the same shape at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sendwright import ledger, views

Document = Mapping[str, Any]
"""JSON, ready to be written."""

_NOT_YET = {
    ledger.SendState.ACCEPTED: "Accepted; it waits to be composed",
    ledger.SendState.COMPOSING: "It is being composed",
    ledger.SendState.QUEUED: "Composed; the first attempt has no outcome yet",
    ledger.SendState.FINAL: "It is done",
    ledger.SendState.CANCELED: "It was taken back before it was sent",
}

_NO_LABELS = ledger.Labels()


def sentence(send: ledger.Send) -> str:
    """What became of it, in plain words, on one line."""
    return send.explanation or _NOT_YET[send.state]


def send_document(send: ledger.Send) -> dict[str, Any]:
    """A send, for lists."""
    labels = send.labels or _NO_LABELS
    return {
        "id": send.id, "status": ledger.status_of(send.state, send.result).value,
        "sendResult": None if send.result is None else send.result.value, "message": sentence(send),
        "to": send.recipient, "from": send.sender, "subject": send.subject, "emailId": str(send.email_id),
        "campaignId": _id(send.campaign_id), "contactId": _id(send.contact_id),
        "requestedAt": iso(send.requested_at), "startedAt": iso(send.started_at),
        "completedAt": iso(send.completed_at), "tags": list(labels.tags), "metadata": dict(labels.metadata),
    }  # fmt: skip


def page_document(page: views.SendPage) -> dict[str, Any]:
    """Everything about a send."""
    return {
        **send_document(page.send),
        "deliveries": [delivery_document(delivery) for delivery in page.deliveries],
        "attempts": [attempt_document(attempt) for attempt in page.attempts],
        "events": [event_document(event) for event in page.events],
    }


def delivery_document(delivery: ledger.DeliveryView) -> Document:
    """How one recipient stands. ``due``: when it is tried (again)."""
    return {
        "id": delivery.id, "to": delivery.recipient, "part": delivery.part.value, "state": delivery.state.value,
        "tries": delivery.tries, "due": iso(delivery.due), "message": delivery.explanation,
    }  # fmt: skip


def attempt_document(attempt: ledger.Attempt) -> Document:
    """One try, with the conversation: ``direction`` is out (we), in (they) or note."""
    return {
        "id": attempt.id, "number": attempt.number, "to": attempt.recipient, "outcome": attempt.outcome.value,
        "startedAt": iso(attempt.started_at), "endedAt": iso(attempt.ended_at), "host": attempt.host,
        "ip": attempt.ip, "tls": attempt.tls, "stage": attempt.stage, "code": attempt.code,
        "enhancedCode": attempt.status, "reply": attempt.reply, "message": attempt.explanation,
        "dialogue": [{"ms": at, "direction": who, "text": text} for at, who, text in attempt.dialogue],
    }  # fmt: skip


def event_document(event: ledger.Event) -> Document:
    """A fact. What only its type knows is in ``facts``, where it can hide no other field."""
    return {
        "id": event.id, "type": event.type.value, "created": iso(event.created), "recipient": event.recipient,
        "facts": dict(event.facts),
    }  # fmt: skip


def iso(moment: datetime | None) -> str | None:
    """``2026-01-31T12:00:00.000Z``."""
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)

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
    """How one recipient stands. ``due``: when it is tried (again); ``egress``: null for the installation's own way."""
    return {
        "id": delivery.id, "to": delivery.recipient, "part": delivery.part.value, "state": delivery.state.value,
        "tries": delivery.tries, "due": iso(delivery.due), "egress": delivery.egress or None,
        "message": delivery.explanation,
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


def queue_line_document(line: ledger.QueueLine) -> Document:
    """What waits for one site by one egress ("": the installation's own way)."""
    states = line.states
    return {
        "egress": line.egress, "site": line.site, "waiting": states.get("waiting", 0),
        "inDoubt": states.get("in_doubt", 0), "held": states.get("held", 0),
        "underWay": states.get("leased", 0) + states.get("committing", 0), "oldest": iso(line.oldest),
        "nextDue": iso(line.next_due), "reason": line.reason,
    }  # fmt: skip


def load_document(worker: str, load: ledger.SiteLoad) -> Document:
    """What one worker does at a site now; rates are messages in a minute."""
    return {
        "worker": worker, "connections": load.connections, "allowedConnections": load.allowed, "rate": load.rate,
        "allowedRate": load.allowed_rate, "restingUntil": iso(load.resting_until), "why": load.why,
        "refusal": load.refusal, "refusedAt": iso(load.refused_at),
    }  # fmt: skip


def pause_document(pause: ledger.Pause) -> Document:
    """What is kept from leaving; account null: of all accounts."""
    return {
        "account": None if pause.account_id == ledger.EVERYBODY else pause.account_id, "kind": pause.kind.value,
        "name": pause.name, "reason": pause.reason, "since": iso(pause.since), "until": iso(pause.until),
    }  # fmt: skip


def waiting_document(waiting: ledger.Waiting) -> Document:
    """A delivery in the queue."""
    return {
        "account": waiting.account_id, "id": waiting.id, "sendId": waiting.send_id, "to": waiting.recipient,
        "domain": waiting.domain, "egress": waiting.egress, "site": waiting.site, "stream": waiting.stream,
        "state": waiting.state, "hold": None if waiting.hold is None else waiting.hold.value,
        "paused": waiting.paused, "tries": waiting.tries, "due": iso(waiting.due),
        "acceptedAt": iso(waiting.accepted_at), "message": waiting.explanation,
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

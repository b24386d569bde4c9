"""The way of a send as the page tells it: one step after another, each with what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sendwright import ledger, send_documents, views


class Tone(StrEnum):
    """What a step means for the send. Each has a sign and a word beside its colour."""

    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, or is going to."""

    tone: Tone
    title: str
    at: datetime
    after: str
    """How long after the call, such as "+12 ms"."""
    about: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    attempt: ledger.Attempt | None = None
    took_ms: int = 0
    is_visit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """How a send stands, in a word and in a sentence."""

    tone: Tone
    word: str
    sentence: str
    is_moving: bool
    """Something is to happen at any moment: it is worth looking again."""


_OUTCOMES = {
    ledger.Outcome.DELIVERED: (Tone.GOOD, "Delivered to"),
    ledger.Outcome.DEFERRED: (Tone.WAITING, "Put off for"),
    ledger.Outcome.FAILED: (Tone.BAD, "Failed for"),
    ledger.Outcome.IN_DOUBT: (Tone.WAITING, "In doubt for"),
    ledger.Outcome.RELEASED: (Tone.PLAIN, "Given back for"),
}
_VISITS = {
    ledger.EventType.OPEN: (Tone.GOOD, "Opened"),
    ledger.EventType.CLICK: (Tone.GOOD, "Clicked"),
    ledger.EventType.SPAMREPORT: (Tone.BAD, "Reported as spam"),
    ledger.EventType.STATUSCHANGE: (Tone.PLAIN, "Subscription changed"),
}
_PEOPLE_ONLY = {"person": "", "proxy": " by a privacy proxy", "scanner": " by a scanner"}
_TRIES_AGAIN = frozenset({ledger.DeliveryState.WAITING, ledger.DeliveryState.IN_DOUBT})


def headline(page: views.SendPage) -> Headline:
    """How the send stands."""
    send = page.send
    held = [each for each in page.deliveries if each.state is ledger.DeliveryState.HELD]
    if held:
        why = held[0].explanation or "it waits for a person"
        return Headline(tone=Tone.WAITING, word="Held", sentence=f"{held[0].recipient}: {why}", is_moving=False)
    tone, word = _standing(send)
    status = ledger.status_of(send.state, send.result)
    return Headline(
        tone=tone, word=word, sentence=send_documents.sentence(send),
        is_moving=status in (ledger.Status.PENDING, ledger.Status.PROCESSING),
    )  # fmt: skip


def lane(page: views.SendPage) -> tuple[Step, ...]:
    """All steps, in the order of time; what is to come stands last."""
    send = page.send
    sending = sorted([_accepted(send), *_composed(page), *_attempts(page)], key=lambda step: step.at)
    # a recipient on the same machine can be faster than the note of the delivery
    delivered = min((step.at for step in sending if step.attempt and step.tone is Tone.GOOD), default=send.requested_at)
    done = sorted(
        [*sending, *_came_back(page), *_visits(page)],
        key=lambda step: max(step.at, delivered) if step.is_visit else step.at,
    )
    return (*done, *_to_come(page))


def offset(gap: timedelta) -> str:
    """A time after the call: "+12 ms", "+1.3 s", "+4 min 10 s", "+3 h 5 min", "+2 days"."""
    ms = max(gap // timedelta(milliseconds=1), 0)
    seconds = ms // 1000
    if ms < 1000:
        return f"+{ms} ms"
    if seconds < 60:
        return f"+{ms / 1000:.1f} s"
    if seconds < 3600:
        return f"+{seconds // 60} min {seconds % 60} s"
    if seconds < 172_800:
        return f"+{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"+{seconds // 86_400} days"


def _standing(send: ledger.Send) -> tuple[Tone, str]:
    match send.state, send.result:
        case ledger.SendState.CANCELED, _:
            return Tone.PLAIN, "Taken back"
        case _, ledger.SendResult.SENT:
            return Tone.GOOD, "Delivered"
        case _, ledger.SendResult.UNDELIVERABLE:
            return Tone.BAD, "Not delivered"
        case _, ledger.SendResult.QUEUED:
            return Tone.WAITING, "Put off"
        case _, None:
            return Tone.WAITING, "On its way"
    return Tone.BAD, "Not sent"


def _accepted(send: ledger.Send) -> Step:
    return Step(
        tone=Tone.GOOD, title="Accepted", at=send.requested_at, after=offset(timedelta()),
        about="The call was written to disk, then answered.",
    )  # fmt: skip


def _composed(page: views.SendPage) -> Iterator[Step]:
    start = page.send.requested_at
    for event in page.events:
        if event.type is ledger.EventType.PROCESSED:
            yield Step(
                tone=Tone.GOOD, title="Composed", at=event.created, after=offset(event.created - start),
                about="Rendered, tracked and signed.",
            )  # fmt: skip
        elif event.type is ledger.EventType.DROPPED:
            yield Step(
                tone=Tone.BAD, title="Not sent", at=event.created, after=offset(event.created - start),
                about=str(event.facts.get("dropMessage", "")),
                facts=(("Result", str(event.facts.get("dropReason", ""))),),
            )  # fmt: skip


def _attempts(page: views.SendPage) -> Iterator[Step]:
    deliveries = {delivery.id: delivery for delivery in page.deliveries}
    for each in page.attempts:
        tone, verb = _OUTCOMES[each.outcome]
        yield Step(
            tone=tone, title=f"{verb} {each.recipient}", at=each.ended_at,
            after=offset(each.ended_at - page.send.requested_at),
            about=each.explanation, facts=tuple(_facts(each, deliveries.get(each.delivery_id))), attempt=each,
            took_ms=max((each.ended_at - each.started_at) // timedelta(milliseconds=1), 0),
        )  # fmt: skip


def _facts(attempt: ledger.Attempt, delivery: ledger.DeliveryView | None) -> Iterator[tuple[str, str]]:
    if delivery is not None and delivery.part is not ledger.Part.TO:
        yield "Copy", str(delivery.part)
    yield "Attempt", str(attempt.number)
    if delivery is not None and delivery.egress:
        yield "By", delivery.egress
    if attempt.host:
        yield "Server", f"{attempt.host} ({attempt.ip})" if attempt.ip not in (None, attempt.host) else attempt.host
        yield "Over", attempt.tls.replace("TLSv", "TLS ") if attempt.tls else "plain text"
    if attempt.code:
        yield "Answer", f"{attempt.code} {attempt.status}" if attempt.status else str(attempt.code)


def _visits(page: views.SendPage) -> Iterator[Step]:
    for event in page.events:
        if event.type in _VISITS:
            tone, title = _VISITS[event.type]
            by = _PEOPLE_ONLY.get(str(event.facts.get("hitKind", "person")), "")
            yield Step(
                tone=Tone.PLAIN if by else tone, title=f"{title}{by}", at=event.created,
                after=offset(event.created - page.send.requested_at), facts=tuple(_visit_facts(event)),
                is_visit=True,
            )  # fmt: skip


def _visit_facts(event: ledger.Event) -> Iterator[tuple[str, str]]:
    for name, label in (
        ("url", "Link"), ("userAgent", "With"), ("ipAddress", "From"), ("portalSubscriptionStatus", "Now"),
    ):  # fmt: skip
        value = event.facts.get(name)
        if value:
            yield label, str(value)


def _came_back(page: views.SendPage) -> Iterator[Step]:
    """Bounces by mail; what a server refused in the session is shown with its attempt."""
    for event in page.events:
        if event.type is ledger.EventType.BOUNCE and event.facts.get("reportId"):
            yield Step(
                tone=Tone.BAD, title=f"Came back from {event.recipient}", at=event.created,
                after=offset(event.created - page.send.requested_at), about=str(event.facts.get("response", "")),
            )  # fmt: skip


def _to_come(page: views.SendPage) -> Iterator[Step]:
    for each in page.deliveries:
        if each.state is ledger.DeliveryState.HELD:
            yield Step(
                tone=Tone.WAITING, title=f"Held: {each.recipient}", at=page.send.requested_at,
                after="until it is released or canceled", about=each.explanation or "",
            )  # fmt: skip
        if each.due is not None and each.state in _TRIES_AGAIN:
            yield Step(
                tone=Tone.WAITING, title=f"Next try for {each.recipient}", at=each.due,
                after=offset(each.due - page.send.requested_at),
            )  # fmt: skip

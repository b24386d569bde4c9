"""The queue as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sendwright import accounts, database, ledger, send_documents, steering
from sendwright.run.cli.common import WHO, Failed, clean

HEADS = ("EGRESS", "SITE", "WAITING", "IN DOUBT", "HELD", "UNDER WAY", "OLDEST", "NEXT", "NOW/ALLOWED", "WHY")
LIST_HEADS = ("PLACE", "TO", "STATE", "TRIES", "DUE", "WHY")
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that ``sendwright queue`` shows."""

    now: datetime
    lines: Sequence[ledger.QueueLine]
    workers: Sequence[ledger.WorkerLoad]
    pauses: Sequence[ledger.Pause]
    stuck: int
    """Sends that could not be composed, again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A delivery with its attempts."""

    delivery: ledger.Waiting
    attempts: Sequence[ledger.Attempt]


def overview_document(overview: Overview) -> dict[str, Any]:
    """For scripts."""
    return {
        "lines": [
            {
                **send_documents.queue_line_document(line),
                "now": [send_documents.load_document(worker, load) for worker, load in _loads(overview, line)],
            }
            for line in overview.lines
        ],
        "pauses": [send_documents.pause_document(each) for each in overview.pauses],
        "workers": [
            {"worker": each.worker, "seen": send_documents.iso(each.seen), "inFlight": each.in_flight}
            for each in overview.workers
        ],
        "notComposed": overview.stuck,
    }


def rows(overview: Overview) -> list[tuple[object, ...]]:
    """A row for each egress and site."""
    return [_row(overview, line) for line in overview.lines]


def _row(overview: Overview, line: ledger.QueueLine) -> tuple[object, ...]:
    loads = [load for _, load in _loads(overview, line)]
    refusal = next((load.refusal for load in loads if load.refusal), None)
    return (
        line.egress or "-", line.site, line.states.get("waiting", 0), line.states.get("in_doubt", 0),
        line.states.get("held", 0), line.states.get("leased", 0) + line.states.get("committing", 0),
        _span(overview.now - line.oldest), "-" if line.next_due is None else _until(line.next_due - overview.now),
        _rates(loads), _cut(refusal or line.reason or ""),
    )  # fmt: skip


def _loads(overview: Overview, line: ledger.QueueLine) -> list[tuple[str, ledger.SiteLoad]]:
    return [
        (worker.worker, load)
        for worker in overview.workers
        for load in worker.sites
        if (load.egress, load.site) == (line.egress, line.site)
    ]


def _rates(loads: Sequence[ledger.SiteLoad]) -> str:
    if not loads:
        return "-"
    connections = f"{sum(load.connections for load in loads)}/{sum(load.allowed for load in loads)}"
    limits = [load.allowed_rate for load in loads if load.allowed_rate is not None]
    if not limits:
        return connections
    return f"{connections}, {sum(load.rate for load in loads):.0f}/{sum(limits):.0f} a min"


def pause_lines(pauses: Sequence[ledger.Pause]) -> Iterator[str]:
    """A line for each."""
    for each in pauses:
        yield clean(f"PAUSED since {each.since:%Y-%m-%d %H:%M}: {pause_words(each)}. Reason: {each.reason}")


def stuck_lines(stuck: int) -> Iterator[str]:
    """What an operator should look at, if there is something."""
    if stuck:
        yield (
            f"NOT COMPOSED after several tries: {stuck} sends. Sendwright meets a fault of its own with them: look for "
            "could_not_compose in its log. They are tried on; sendwright queue cancel takes one back."
        )


def pause_words(pause: ledger.Pause) -> str:
    """What is paused and how long."""
    named = {
        ledger.PauseKind.ALL: "everything", ledger.PauseKind.DOMAIN: f"mail to {pause.name}",
        ledger.PauseKind.SITE: f"mail to the site {pause.name}",
        ledger.PauseKind.EGRESS: f"mail by the egress {pause.name or '-'}",
    }  # fmt: skip
    whose = "" if pause.account_id == ledger.EVERYBODY else f" of account {pause.account_id}"
    until = "until it is resumed" if pause.until is None else f"until {pause.until:%Y-%m-%d %H:%M} UTC"
    return f"{named[pause.kind]}{whose}, {until}"


def list_row(each: ledger.Waiting) -> tuple[object, ...]:
    """A row of the list."""
    due = "-" if each.due is None else f"{each.due:%Y-%m-%d %H:%M}"
    state = each.state if each.hold is None else f"{each.state} ({each.hold})"
    why = f"paused: {each.paused}" if each.paused else each.explanation or ""
    return place_of(each), each.recipient, state, each.tries, due, _cut(why)


def place_of(each: ledger.Waiting) -> str:
    """Where the next page begins."""
    return f"{each.account_id}:{each.id}"


def read_place(text: str | None) -> tuple[int, str] | None:
    """Back from the command line."""
    if text is None:
        return None
    account, colon, id_ = text.partition(":")
    if not colon or not account.isdigit() or not id_:
        raise Failed(f"{text!r} is no place in the list: copy it from the page before")
    return int(account), id_


def look_up(conn: database.Connection, account: int | None, id_: str, now: datetime) -> list[Shown]:
    """The delivery of this id, or those of the send of this id."""
    mine = [account] if account is not None else [each.id for each in accounts.list_accounts(conn)]
    deliveries = [found for each in mine for found in _of(conn, each, id_, now)]
    return [
        Shown(
            delivery=each,
            attempts=[
                made
                for made in ledger.find_attempts(conn, each.account_id, each.send_id)
                if made.delivery_id == each.id
            ],
        )
        for each in deliveries
    ]


def _of(conn: database.Connection, account: int, id_: str, now: datetime) -> list[ledger.Waiting]:
    found = ledger.find_delivery(conn, account, id_, now)
    return [found] if found is not None else ledger.find_of_send(conn, account, id_, now)


def shown_document(shown: Shown) -> dict[str, Any]:
    """For scripts."""
    attempts = [send_documents.attempt_document(made) for made in shown.attempts]
    return {**send_documents.waiting_document(shown.delivery), "attempts": attempts}


def shown_lines(shown: Shown) -> Iterator[str]:
    """A delivery in plain words, then each attempt as it was spoken."""
    each = shown.delivery
    state = each.state if each.hold is None else f"{each.state} ({each.hold})"
    yield clean(f"Delivery {each.id} of send {each.send_id}, account {each.account_id}")
    tries = f"{each.tries} {_many(each.tries, 'try', 'tries')}"
    yield clean(f"  to {each.recipient} by {each.egress or 'the own way'}: {state} after {tries}")
    if each.due is not None:
        yield f"  next try {each.due:%Y-%m-%d %H:%M:%S} UTC"
    if each.paused:
        yield clean(f"  paused: {each.paused}")
    if each.explanation:
        yield clean(f"  {each.explanation}")
    for made in shown.attempts:
        yield from _attempt_lines(made)


def _attempt_lines(made: ledger.Attempt) -> Iterator[str]:
    at = f"{made.host or '-'} [{made.ip or '-'}], {made.tls or 'no TLS'}"
    yield clean(f"  Attempt {made.number}, {made.started_at:%Y-%m-%d %H:%M:%S} UTC: {made.outcome}, at {at}")
    yield clean(f"    {made.explanation}")
    for ms, who, text in made.dialogue:
        yield clean(f"    {ms:>7} ms {WHO.get(who, who):<4} {text}")


def done_words(action: ledger.Action, done: steering.Done, dry_run: bool) -> str:
    """What happened, or would."""
    verb = {"retry": "retried", "cancel": "canceled", "hold": "held", "release": "released"}[action.value]
    sends = _many(done.sends, "send", "sends")
    early = f", and {done.sends} {sends} that had none yet" if done.sends else ""
    would = "would be" if dry_run else _many(done.deliveries + done.sends, "was", "were")
    return f"{done.deliveries} {_many(done.deliveries, 'delivery', 'deliveries')}{early} {would} {verb}."


def _many(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _span(span: timedelta) -> str:
    minutes = int(span / timedelta(minutes=1))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes < 48 * 60 else f"{minutes // 1440} d"


def _until(span: timedelta) -> str:
    return "now" if span <= timedelta() else f"in {_span(span)}"

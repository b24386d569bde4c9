"""The ledger's tables of life, and what a caller is told of a send. Every pair of state and event is decided here."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sendwright.ledger.model import Delivery, DeliveryState, Key, KeyKind, Outcome, SendResult, SendState
from sendwright.ledger.queue_words import EVERYBODY, Barred, Head, Lane, Pause, PauseKind

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)

RETRY_KEY_LIFE = timedelta(seconds=90)
"""For how long a client's own repeat, without a key, is taken for the same send."""

IN_DOUBT_WAIT = timedelta(minutes=30)
"""How long an attempt whose answer was lost rests before the next try (reliability 1.3)."""


class CannotBe(Exception):
    """This event cannot happen in this state: a fault in Sendwright, not in anybody's mail."""


class SendEvent(StrEnum):
    """What happens to a send."""

    CLAIM = "claim"
    LEASE_LOST = "lease lost"
    COMPOSED = "composed"
    DROP = "drop"
    ALL_SETTLED = "all deliveries settled"
    CANCEL = "cancel"


class DeliveryEvent(StrEnum):
    """What happens to a delivery."""

    CLAIM = "claim"
    LEASE_LOST = "lease lost"
    INTEND = "intend"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    RELEASE = "release"
    HOLD = "hold"
    LET_GO = "let go"
    RETRY = "retry now"
    CANCEL = "cancel"
    TOLD_LATE = "delivered, told after the lease was lost"


_S, _SE = SendState, SendEvent
_NO = None
"""Cannot be."""

SEND_MOVES: dict[SendState, dict[SendEvent, SendState | None]] = {
    _S.ACCEPTED: {
        _SE.CLAIM: _S.COMPOSING, _SE.LEASE_LOST: _NO, _SE.COMPOSED: _NO, _SE.DROP: _NO,
        _SE.ALL_SETTLED: _NO, _SE.CANCEL: _S.CANCELED,
    },
    _S.COMPOSING: {
        _SE.CLAIM: _NO, _SE.LEASE_LOST: _S.ACCEPTED, _SE.COMPOSED: _S.QUEUED, _SE.DROP: _S.FINAL,
        _SE.ALL_SETTLED: _NO, _SE.CANCEL: _S.CANCELED,
    },
    _S.QUEUED: {
        _SE.CLAIM: _NO, _SE.LEASE_LOST: _NO, _SE.COMPOSED: _NO, _SE.DROP: _NO,
        _SE.ALL_SETTLED: _S.FINAL, _SE.CANCEL: _S.CANCELED,
    },
    _S.FINAL: dict.fromkeys(_SE),
    _S.CANCELED: dict.fromkeys(_SE),
}  # fmt: skip

_D, _DE = DeliveryState, DeliveryEvent

DELIVERY_MOVES: dict[DeliveryState, dict[DeliveryEvent, DeliveryState | None]] = {
    _D.WAITING: {
        _DE.CLAIM: _D.LEASED, _DE.LEASE_LOST: _NO, _DE.INTEND: _NO, _DE.DELIVERED: _NO, _DE.DEFERRED: _NO,
        _DE.FAILED: _NO, _DE.IN_DOUBT: _NO, _DE.RELEASE: _NO, _DE.HOLD: _D.HELD, _DE.LET_GO: _NO,
        _DE.RETRY: _D.WAITING, _DE.CANCEL: _D.CANCELED, _DE.TOLD_LATE: _D.DELIVERED,
    },
    _D.LEASED: {
        _DE.CLAIM: _NO, _DE.LEASE_LOST: _D.WAITING, _DE.INTEND: _D.COMMITTING, _DE.DELIVERED: _NO,
        _DE.DEFERRED: _D.WAITING, _DE.FAILED: _D.FAILED, _DE.IN_DOUBT: _NO, _DE.RELEASE: _D.WAITING,
        _DE.HOLD: _D.HELD, _DE.LET_GO: _NO, _DE.RETRY: _NO,
        _DE.CANCEL: _D.CANCELED,  # whoever holds it now is refused before its dot
        _DE.TOLD_LATE: _D.DELIVERED,  # likewise
    },
    _D.COMMITTING: {
        _DE.CLAIM: _NO, _DE.LEASE_LOST: _D.IN_DOUBT, _DE.INTEND: _NO, _DE.DELIVERED: _D.DELIVERED,
        _DE.DEFERRED: _D.WAITING, _DE.FAILED: _D.FAILED, _DE.IN_DOUBT: _D.IN_DOUBT, _DE.RELEASE: _NO,
        _DE.HOLD: _NO, _DE.LET_GO: _NO, _DE.RETRY: _NO, _DE.CANCEL: _NO, _DE.TOLD_LATE: _NO,
    },
    _D.IN_DOUBT: {
        _DE.CLAIM: _D.LEASED, _DE.LEASE_LOST: _NO, _DE.INTEND: _NO, _DE.DELIVERED: _NO, _DE.DEFERRED: _NO,
        _DE.FAILED: _NO, _DE.IN_DOUBT: _NO, _DE.RELEASE: _NO, _DE.HOLD: _D.HELD, _DE.LET_GO: _NO,
        _DE.RETRY: _D.IN_DOUBT, _DE.CANCEL: _D.CANCELED, _DE.TOLD_LATE: _D.DELIVERED,
    },
    _D.HELD: {
        _DE.CLAIM: _NO, _DE.LEASE_LOST: _NO, _DE.INTEND: _NO, _DE.DELIVERED: _NO, _DE.DEFERRED: _NO,
        _DE.FAILED: _NO, _DE.IN_DOUBT: _NO, _DE.RELEASE: _NO, _DE.HOLD: _NO, _DE.LET_GO: _D.WAITING,
        _DE.RETRY: _NO, _DE.CANCEL: _D.CANCELED, _DE.TOLD_LATE: _D.DELIVERED,
    },
    _D.DELIVERED: dict.fromkeys(_DE),
    _D.FAILED: dict.fromkeys(_DE),
    _D.CANCELED: dict.fromkeys(_DE),
}  # fmt: skip

FINAL_DELIVERIES = frozenset({_D.DELIVERED, _D.FAILED, _D.CANCELED})
OPEN_DELIVERIES = tuple(state for state in _D if state not in FINAL_DELIVERIES)
OPEN_STATES = tuple(state.value for state in OPEN_DELIVERIES)
"""As people write them."""

_OUTCOME_EVENTS = {
    Outcome.DELIVERED: _DE.DELIVERED,
    Outcome.DEFERRED: _DE.DEFERRED,
    Outcome.FAILED: _DE.FAILED,
    Outcome.IN_DOUBT: _DE.IN_DOUBT,
    Outcome.RELEASED: _DE.RELEASE,
}


def send_after(state: SendState, event: SendEvent) -> SendState:
    """The next state of a send. Raises :class:`CannotBe`."""
    after = SEND_MOVES[state][event]
    if after is None:
        raise CannotBe(f"a send that is {state} cannot {event}")
    return after


def delivery_after(state: DeliveryState, event: DeliveryEvent) -> DeliveryState:
    """The next state of a delivery. Raises :class:`CannotBe`."""
    after = DELIVERY_MOVES[state][event]
    if after is None:
        raise CannotBe(f"a delivery that is {state} cannot {event}")
    return after


def states_before(event: DeliveryEvent) -> tuple[DeliveryState, ...]:
    """From which states an event is possible: the guard of its UPDATE."""
    return tuple(state for state, moves in DELIVERY_MOVES.items() if moves[event] is not None)


def state_after(outcome: Outcome) -> DeliveryState:
    """Where an outcome takes a delivery; the same from each state that can have it."""
    event = _OUTCOME_EVENTS[outcome]
    return delivery_after(states_before(event)[0], event)


def guard_of(outcome: Outcome) -> tuple[DeliveryState, ...]:
    """From which states an outcome is possible."""
    return states_before(_OUTCOME_EVENTS[outcome])


class Status(StrEnum):
    """HubSpot's ``status`` of a send."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETE = "COMPLETE"
    CANCELED = "CANCELED"


def status_of(state: SendState, result: SendResult | None) -> Status:
    """What a caller is told. A send that was put off is COMPLETE and QUEUED: it goes out by itself, polling can end."""
    if state is SendState.QUEUED:
        return Status.PROCESSING if result is None else Status.COMPLETE
    return {
        SendState.ACCEPTED: Status.PENDING,
        SendState.COMPOSING: Status.PROCESSING,
        SendState.FINAL: Status.COMPLETE,
        SendState.CANCELED: Status.CANCELED,
    }[state]


_HARD_BOUNCES = frozenset({"CONTENT", "SPAM", "UNKNOWN_USER", "POLICY", "HUBSPOT_GLOBAL_BOUNCE"})


def is_hard_bounce(category: str) -> bool:
    """Whether a bounce of this category counts as a hard one: the split that integrators of HubSpot make."""
    return category in _HARD_BOUNCES


def still_counts(key: Key, made_at: datetime, now: datetime) -> bool:
    """Whether a key met before makes this request a repeat."""
    if key.kind is not KeyKind.RETRY:
        return True
    return key.repeated and now - made_at <= RETRY_KEY_LIFE


def pause_of(head: Head, pauses: Iterable[Pause]) -> Pause | None:
    """The pause that keeps this delivery, if one does."""
    return next((pause for pause in pauses if _keeps(pause, head)), None)


def _keeps(pause: Pause, head: Head) -> bool:
    if pause.account_id not in (EVERYBODY, head.account_id):
        return False
    named = {PauseKind.DOMAIN: head.domain, PauseKind.EGRESS: head.egress, PauseKind.SITE: head.site}
    return pause.kind is PauseKind.ALL or named[pause.kind] == pause.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What is to become of deliveries that are due: ``free`` may go, ``aside`` have no turn, ``held`` are held."""

    free: tuple[Head, ...]
    aside: tuple[Head, ...]
    held: tuple[Head, ...]


def sort_out(heads: Sequence[Head], barred: Barred, pauses: Sequence[Pause]) -> Sorted:
    """Who may go now. Of a lane with little room, the first ones."""
    room = dict(barred.room)
    free, aside, held = [], [], []
    for head in heads:
        if head.account_id in barred.suspended:
            held.append(head)
        elif is_barred(head, barred, pauses) or room.get(path_of(head), 1) <= 0:
            aside.append(head)
        else:
            free.append(head)
            if path_of(head) in room:
                room[path_of(head)] -= 1
    return Sorted(free=tuple(free), aside=tuple(aside), held=tuple(held))


def is_barred(head: Head, barred: Barred, pauses: Iterable[Pause]) -> bool:
    """Whether it has no turn, however much room there is."""
    return (
        head.domain in barred.domains
        or (head.account_id, head.egress) in barred.foreign
        or pause_of(head, pauses) is not None
    )


def in_turns(heads: Iterable[Head], limit: int) -> list[Head]:
    """Up to ``limit``, from each account in turn, the longest due first: no account's many keep another's few."""
    waiting: dict[int, deque[Head]] = {}
    for head in sorted(heads, key=lambda head: head.due):
        waiting.setdefault(head.account_id, deque()).append(head)
    taken: list[Head] = []
    queues = deque(waiting.values())
    while queues and len(taken) < limit:
        queue = queues.popleft()
        taken.append(queue.popleft())
        if queue:
            queues.append(queue)
    return taken


def path_of(head: Head | Delivery) -> Lane:
    """By what way it goes where. An egress is an account's own; the installation's way is everybody's."""
    return (head.account_id if head.egress else 0, head.egress, head.domain)


def lane_of(head: Head | Delivery) -> str:
    """Where it stands aside. Neither a domain nor the name of an egress has a slash."""
    return f"{head.account_id}/{head.egress}/{head.domain}"


def in_lane(lane: str, due: datetime) -> Head:
    """What is known of whoever stands in a lane."""
    account_id, egress, domain = lane.split("/", 2)
    return Head(account_id=int(account_id), id="", egress=egress, domain=domain, site=None, due=due)


DELAYS = (timedelta(hours=24), timedelta(hours=1))
"""Who waits for so long is worth a word to the sender (RFC 3461 section 4.1, DELAY)."""


def delay_passed(accepted_at: datetime, now: datetime, next_try: datetime) -> timedelta | None:
    """The mark that is passed between this try and the next one; told once for each mark."""
    return next((mark for mark in DELAYS if now < accepted_at + mark <= next_try), None)


def draw_deliveries() -> str:
    """The life of a delivery as a Mermaid diagram, drawn from the table."""
    return _draw(DELIVERY_MOVES)


def draw_sends() -> str:
    """The life of a send as a Mermaid diagram, drawn from the table."""
    return _draw(SEND_MOVES)


def _draw(moves: Mapping[S, Mapping[V, S | None]]) -> str:
    arrows = [
        f"    {before.value} --> {after.value}: {event.value}"
        for before, events in moves.items()
        for event, after in events.items()
        if after is not None
    ]
    return "\n".join(["stateDiagram-v2", *arrows])

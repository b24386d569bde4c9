"""The ledger: what was promised and what became of it. Sends, deliveries, attempts, events; leases.

A send is accepted durably (:func:`accept`), claimed by a worker (:func:`claim_sends`), composed or dropped
(:func:`compose`, :func:`drop`); its deliveries are attempted: the worker records its intent before the final dot
(:func:`intend`) and the outcome after it (:func:`settle`). What a dead worker held is freed by :func:`recover_expired`.
Every write is guarded by state and lease epoch; who comes too late is told so (:class:`Late`). Conservation of mail can
be checked at any time (:func:`verify`).

It never knows why a server said no, and it opens no connection but the database's. Start in ``rules.py``: the lives of
a send and of a delivery are two tables there.
"""

from sendwright.ledger.accept import accept
from sendwright.ledger.claim import claim_deliveries, claim_sends, renew
from sendwright.ledger.count import Tally, count_events
from sendwright.ledger.find import (
    find_attempts,
    find_deliveries,
    find_event,
    find_events,
    find_send,
    find_sends,
    find_sends_by_id,
)
from sendwright.ledger.model import (
    Attempt,
    AttemptId,
    ClaimedSend,
    Composed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Dropped,
    Event,
    EventType,
    Facts,
    Intent,
    Key,
    KeyKind,
    Labels,
    Lease,
    NewDelivery,
    NewEvent,
    NewSend,
    Outcome,
    Part,
    Piece,
    Send,
    SendId,
    SendResult,
    SendState,
    Sent,
    Settlement,
    Shelf,
    mid,
)
from sendwright.ledger.questions import DeliveryView, EventFilter, SendFilter
from sendwright.ledger.recover import recover_all, recover_expired, recover_owned
from sendwright.ledger.rules import IN_DOUBT_WAIT, Status, status_of
from sendwright.ledger.sent import SentDelivery, find_sent, find_sent_to, last_delivered
from sendwright.ledger.settle import Late, append_late, compose, drop, intend, record, release, settle
from sendwright.ledger.shelves import find_payload, read_pieces, shelve, sweep
from sendwright.ledger.verify import Balance, verify

__all__ = [
    "IN_DOUBT_WAIT",
    "Attempt",
    "AttemptId",
    "Balance",
    "ClaimedSend",
    "Composed",
    "Delivery",
    "DeliveryId",
    "DeliveryState",
    "DeliveryView",
    "Dropped",
    "Event",
    "EventFilter",
    "EventType",
    "Facts",
    "Intent",
    "Key",
    "KeyKind",
    "Labels",
    "Late",
    "Lease",
    "NewDelivery",
    "NewEvent",
    "NewSend",
    "Outcome",
    "Part",
    "Piece",
    "Send",
    "SendFilter",
    "SendId",
    "SendResult",
    "SendState",
    "Sent",
    "SentDelivery",
    "Settlement",
    "Shelf",
    "Status",
    "Tally",
    "accept",
    "append_late",
    "claim_deliveries",
    "claim_sends",
    "compose",
    "count_events",
    "drop",
    "find_attempts",
    "find_deliveries",
    "find_event",
    "find_events",
    "find_payload",
    "find_send",
    "find_sends",
    "find_sends_by_id",
    "find_sent",
    "find_sent_to",
    "intend",
    "last_delivered",
    "mid",
    "read_pieces",
    "record",
    "recover_all",
    "recover_expired",
    "recover_owned",
    "release",
    "renew",
    "settle",
    "shelve",
    "status_of",
    "sweep",
    "verify",
]

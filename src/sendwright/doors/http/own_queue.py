"""The queue under our own prefix: what waits and why, and what a person can do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sendwright import ledger, send_documents, steering
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, Operations, Parameter
from sendwright.doors.http.own_sends import SCOPES, UUID, SendSummary
from sendwright.doors.http.shapes import Paging, Shown

operations = Operations("Queue")

_MOST_LINES: Final = 200


class QueueLine(Shown):
    """What waits for one site (a set of mail servers; the domain while none was reached) by one egress."""

    egress: str
    site: str
    waiting: int
    in_doubt: int
    held: int
    under_way: int
    oldest: datetime
    next_due: datetime | None
    reason: str | None


class QueuePause(Shown):
    """What the operator keeps from leaving: ``kind`` is all, domain, site or egress; ``account`` null: of everybody."""

    account: int | None

    kind: str
    name: str
    reason: str
    since: datetime
    until: datetime | None


class QueueView(Shown):
    """The queue of the account, the most first. ``notComposed``: sends that met a fault of Sendwright several times."""

    results: list[QueueLine]
    pauses: list[QueuePause]
    not_composed: int


class QueuedDelivery(Shown):
    """A delivery that has no outcome yet. ``hold`` says why it is held, ``paused`` why its pause was made."""

    account: int
    id: str
    send_id: str
    to: str
    domain: str
    egress: str
    site: str | None
    stream: str
    state: str
    hold: str | None
    paused: str | None
    tries: int
    due: datetime | None
    accepted_at: datetime
    message: str | None


class QueuedDeliveries(Shown):
    """A page of deliveries, the oldest first."""

    results: list[QueuedDelivery]
    paging: Paging | None = None


class Steered(Shown):
    """How many deliveries were changed, and the send as it is now."""

    deliveries: int
    send: SendSummary


@operations.on("GET", "/api/v1/queue", scopes=SCOPES, gives=QueueView)
async def read_queue(call: Call) -> dict[str, Any]:
    """Shows what waits, by egress and site."""
    lines = await call.db.read(ledger.queue_lines, call.account_id, _MOST_LINES)
    pauses = await call.db.read(ledger.find_pauses, call.now, call.account_id)
    return {
        "results": [send_documents.queue_line_document(line) for line in lines],
        "pauses": [send_documents.pause_document(pause) for pause in pauses],
        "notComposed": await call.db.read(ledger.stuck_sends, call.account_id),
    }


@operations.on(
    "GET",
    "/api/v1/queue/deliveries",
    scopes=SCOPES,
    gives=QueuedDeliveries,
    query=[
        Parameter(name="domain", about="The recipients' domain, as A-label."),
        Parameter(name="site"),
        Parameter(name="egress"),
        Parameter(name="state", about=", ".join(ledger.OPEN_STATES)),
        Parameter(name="limit", kind="integer", about="1 to 100; 20 if not given."),
        Parameter(name="after", about="paging.next.after of the page before."),
    ],
)
async def list_queued_deliveries(call: Call) -> dict[str, Any]:
    """Lists deliveries that have no outcome yet, the oldest first."""
    limit, after = call.query.limit(default=20, most=100), call.query.after("t")
    wanted = ledger.Selection(
        account_id=call.account_id, domain=call.query.text("domain"), site=call.query.text("site"),
        egress=call.query.text("egress"), state=_state(call.query.text("state")),
    )  # fmt: skip
    place = None if after is None else (int(call.account_id), str(after[0]))
    found = await call.db.read(
        lambda conn: ledger.find_waiting(conn, wanted, call.now, after=place, limit=limit + 1)
    )  # fmt: skip
    page: dict[str, Any] = {"results": [send_documents.waiting_document(each) for each in found[:limit]]}
    if len(found) > limit:
        page["paging"] = call.next_page(found[limit - 1].id).model_dump(by_alias=True)
    return page


@operations.on("POST", "/api/v1/sends/{sendId}/cancel", scopes=SCOPES, gives=Steered)
async def cancel_send(call: Call) -> dict[str, Any]:
    """Takes a send back.

    It works until the text of the message has been handed over to the recipient's server; the status is CANCELED then.
    """
    return await _steer(call, ledger.Action.CANCEL)


@operations.on("POST", "/api/v1/sends/{sendId}/retry", scopes=SCOPES, gives=Steered)
async def retry_send(call: Call) -> dict[str, Any]:
    """Moves the next try of a send that waits to now."""
    return await _steer(call, ledger.Action.RETRY)


@operations.on("POST", "/api/v1/sends/{sendId}/hold", scopes=SCOPES, gives=Steered)
async def hold_send(call: Call) -> dict[str, Any]:
    """Keeps a composed send from leaving, until it is released or canceled."""
    return await _steer(call, ledger.Action.HOLD)


@operations.on("POST", "/api/v1/sends/{sendId}/release", scopes=SCOPES, gives=Steered)
async def release_send(call: Call) -> dict[str, Any]:
    """Lets a send go that is held. What the operator holds stays."""
    return await _steer(call, ledger.Action.RELEASE)


async def _steer(call: Call, action: ledger.Action) -> dict[str, Any]:
    id_ = call.path["sendId"].lower()
    send = await call.db.read(ledger.find_send, call.account_id, id_) if UUID.fullmatch(id_) else None
    if send is None:
        raise errors.not_found("There is no send with this id in your account.")
    wanted = ledger.Selection(account_id=call.account_id, send_id=id_)
    who = f"token {call.caller.token_id}"
    done = await steering.steer(call.db, action, wanted, call.services.clock.now, who=who, hold=ledger.Hold.ACCOUNT)
    now = await call.db.read(ledger.find_send, call.account_id, id_) or send
    if not (done.deliveries or done.sends):
        raise errors.conflict(f"Nothing of this send can be changed so: {send_documents.sentence(now)}")
    return {"deliveries": done.deliveries, "send": send_documents.send_document(now)}


def _state(text: str | None) -> str | None:
    if text is None or text in ledger.OPEN_STATES:
        return text
    raise errors.invalid_field("state", f"must be one of {', '.join(ledger.OPEN_STATES)}")

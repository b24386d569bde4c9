"""One delivery's turn: handed over, judged, settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from sendwright import database, ledger, mail, outbound
from sendwright.attempt.desk import Desk
from sendwright.attempt.meaning import delay_told, settled_by
from sendwright.attempt.recording import settle
from sendwright.composing import notices
from sendwright.failpoints import failpoint

log = structlog.get_logger()

_ACTIONS: dict[ledger.Outcome, mail.Action] = {ledger.Outcome.DELIVERED: "relayed", ledger.Outcome.FAILED: "failed"}


async def attempt(desk: Desk, delivery: ledger.Delivery, parcel: outbound.Parcel) -> None:
    """One delivery's turn."""
    attempt_id = ledger.AttemptId(database.uuid7(desk.now()))

    intended = False

    async def before_dot(peer: outbound.Peer) -> bool:
        nonlocal intended
        intended = intended or await _intend(desk, delivery, attempt_id, peer)
        return intended and _may_end(desk, delivery)

    handover = await desk.post.deliver(parcel, tries=delivery.tries, before_dot=before_dot)
    verdict = outbound.judge(
        handover,
        tries=delivery.tries,
        accepted_at=delivery.accepted_at,
        now=desk.now(),
        chance=desk.chance(),
        max_age=delivery.terms.give_up_after or desk.give_up_after,
        doubt_wait=desk.doubt_wait,
    )
    settled = settled_by(
        delivery, attempt_id, handover, verdict, usual=desk.duplicate_policy, lifetimes=desk.lifetimes
    )  # fmt: skip
    if parcel.notify is not None:
        settled = replace(settled, notice=_notice(desk, delivery, parcel, parcel.notify, settled.settlement, handover))
    await settle(desk, settled)


async def put_off(desk: Desk, delivery: ledger.Delivery, due: datetime, why: str) -> None:
    """Gives a delivery back that cannot begin now; it is charged nothing."""
    try:
        await desk.db.write(ledger.put_off, delivery, due, why)
    except ledger.Late:
        log.warning("put_off_too_late", delivery=delivery.id)


async def _intend(desk: Desk, delivery: ledger.Delivery, attempt_id: ledger.AttemptId, peer: outbound.Peer) -> bool:
    intent = ledger.Intent(delivery=delivery, attempt_id=attempt_id, host=peer.host, at=desk.now())
    try:
        await desk.db.write_in_company(_intend_all, intent)
    except ledger.Late:
        log.warning("lease_lost_before_the_dot", delivery=delivery.id)
        return False
    except database.Unavailable:
        desk.trouble(True)
        return False
    return True


def _may_end(desk: Desk, delivery: ledger.Delivery) -> bool:
    """After the intent, as its commit takes time: who was frozen meanwhile must not write the dot."""
    failpoint("S4")
    if desk.may_end(delivery):
        return True
    log.warning("too_little_lease_left_for_the_dot", delivery=delivery.id)
    return False


def _intend_all(conn: database.Connection, intents: Sequence[ledger.Intent]) -> Sequence[None]:
    ledger.intend(conn, intents)
    return [None] * len(intents)


def _notice(
    desk: Desk,
    delivery: ledger.Delivery,
    parcel: outbound.Parcel,
    notify: outbound.Notify,
    settlement: ledger.Settlement,
    handover: outbound.Handover,
) -> ledger.NewSend | None:
    """What the sender asked to be told by mail: it failed, it is late, or the next server tells nothing of its success.

    A next server that promised notices gives them itself, of what it took.
    """
    made, recipient = settlement.attempt, mail.parse_address(delivery.recipient)
    passed_on = isinstance(handover.outcome, outbound.Answered) and handover.outcome.notify_passed_on
    action = _ACTIONS.get(made.outcome)
    if made.outcome is ledger.Outcome.DEFERRED and delay_told(delivery, made, settlement.due):
        action = "delayed"
    if action is None or isinstance(recipient, mail.Malformed) or (action == "relayed" and passed_on):
        return None
    news = notices.News(
        account_id=delivery.account_id, action=action, recipient=recipient, notify=notify,
        arrival=delivery.accepted_at, original=parcel.message, status=made.status or "", remote=made.host or "",
        reply=f"{made.code} {made.status or ''} {made.reply or ''}" if made.code else made.explanation,
        tls_required=parcel.tls_required,
    )  # fmt: skip
    return notices.notice(news, desk.hostname, desk.now())

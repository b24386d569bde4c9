"""An attempt's outcome is written down, in one transaction, as often as it takes: what is known is not forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog
from pydantic import ValidationError

from sendwright import crm, database, egresses, feedback, ledger
from sendwright.attempt.desk import Desk
from sendwright.attempt.journal import decoded, encoded
from sendwright.attempt.meaning import Settled
from sendwright.failpoints import failpoint

log = structlog.get_logger()

_RECORD_AGAIN = 0.5  # seconds

_COUNTED = {
    ledger.Outcome.DELIVERED: egresses.Result.DELIVERED,
    ledger.Outcome.DEFERRED: egresses.Result.DEFERRED,
    ledger.Outcome.FAILED: egresses.Result.BOUNCED,
}


async def settle(desk: Desk, settled: Settled) -> None:
    """Returns when it is on disk."""
    failpoint("S6")
    async with database.kept_until_recorded(
        desk.journal, lambda: encoded(settled), lambda: desk.trouble(True)
    ) as keep:  # fmt: skip
        while True:
            try:
                await _record(desk, settled)
            except database.Unavailable as fault:
                log.error("outcome_not_recorded", delivery=settled.settlement.delivery.id, fault=str(fault))
                desk.trouble(True)
                await keep()
                await asyncio.sleep(_RECORD_AGAIN)
            else:
                desk.trouble(False)
                failpoint("S7")
                return


async def replay(desk: Desk, left: database.Left) -> None:
    """Records what a process that is gone could not. Raises ``database.Unavailable``: then it is to be tried again.

    However often it is done, it is done once: the ledger knows from the lease and the attempt's id what it has.
    """
    for record in left.records:
        try:
            settled = decoded(record)
        except ValidationError as fault:  # of another version: for a person to look at, so it is not erased
            log.error("journal_not_understood", file=str(left.file), faults=fault.error_count())
            return
        await _record(desk, settled)
    left.erase()
    log.warning("journal_replayed", file=left.file.name, outcomes=len(left.records))


async def _record(desk: Desk, settled: Settled) -> None:
    try:
        await desk.db.write_in_company(_settle_all, settled)
    except ledger.Late:
        log.warning("settled_too_late", delivery=settled.settlement.delivery.id)
        await desk.db.write(_settle_late, settled)


def _settle_all(conn: database.Connection, items: Sequence[Settled]) -> Sequence[None]:
    ledger.settle(conn, [item.settlement for item in items])
    crm.update_activities(conn, [item.activity for item in items if item.activity is not None])
    feedback.suppress(conn, [item.suppression for item in items if item.suppression is not None])
    _count_failures(conn, items)
    told = [item.notice for item in items if item.notice is not None]
    if told:
        ledger.accept(conn, told)
    _count(conn, [item.settlement for item in items if item.settlement.delivery.egress])
    return [None] * len(items)


def _count(conn: database.Connection, settled: Sequence[ledger.Settlement]) -> None:
    """For egresses that are warmed up. Last in the transaction: others wait for these rows."""
    returned = [
        egresses.Returned(
            account_id=each.delivery.account_id, egress=each.delivery.egress, domain=each.delivery.domain,
            result=_COUNTED[each.attempt.outcome],
        )
        for each in settled
        if each.attempt.outcome in _COUNTED and each.charged
    ]  # fmt: skip
    if returned:
        egresses.note_returned(conn, returned, settled[0].attempt.ended_at)


def _settle_late(conn: database.Connection, item: Settled) -> None:
    if ledger.append_late(conn, item.settlement) and item.activity is not None:
        crm.update_activities(conn, [item.activity])


def _count_failures(conn: database.Connection, items: Sequence[Settled]) -> None:
    """An address that failed again and again, with nothing delivered between, is not mailed any more."""
    for item in items:
        failure = item.failure
        if failure is None:
            continue
        last = partial(_last_delivered, conn, failure)
        number = feedback.add_failure(conn, failure, last)
        if number is not None:
            feedback.suppress(conn, [_worn_out(item.settlement.attempt, failure, number)])


def _last_delivered(
    conn: database.Connection, failure: feedback.SoftFailure, without: frozenset[str], since: datetime
) -> datetime | None:
    return ledger.last_delivered(conn, failure.account_id, failure.key, since, without)


def _worn_out(made: ledger.Attempt, failure: feedback.SoftFailure, number: int) -> feedback.Suppression:
    said = made.reply or made.explanation
    return feedback.Suppression(
        account_id=failure.account_id, stream=failure.stream, key=failure.key, cause=feedback.Cause.BOUNCED,
        since=failure.at, until=failure.until,
        evidence={"sendId": failure.send_id, "reason": failure.reason, "reply": said},
        explanation=f"{failure.key} failed {number} times with nothing delivered between, last on "
        f"{failure.at:%Y-%m-%d}: {said}",
    )  # fmt: skip

"""The story of steering: a person retries, holds, releases or cancels mail that has no outcome yet.

A selection is worked off in batches, so that mail comes and goes meanwhile. What was done is in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sendwright import accounts, database, ledger

_BATCH = 500
_DONE = {
    ledger.Action.RETRY: "Its next try was moved to now by {who}.",
    ledger.Action.CANCEL: "Canceled by {who} on {day}, before it was sent.",
    ledger.Action.HOLD: "Held by {who} on {day}.",
    ledger.Action.RELEASE: "Released by {who}.",
}
_ADVICE = {ledger.Action.HOLD: " Release it to send it, or cancel it."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How many deliveries were changed; and how many sends were canceled before they had any."""

    deliveries: int
    sends: int


async def steer(
    db: database.Database,
    action: ledger.Action,
    wanted: ledger.Selection,
    now: Callable[[], datetime],
    *,
    who: str,
    reason: str = "",
    hold: ledger.Hold = ledger.Hold.OPERATOR,
) -> Done:
    """Changes all that is selected and can be changed. ``who`` is named in what the sender is told.

    ``hold``: in whose name, the operator's or the account's. What the operator holds, an account does not let go.
    """
    why = _sentence(action, who, reason, now())
    deliveries = sends = 0
    after = None
    while True:
        done = await db.write(ledger.steer, action, wanted, after, _BATCH, now(), why, hold)
        deliveries, sends, after = deliveries + done.deliveries, sends + done.sends, done.after
        if after is None:
            break
    if wanted.account_id is not None and (deliveries or sends):
        await db.write(_note, wanted.account_id, who, action, deliveries + sends, _words(wanted), now())
    return Done(deliveries=deliveries, sends=sends)


def _note(
    conn: database.Connection, account_id: int, who: str, action: ledger.Action, many: int, what: str, now: datetime
) -> None:
    accounts.note(conn, account_id, who, f"queue.{action}", now, selection=what, count=str(many))


def _sentence(action: ledger.Action, who: str, reason: str, now: datetime) -> str:
    said = _DONE[action].format(who=who, day=f"{now:%Y-%m-%d %H:%M} UTC")
    return said + (f" Reason: {reason}." if reason else "") + _ADVICE.get(action, "")


def _words(wanted: ledger.Selection) -> str:
    given = {
        "delivery": wanted.delivery_id, "send": wanted.send_id, "domain": wanted.domain, "site": wanted.site,
        "egress": wanted.egress, "state": wanted.state,
    }  # fmt: skip
    return ", ".join(f"{name} {value}" for name, value in given.items() if value is not None) or "all"

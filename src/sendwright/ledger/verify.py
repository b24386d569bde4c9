"""Conservation of mail: what was accepted is delivered, failed, dropped, canceled or alive; nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, or_, select

from sendwright.ledger.model import DeliveryState, SendState
from sendwright.ledger.rules import FINAL_DELIVERIES
from sendwright.ledger.tables import deliveries, in_state, payloads, sends


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One account's books. ``faults`` is empty when they balance; each fault is a sentence."""

    account_id: int
    accepted: int
    sends: Mapping[SendState, int]
    dropped: Mapping[str, int]
    deliveries: Mapping[DeliveryState, int]
    faults: tuple[str, ...]


def verify(conn: Connection) -> list[Balance]:
    """Counts every account's books, on a running system or a stopped one."""
    # of all accounts: the operator's own check
    accounts = conn.execute(select(sends.c.account_id).distinct().order_by(sends.c.account_id)).scalars().all()
    return [_balance(conn, account_id) for account_id in accounts]


def _balance(conn: Connection, account_id: int) -> Balance:
    s, d = sends.c, deliveries.c
    by_state = {
        SendState(state): count
        for state, count in conn.execute(
            select(s.state, func.count()).where(s.account_id == account_id).group_by(s.state)
        )
    }
    parts = {
        DeliveryState(state): count
        for state, count in conn.execute(
            select(d.state, func.count()).where(d.account_id == account_id).group_by(d.state)
        )
    }
    return Balance(
        account_id=account_id,
        accepted=sum(by_state.values()),
        sends=by_state,
        dropped=_dropped(conn, account_id),
        deliveries=parts,
        faults=(*_faults(conn, account_id), *_stuck(conn, account_id)),
    )


def _dropped(conn: Connection, account_id: int) -> dict[str, int]:
    s, d = sends.c, deliveries.c
    has_delivery = select(d.id).where(d.account_id == s.account_id, d.send_id == s.id).exists()
    query = (
        select(s.result, func.count())
        .where(s.account_id == account_id, s.state == SendState.FINAL, ~has_delivery)
        .group_by(s.result)
    )
    return {str(result): count for result, count in conn.execute(query)}


def _faults(conn: Connection, account_id: int) -> tuple[str, ...]:
    s, d, p = sends.c, deliveries.c, payloads.c
    mine = s.account_id == account_id
    delivery = and_(d.account_id == s.account_id, d.send_id == s.id)
    # one condition for each index, instead of a coalesce that none serves
    own = select(p.send_id).where(p.account_id == s.account_id, p.send_id == s.id).exists()
    shared = select(p.send_id).where(p.account_id == s.account_id, p.send_id == s.payload_id).exists()
    payload = or_(own, shared)
    sibling = sends.alias()
    needed = or_(
        select(p.send_id)
        .where(p.account_id == s.account_id, p.send_id == func.coalesce(s.payload_id, s.id), p.keep_until.is_not(None))
        .exists(),
        select(sibling.c.id)
        .where(
            sibling.c.account_id == s.account_id,
            sibling.c.payload_id == s.payload_id,
            sibling.c.state.not_in([SendState.FINAL.value, SendState.CANCELED.value]),
        )
        .exists(),
    )
    final = [state.value for state in FINAL_DELIVERIES]
    open_delivery = select(d.id).where(delivery, d.state.not_in(final)).exists()
    checks = {
        "{} sends are queued but none of their deliveries is open: they would wait for ever": and_(
            s.state == SendState.QUEUED, ~open_delivery
        ),
        "{} sends are final while a delivery of theirs is still open": and_(s.state == SendState.FINAL, open_delivery),
        "{} sends are alive but what they would be composed from is gone": and_(
            s.state.in_((SendState.ACCEPTED, SendState.COMPOSING, SendState.QUEUED)), ~payload
        ),
        "{} sends are final but what they were composed from was not erased": and_(
            s.state == SendState.FINAL, payload, ~needed
        ),
        "{} sends are final without a result": and_(s.state == SendState.FINAL, s.result.is_(None)),
        "{} sends are canceled while a delivery of theirs is still open": and_(
            s.state == SendState.CANCELED, open_delivery
        ),
        "{} sends are canceled but what they were composed from was not erased": and_(
            s.state == SendState.CANCELED, payload, ~needed
        ),
    }
    counted = {
        sentence: conn.execute(select(func.count()).select_from(sends).where(mine, condition)).scalar_one()
        for sentence, condition in checks.items()
    }
    return tuple(sentence.format(count) for sentence, count in counted.items() if count)


def _stuck(conn: Connection, account_id: int) -> tuple[str, ...]:
    """Deliveries that nothing would ever move again."""
    d = deliveries.c
    checks = {
        "{} deliveries wait but are never due": and_(
            in_state(deliveries, DeliveryState.WAITING, DeliveryState.IN_DOUBT), d.due.is_(None)
        ),
        "{} deliveries are held without a reason": and_(in_state(deliveries, DeliveryState.HELD), d.hold.is_(None)),
    }
    counted = {
        sentence: conn.execute(
            select(func.count()).select_from(deliveries).where(d.account_id == account_id, condition)
        ).scalar_one()
        for sentence, condition in checks.items()
    }
    return tuple(sentence.format(count) for sentence, count in counted.items() if count)

"""Each delivery gets its way: when it begins, and again when it is tried once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from sendwright import database, egresses, ledger, outbound
from sendwright.composing.begun import Begun
from sendwright.composing.ways import Asked, Departure, Elsewhere, Leaves, Ways
from sendwright.composing.workshop import Workshop

log = structlog.get_logger()

_ROUNDS = 3
_A_WHILE = timedelta(minutes=1)
"""When others take all room three times over, who wanted it comes back after this."""
_NOT_HERE = timedelta(seconds=5)


def departing(ways: Ways, begun: Begun, now: datetime) -> Begun:
    """The same send; each of its deliveries by its way, or waiting."""
    send = begun.composed.send
    deliveries, ready, grants = [], [], []
    for new, (held, parcel) in zip(begun.composed.deliveries, begun.ready, strict=True):
        departure = ways.departure(
            Asked(account_id=send.account_id, stream=send.stream, delivery_id=new.id, domain=new.domain), now
        )
        deliveries.append(_told(new, departure, now))
        if isinstance(departure, Leaves):
            ready.append((replace(held, egress=departure.way.name), replace(parcel, way=departure.way)))
        if not isinstance(departure, egresses.Wait) and departure.grant is not None:
            grants.append(departure.grant)
    return replace(
        begun, composed=replace(begun.composed, deliveries=tuple(deliveries)), ready=tuple(ready),
        grants=tuple(grants),
    )  # fmt: skip


def held_back(begun: Begun, now: datetime) -> Begun:
    """The same send, all of it waiting for a while."""
    wait = egresses.Wait(until=now + _A_WHILE, why="Many mails want the room under a warm-up's cap at once.")
    deliveries = tuple(_told(new, wait, now) for new in begun.composed.deliveries)
    return replace(begun, composed=replace(begun.composed, deliveries=deliveries), ready=(), grants=())


async def leave_again(shop: Workshop, delivery: ledger.Delivery) -> tuple[ledger.Delivery, outbound.Way] | None:
    """By what a delivery that was claimed leaves this time; None if it waits on, here or for another machine.

    It keeps its egress while that may be used. One that was paused or removed gives its mail to others.
    """
    if shop.ways is None:
        return delivery, outbound.OWN_WAY
    for _ in range(_ROUNDS):
        now = shop.now()
        await shop.ways.learn([delivery.account_id], now)
        departure = shop.ways.stopped(delivery.account_id, now) or shop.ways.departure(_asked(delivery), now)
        try:
            return await _depart(shop, delivery, departure, now)
        except egresses.Full:
            shop.ways.forget([delivery.account_id])
        except ledger.Late:
            log.warning("moved_too_late", delivery=delivery.id)
            return None
    await shop.db.write(ledger.put_off, delivery, shop.now() + _A_WHILE, "Many mails want the room at once.")
    return None


async def _depart(
    shop: Workshop, delivery: ledger.Delivery, departure: Departure, now: datetime
) -> tuple[ledger.Delivery, outbound.Way] | None:
    match departure:
        case Leaves(way=way, grant=grant):
            if way.name != delivery.egress or grant is not None:
                await shop.db.write(_move, delivery, way.name, grant, now)
            return replace(delivery, egress=way.name), way
        case Elsewhere(egress=egress, grant=grant):
            moved = egress != delivery.egress
            await shop.db.write(_send_over, delivery, departure, now if moved else now + _NOT_HERE, now)
        case egresses.Wait(until=until, why=why):
            await shop.db.write(ledger.put_off, delivery, until, why)
    return None


def _asked(delivery: ledger.Delivery) -> Asked:
    return Asked(
        account_id=delivery.account_id, stream=delivery.stream, delivery_id=delivery.id, domain=delivery.domain,
        previous=delivery.egress,
    )  # fmt: skip


def _told(new: ledger.NewDelivery, departure: Departure, now: datetime) -> ledger.NewDelivery:
    match departure:
        case Leaves(way=way):
            return replace(new, egress=way.name)
        case Elsewhere(egress=egress):
            return replace(new, egress=egress, due=now, explanation=_over_there(departure))
        case egresses.Wait(until=until, why=why):
            return replace(new, due=until, explanation=why)


def _over_there(departure: Elsewhere) -> str:
    return f"It leaves by {departure.egress} from the machine {departure.machine}, and waits for a process there."


def _move(
    conn: database.Connection, delivery: ledger.Delivery, egress: str, grant: egresses.Grant | None, now: datetime
) -> None:
    ledger.move(conn, delivery, egress)
    egresses.take(conn, _some(grant), now)


def _send_over(
    conn: database.Connection, delivery: ledger.Delivery, departure: Elsewhere, due: datetime, now: datetime
) -> None:
    ledger.move(conn, delivery, departure.egress)
    ledger.put_off(conn, delivery, due, _over_there(departure))
    database.announce(conn, "deliveries")
    egresses.take(conn, _some(departure.grant), now)


def _some(grant: egresses.Grant | None) -> Sequence[egresses.Grant]:
    return () if grant is None else (grant,)

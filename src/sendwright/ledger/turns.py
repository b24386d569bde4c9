"""Whose turn it is: how workers take deliveries that are due, fast, fairly, and without ever meeting.

Each account has a line, ordered by when its deliveries are due. Whoever is met there and cannot go (its domain has no
room, it is paused, it belongs to another machine) steps aside into a lane of its account, egress and domain, once, and
stands in nobody's way from then on, however many they are. A claim looks at the fronts of the lines and of the lanes:
from one to the next in an index, so that it costs the same whether a thousand wait in them or a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, bindparam, func, select, text
from sqlalchemy import update as change

from sendwright.database import Moment, among_ids
from sendwright.ledger import rules, writes
from sendwright.ledger.claim import BUDGET_BYTES, clock_ms, locked, terms_of
from sendwright.ledger.model import Delivery, DeliveryId, DeliveryState, Lease, Part, SendId
from sendwright.ledger.pauses import find_pauses
from sendwright.ledger.queue_words import EVERYBODY, NOBODY, Barred, Head, Hold, Pause, PauseKind
from sendwright.ledger.rules import DeliveryEvent, delivery_after
from sendwright.ledger.shelves import read_payloads, within
from sendwright.ledger.tables import aside, deliveries, in_line, sends

_MOST_LINES = 8
_MOST_LANES = 8
"""So many lines and lanes are served by one claim."""
_LANES_SEEN = 256
"""So many lanes are looked at by one claim; the next one goes on behind them."""
_SEEN_IN_LINE = 96
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a claim took. ``after``: where the next one goes on; ``more``: whether it is worth asking again at once.
    ``aside``: whether some stand aside; ``pauses``: those that counted."""

    taken: tuple[Delivery, ...]
    after: str = ""
    more: bool = False
    aside: bool = False
    pauses: tuple[Pause, ...] = ()


def claim_deliveries(
    conn: Connection,
    owner: str,
    lease: timedelta,
    limit: int,
    busy: Sequence[str],
    now: datetime,
    budget_bytes: int = BUDGET_BYTES,
) -> list[Delivery]:
    """Leases up to ``limit`` deliveries that are due, except those for ``busy`` domains, which have no room now.

    Their payloads weigh no more than ``budget_bytes`` together, unless the first alone does.
    """
    barred = Barred(domains=frozenset(busy))
    return list(claim_turn(conn, owner, lease, limit, now, barred, "", budget_bytes).taken)


def claim_turn(
    conn: Connection,
    owner: str,
    lease: timedelta,
    limit: int,
    now: datetime,
    barred: Barred = NOBODY,
    after: str = "",
    budget_bytes: int = BUDGET_BYTES,
) -> Turn:
    """Leases up to ``limit`` deliveries that are due and may go, from each account in turn.

    What is due and ``barred`` or paused steps aside; what belongs to a suspended account is held. ``after``: what the
    claim before this one said.
    """
    pauses = find_pauses(conn, now)
    if any(pause.kind is PauseKind.ALL and pause.account_id == EVERYBODY for pause in pauses):
        return Turn(taken=(), pauses=tuple(pauses))
    lanes = _lanes(conn, after, now)
    heads = [*_in_lanes(conn, lanes, limit, now, barred, pauses), *_in_lines(conn, now, pauses)]
    sorted_out = rules.sort_out(heads, barred, pauses)
    _step_aside(conn, sorted_out.aside)
    _hold(conn, sorted_out.held)
    chosen = rules.in_turns(sorted_out.free, limit)
    ids = within(_weighed(conn, [(head.account_id, head.id) for head in chosen]), budget_bytes)
    further = len(lanes) == _LANES_SEEN
    return Turn(
        taken=tuple(_lease(conn, owner, lease, ids)),
        after=lanes[-1].lane if further else "",
        more=bool(ids or sorted_out.aside or sorted_out.held or further),
        aside=bool(lanes or sorted_out.aside),
        pauses=tuple(pauses),
    )


@dataclass(frozen=True, slots=True)
class _Lane:
    lane: str
    front: Head


def _lanes(conn: Connection, after: str, now: datetime) -> list[_Lane]:
    """The fronts of lanes behind ``after``."""
    rows = conn.execute(_LANES, {"after": after, "most": _LANES_SEEN, "now": now})
    return [_Lane(lane, rules.in_lane(lane, due or now)) for lane, due in rows]


def _in_lanes(
    conn: Connection, lanes: Sequence[_Lane], limit: int, now: datetime, barred: Barred, pauses: Sequence[Pause]
) -> list[Head]:
    """The first ones of lanes that are open, of those whose fronts wait longest."""
    due = [each for each in lanes if each.front.due <= now and not rules.is_barred(each.front, barred, pauses)]
    roomy = [each for each in due if _room(barred, each.front, limit) > 0]
    share = max(1, limit // max(min(len(roomy), _MOST_LANES), 4))
    found: list[Head] = []
    served = 0
    for each in sorted(roomy, key=lambda each: each.front.due):
        if served == _MOST_LANES:
            break
        standing = _heads().where(aside(), deliveries.c.lane == each.lane, deliveries.c.due <= now)
        most = min(share, _room(barred, each.front, limit))
        heads = _read(conn, standing.order_by(deliveries.c.due).limit(most))
        free = [head for head in heads if rules.pause_of(head, pauses) is None]  # a lane may stand before a paused site
        served += bool(free)  # else many such lanes, the oldest of all, would take the others' turns
        found += free
    return found


def _room(barred: Barred, head: Head, unknown: int) -> int:
    return barred.room.get(rules.path_of(head), unknown)


def _in_lines(conn: Connection, now: datetime, pauses: Iterable[Pause]) -> list[Head]:
    """Those that are longest due, of each account."""
    paused = {pause.account_id for pause in pauses if pause.kind is PauseKind.ALL}
    accounts = conn.execute(_LINES, {"now": now, "most": _MOST_LINES + len(paused)}).scalars().all()
    found: list[Head] = []
    for account_id in accounts:
        if account_id not in paused:
            due = _heads().where(in_line(), deliveries.c.account_id == account_id, deliveries.c.due <= now)
            found += _read(conn, due.order_by(deliveries.c.due).limit(_SEEN_IN_LINE // len(accounts)))
    return found


def _heads() -> Any:
    d = deliveries.c
    return select(d.account_id, d.id, d.egress, d.domain, d.site, d.due)  # of all accounts: workers serve them all


def _read(conn: Connection, query: Any) -> list[Head]:
    return [
        Head(account_id=account_id, id=id_, egress=egress, domain=domain, site=site, due=due)
        for account_id, id_, egress, domain, site, due in locked(conn, query)
    ]


def _step_aside(conn: Connection, heads: Sequence[Head]) -> None:
    writes.STEP_ASIDE.run(conn, [(head.account_id, head.id, rules.lane_of(head)) for head in heads])


def _hold(conn: Connection, heads: Sequence[Head]) -> None:
    if not heads:
        return
    d = deliveries.c
    conn.execute(
        change(deliveries)
        .where(among_ids(d.account_id, d.id, [(head.account_id, head.id) for head in heads]))
        .values(
            state=delivery_after(DeliveryState.WAITING, DeliveryEvent.HOLD), hold=Hold.SUSPENDED, lane=None,
            explanation="Held: the account is suspended. It goes on by itself when the operator resumes the account.",
        )
    )  # fmt: skip


def _weighed(conn: Connection, ids: Sequence[tuple[int, str]]) -> list[tuple[int, str, str, int]]:
    """Account, id, payload and its size, the longest due first."""
    if not ids:
        return []
    d, s = deliveries.c, sends.c
    rows = conn.execute(
        select(d.account_id, d.id, func.coalesce(s.payload_id, s.id), s.size_bytes)
        .join(sends, and_(s.account_id == d.account_id, s.id == d.send_id))
        .where(among_ids(d.account_id, d.id, ids))
        .order_by(d.due)
    )
    return [tuple(row) for row in rows]


def _lease(conn: Connection, owner: str, lease: timedelta, ids: Sequence[tuple[int, str]]) -> list[Delivery]:
    if not ids:
        return []
    d = deliveries.c
    conn.execute(
        change(deliveries)
        .where(among_ids(d.account_id, d.id, ids))
        .values(
            state=delivery_after(DeliveryState.WAITING, DeliveryEvent.CLAIM), lane=None, lease_owner=owner,
            lease_epoch=d.lease_epoch + 1, lease_until=clock_ms() + lease // _MILLISECOND,
        )
    )  # fmt: skip
    return _leased(conn, owner, ids)


def _leased(conn: Connection, owner: str, ids: Sequence[tuple[int, str]]) -> list[Delivery]:
    d, s = deliveries.c, sends.c
    rows = conn.execute(
        select(
            d.account_id, d.id, d.send_id, d.lease_epoch, d.recipient, d.part, d.domain, d.stream, d.tries,
            d.accepted_at, d.egress, s.email_id, s.campaign_id, s.app_id, s.sent_event_id, s.sent_event_at,
            s.duplicate_policy, s.give_up_after, func.coalesce(s.payload_id, s.id).label("payload"),
        )
        .join(sends, and_(s.account_id == d.account_id, s.id == d.send_id))
        .where(among_ids(d.account_id, d.id, ids))
    ).all()  # fmt: skip
    bodies = read_payloads(conn, {(row.account_id, row.payload) for row in rows})
    held = []
    for row in rows:
        body, snapshot, shelf = bodies[row.account_id, row.payload]
        held.append(
            Delivery(
                account_id=row.account_id, id=DeliveryId(row.id), send_id=SendId(row.send_id),
                lease=Lease(owner=owner, epoch=row.lease_epoch), recipient=row.recipient, part=Part(row.part),
                domain=row.domain, stream=row.stream, tries=row.tries, accepted_at=row.accepted_at,
                email_id=row.email_id, campaign_id=row.campaign_id, app_id=row.app_id, payload=body,
                snapshot=snapshot, sent_id=row.sent_event_id, sent_at=row.sent_event_at, shelf=shelf,
                egress=row.egress, terms=terms_of(row.duplicate_policy, row.give_up_after),
            )
        )  # fmt: skip
    return held


# of all accounts: workers serve them all
_LINES = text("""
WITH RECURSIVE a(account_id) AS (
  SELECT (SELECT account_id FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NULL
          ORDER BY account_id LIMIT 1)
  UNION ALL
  SELECT (SELECT account_id FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NULL
          AND account_id > a.account_id ORDER BY account_id LIMIT 1)
  FROM a WHERE a.account_id IS NOT NULL
), fronts(account_id, due) AS (
  SELECT account_id, (SELECT due FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NULL
                      AND deliveries.account_id = a.account_id ORDER BY due LIMIT 1)
  FROM a WHERE account_id IS NOT NULL
)
SELECT account_id FROM fronts WHERE due <= :now ORDER BY due LIMIT :most
""").bindparams(bindparam("now", type_=Moment()), bindparam("most", type_=BigInteger()))

# of all accounts: workers serve them all
_LANES = (
    text("""
WITH RECURSIVE a(lane, n) AS (
  SELECT (SELECT lane FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NOT NULL AND lane > :after
          ORDER BY lane LIMIT 1), 1
  UNION ALL
  SELECT (SELECT lane FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NOT NULL AND lane > a.lane
          ORDER BY lane LIMIT 1), n + 1
  FROM a WHERE a.lane IS NOT NULL AND n < :most
)
SELECT lane, (SELECT due FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NOT NULL
              AND deliveries.lane = a.lane ORDER BY due LIMIT 1) AS due
FROM a WHERE lane IS NOT NULL
""")
    .bindparams(bindparam("most", type_=BigInteger()))
    .columns(due=Moment())
)

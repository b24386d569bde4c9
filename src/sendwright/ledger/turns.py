"""Whose turn it is: how workers take deliveries that are due, fast, fairly, and without ever meeting.

Each account has a line, ordered by when its deliveries are due. Whoever is met there and cannot go (its domain has no
room, it is paused, it belongs to another machine) steps aside into a lane of its account, egress and domain, once, and
stands in nobody's way from then on, however many they are. A claim looks at the fronts of the lines and of the lanes:
from one to the next in an index, so that it costs the same whether a thousand wait in them or a million.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, String, bindparam, func, literal_column, select, text, update

from sendwright.database import Moment, Prepared, among_ids
from sendwright.ledger import rules, writes
from sendwright.ledger.claim import BUDGET_BYTES, clock_ms, locked, terms_of
from sendwright.ledger.model import Delivery, DeliveryId, DeliveryState, Lease, Part, SendId, Shelf
from sendwright.ledger.pauses import find_pauses
from sendwright.ledger.queue_words import EVERYBODY, NOBODY, Barred, Head, Hold, Pause, PauseKind
from sendwright.ledger.rules import DeliveryEvent, delivery_after
from sendwright.ledger.shelves import PieceKey, read_payloads, within
from sendwright.ledger.tables import aside, deliveries, sends

_MOST_LINES = 8
_MOST_LANES = 8
"""So many lines and lanes are served by one claim."""
_LANES_SEEN = 128
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
    if conn.dialect.name == "postgresql":
        conn.execute(_WALK)
    pauses = find_pauses(conn, now)
    if any(pause.kind is PauseKind.ALL and pause.account_id == EVERYBODY for pause in pauses):
        return Turn(taken=(), pauses=tuple(pauses))
    lanes = _lanes(conn, after, now)
    heads = [*_in_lanes(conn, lanes, limit, now, barred, pauses), *_in_lines(conn, now, pauses)]
    sorted_out = rules.sort_out(heads, barred, pauses)
    _step_aside(conn, sorted_out.aside)
    _hold(conn, sorted_out.held)
    chosen = rules.in_turns(sorted_out.free, limit)
    taken = _lease(conn, owner, lease, chosen, budget_bytes)
    further = lanes.seen == _LANES_SEEN
    return Turn(
        taken=tuple(taken),
        after=lanes.last if further else "",
        more=bool(taken or sorted_out.aside or sorted_out.held or further),
        aside=bool(lanes.seen or sorted_out.aside),
        pauses=tuple(pauses),
    )


@dataclass(frozen=True, slots=True)
class _Lane:
    lane: str
    since: int
    """When its front was due: milliseconds."""
    front: Head


@dataclass(frozen=True, slots=True)
class _Lanes:
    """Those that were looked at: how many, the last one, and which of them have somebody who is due."""

    seen: int
    last: str
    due: list[_Lane]


def _lanes(conn: Connection, after: str, now: datetime) -> _Lanes:
    """The fronts of lanes behind ``after``. Most are not due: of those nothing is made, they are too many."""
    rows = conn.execute(_LANES, {"after": after, "most": _LANES_SEEN, "now": now}).all()
    due = [_Lane(lane, since, rules.in_lane(lane, now)) for lane, since in rows if since is not None]
    return _Lanes(len(rows), rows[-1][0] if rows else "", due)


def _in_lanes(
    conn: Connection, lanes: _Lanes, limit: int, now: datetime, barred: Barred, pauses: Sequence[Pause]
) -> list[Head]:
    """The first ones of lanes that are open, of those whose fronts wait longest."""
    roomy = [each for each in lanes.due if _room(barred, each.front, limit) > 0]
    open_ = [each for each in roomy if not rules.is_barred(each.front, barred, pauses)]
    share = max(1, limit // max(min(len(open_), _MOST_LANES), 4))
    found: list[Head] = []
    served = 0
    for each in sorted(open_, key=lambda each: each.since):
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
    lines = conn.execute(_LINES, {"now": now, "most": _MOST_LINES + len(paused)}).scalars().all()
    accounts = [account_id for account_id in lines if account_id not in paused]
    if not accounts:
        return []
    each = _SEEN_IN_LINE // len(accounts)
    if conn.dialect.name == "postgresql":
        rows = conn.execute(_FRONTS_LOCKED, {"accounts": accounts, "now": now, "each": each})
    else:
        rows = conn.execute(_FRONTS, {"accounts": json.dumps(accounts), "now": now, "each": each})
    return [_head(row) for row in rows]


def _heads() -> Any:
    d = deliveries.c
    # of all accounts: workers serve them all
    return select(d.account_id, d.id, d.send_id, d.egress, d.domain, d.site, d.due)


def _read(conn: Connection, query: Any) -> list[Head]:
    return [_head(row) for row in locked(conn, query)]


def _head(row: Any) -> Head:
    account_id, id_, send_id, egress, domain, site, due = row
    return Head(account_id=account_id, id=id_, send_id=send_id, egress=egress, domain=domain, site=site, due=due)


def _step_aside(conn: Connection, heads: Sequence[Head]) -> None:
    writes.STEP_ASIDE.run(conn, [(head.account_id, head.id, rules.lane_of(head)) for head in heads])


def _hold(conn: Connection, heads: Sequence[Head]) -> None:
    if not heads:
        return
    d = deliveries.c
    conn.execute(
        update(deliveries)
        .where(among_ids(d.account_id, d.id, [(head.account_id, head.id) for head in heads]))
        .values(
            state=delivery_after(DeliveryState.WAITING, DeliveryEvent.HOLD), hold=Hold.SUSPENDED, lane=None,
            explanation="Held: the account is suspended. It goes on by itself when the operator resumes the account.",
        )
    )  # fmt: skip


def _lease(conn: Connection, owner: str, lease: timedelta, chosen: Sequence[Head], budget_bytes: int) -> list[Delivery]:
    """Those that fit into the budget, the longest due first."""
    if not chosen:
        return []
    of_send = {row[:2]: row[2:] for row in _SENDS.ask(conn, list({(head.account_id, head.send_id) for head in chosen}))}
    heads = [head for head in sorted(chosen, key=lambda head: head.due) if (head.account_id, head.send_id) in of_send]
    weighed = [(head.account_id, head.id, *of_send[head.account_id, head.send_id][:2]) for head in heads]
    ids = within(weighed, budget_bytes)
    leased = _LEASE.ask(conn, [(*key, owner, lease // _MILLISECOND) for key in ids])
    bodies = read_payloads(conn, {(account_id, payload) for account_id, _, payload, _ in weighed[: len(ids)]})
    return [_delivery(owner, row, of_send[row[0], row[2]], bodies) for row in leased]


def _delivery(owner: str, row: Any, of_send: Any, bodies: Mapping[PieceKey, tuple[bytes, bytes, Shelf]]) -> Delivery:
    account_id, id_, send_id, epoch, recipient, part, domain, stream, tries, accepted_at, egress = row
    payload, _, email_id, campaign_id, app_id, sent_id, sent_at, *terms = of_send
    body, snapshot, shelf = bodies[account_id, payload]
    return Delivery(
        account_id=account_id, id=DeliveryId(id_), send_id=SendId(send_id), lease=Lease(owner=owner, epoch=epoch),
        recipient=recipient, part=Part(part), domain=domain, stream=stream, tries=tries, accepted_at=accepted_at,
        email_id=email_id, campaign_id=campaign_id, app_id=app_id, payload=body, snapshot=snapshot, sent_id=sent_id,
        sent_at=sent_at, shelf=shelf, egress=egress, terms=terms_of(*terms),
    )  # fmt: skip


_SENDS = Prepared(
    {"k_account": BigInteger(), "k_id": String()},
    lambda given: (
        select(
            sends.c.account_id, sends.c.id, func.coalesce(sends.c.payload_id, sends.c.id), sends.c.size_bytes,
            sends.c.email_id, sends.c.campaign_id, sends.c.app_id, sends.c.sent_event_id, sends.c.sent_event_at,
            sends.c.duplicate_policy, sends.c.give_up_after,
        )
        .where(sends.c.account_id == given.c.k_account, sends.c.id == given.c.k_id)
    ),
)  # fmt: skip

_LEASE = Prepared(
    {"k_account": BigInteger(), "k_id": String(), "owner": String(), "lease_ms": BigInteger()},
    lambda given: (
        update(deliveries)
        .where(deliveries.c.account_id == given.c.k_account, deliveries.c.id == given.c.k_id)
        .values(
            state=literal_column(f"'{delivery_after(DeliveryState.WAITING, DeliveryEvent.CLAIM).value}'"),
            lane=literal_column("NULL", String()), lease_owner=given.c.owner,
            lease_epoch=deliveries.c.lease_epoch + literal_column("1"), lease_until=clock_ms() + given.c.lease_ms,
        )
        .returning(
            deliveries.c.account_id, deliveries.c.id, deliveries.c.send_id, deliveries.c.lease_epoch,
            deliveries.c.recipient, deliveries.c.part, deliveries.c.domain, deliveries.c.stream, deliveries.c.tries,
            deliveries.c.accepted_at, deliveries.c.egress,
        )
    ),
)  # fmt: skip

_WALK = text(
    "SELECT "
    + ", ".join(
        f"set_config('{name}', 'off', true)"
        for name in (
            "enable_sort",
            "enable_incremental_sort",
            "enable_bitmapscan",
            "enable_seqscan",
            "jit",
        )
    )
)
"""A claim only ever walks along an index, in its order. The planner thinks otherwise while its statistics are older
than the lanes: it read and sorted all that stood aside at each of a hundred steps, and a claim took two seconds."""

# The order is said as the index has it, so that no other index will do.
# of all accounts: workers serve them all
_LINES = text("""
WITH RECURSIVE a(account_id) AS (
  SELECT (SELECT account_id FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NULL
          ORDER BY account_id, due LIMIT 1)
  UNION ALL
  SELECT (SELECT account_id FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NULL
          AND account_id > a.account_id ORDER BY account_id, due LIMIT 1)
  FROM a WHERE a.account_id IS NOT NULL
), fronts(account_id, due) AS (
  SELECT account_id, (SELECT due FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NULL
                      AND deliveries.account_id = a.account_id ORDER BY due LIMIT 1)
  FROM a WHERE account_id IS NOT NULL
)
SELECT account_id FROM fronts WHERE due <= :now ORDER BY due LIMIT :most
""").bindparams(bindparam("now", type_=Moment()), bindparam("most", type_=BigInteger()))

_OF_FRONT = "account_id, id, send_id, egress, domain, site, due"
_IN_FRONT = "state IN ('waiting', 'in_doubt') AND lane IS NULL AND due <= :now"

# One statement for the fronts of all lines: a round trip for each line would cost more than all that the server does.
# SQLite has no LATERAL.
_FRONTS = (
    text(f"""
SELECT {_OF_FRONT} FROM (SELECT value FROM json_each(:accounts)) AS line
CROSS JOIN deliveries ON deliveries.rowid IN (
  SELECT rowid FROM deliveries WHERE {_IN_FRONT} AND account_id = line.value ORDER BY due LIMIT :each)
""")  # noqa: S608 - literals of this file
    .bindparams(bindparam("now", type_=Moment()), bindparam("each", type_=BigInteger()))
    .columns(due=Moment())
)

_FRONTS_LOCKED = (
    text(f"""
SELECT front.* FROM unnest(CAST(:accounts AS BIGINT[])) AS line(line_account)
CROSS JOIN LATERAL (
  SELECT {_OF_FRONT} FROM deliveries WHERE {_IN_FRONT} AND account_id = line.line_account
  ORDER BY due LIMIT :each FOR UPDATE SKIP LOCKED) AS front
""")  # noqa: S608 - literals of this file
    .bindparams(bindparam("now", type_=Moment()), bindparam("each", type_=BigInteger()))
    .columns(due=Moment())
)

# of all accounts: workers serve them all
_LANES = text("""
WITH RECURSIVE a(lane, n) AS (
  SELECT (SELECT lane FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NOT NULL AND lane > :after
          ORDER BY lane, due LIMIT 1), 1
  UNION ALL
  SELECT (SELECT lane FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NOT NULL AND lane > a.lane
          ORDER BY lane, due LIMIT 1), n + 1
  FROM a WHERE a.lane IS NOT NULL AND n < :most
)
SELECT lane, CASE WHEN due IS NULL THEN 0 WHEN due <= :now THEN due END AS since FROM (
  SELECT lane, (SELECT due FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NOT NULL
                AND deliveries.lane = a.lane ORDER BY due LIMIT 1) AS due
  FROM a WHERE lane IS NOT NULL) AS fronts
""").bindparams(bindparam("most", type_=BigInteger()), bindparam("now", type_=Moment()))

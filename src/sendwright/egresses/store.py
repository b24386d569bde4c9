"""The tables of this room and all their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.database import among
from sendwright.egresses.model import (
    Check,
    Day,
    Egress,
    EgressState,
    Finding,
    Grant,
    Lane,
    Member,
    Overflow,
    OwnAddress,
    Pool,
    Provider,
    Relay,
    Stream,
    Warmup,
)

egresses = Table(
    "egresses",
    database.metadata,
    database.account_column(),
    Column("name", String(64), primary_key=True),
    Column("source_ip", String(45)),  # this and the three that follow: of an address; NULL: a relay
    Column("ehlo_name", database.Text),
    Column("machine", database.Text),
    Column("proxy", database.Text),
    Column("relay_sealed", LargeBinary),
    Column("relay_shown", database.Text),
    Column("state", String(12), nullable=False),
    Column("reason", database.Text, nullable=False),
    Column("paused_by", database.Text, nullable=False),
    Column("forced", Boolean, nullable=False),
    Column("checked_at", database.Moment),
    Column("findings", database.Json, nullable=False),
    Column("created_at", database.Moment, nullable=False),
    Index(
        "ux_egresses_source_ip",
        "source_ip",
        unique=True,
        sqlite_where=text("source_ip IS NOT NULL AND state <> 'retired'"),
        postgresql_where=text("source_ip IS NOT NULL AND state <> 'retired'"),
    ),
)

pools = Table(
    "pools",
    database.metadata,
    database.account_column(),
    Column("stream", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("only_own", Boolean, nullable=False),
)

pool_members = Table(
    "pool_members",
    database.metadata,
    database.account_column(),
    Column("stream", String(16), primary_key=True),
    Column("egress", String(64), primary_key=True),  # "": the installation's own way
    Column("weight", Integer, nullable=False),
)

warmups = Table(
    "warmups",
    database.metadata,
    database.account_column(),
    Column("egress", String(64), primary_key=True),
    Column("caps", database.Json, nullable=False),
    Column("overflow", String(8), nullable=False),
    Column("started_at", database.Moment, nullable=False),
)

egress_days = Table(
    "egress_days",
    database.metadata,
    database.account_column(),
    Column("egress", String(64), primary_key=True),
    Column("provider", String(16), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("begun", BigInteger, nullable=False),
    Column("part", Integer, nullable=False),
    Column("begun_in_part", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    Column("deferred", BigInteger, nullable=False),
    Column("bounced", BigInteger, nullable=False),
    Column("complained", BigInteger, nullable=False),
)

_NOTHING = {
    "begun": 0, "part": 0, "begun_in_part": 0, "delivered": 0, "deferred": 0, "bounced": 0, "complained": 0,
}  # fmt: skip


# --- egresses


def insert_egress(conn: database.Connection, seal: database.Seal, egress: Egress) -> None:
    """A new row."""
    conn.execute(
        insert(egresses).values(
            account_id=egress.account_id, name=egress.name, **_means_columns(seal, egress), state=egress.state.value,
            reason=egress.reason, paused_by=egress.paused_by,
            forced=egress.forced, **_check_columns(egress.check), created_at=egress.created_at,
        )
    )  # fmt: skip


def select_egress(conn: database.Connection, seal: database.Seal, account_id: int, name: str) -> Egress | None:
    """One egress of an account."""
    e = egresses.c
    row = conn.execute(select(egresses).where(e.account_id == account_id, e.name == name)).one_or_none()
    return None if row is None else _egress(seal, row)


def select_egresses(conn: database.Connection, seal: database.Seal, accounts: Iterable[int]) -> list[Egress]:
    """All egresses of these accounts, by name."""
    e = egresses.c
    rows = conn.execute(select(egresses).where(e.account_id.in_(sorted(set(accounts)))).order_by(e.account_id, e.name))
    return [_egress(seal, row) for row in rows]


def select_elsewhere(conn: database.Connection, machine: str) -> list[tuple[int, str]]:
    """Account and name of each address that may be used on other machines only."""
    e = egresses.c
    usable = and_(e.state == EgressState.ACTIVE.value, e.source_ip.is_not(None))
    # of all accounts: workers serve them all
    rows = conn.execute(select(e.account_id, e.name).where(usable, e.proxy.is_(None), e.machine != machine))
    return [(account_id, name) for account_id, name in rows]


def select_holder(conn: database.Connection, seal: database.Seal, source_ip: str) -> Egress | None:
    """Whose the address is, if it is anybody's."""
    e = egresses.c
    # of all accounts: an address belongs to one of them, and the others may only learn that it is taken
    held = select(egresses).where(
        e.source_ip == source_ip, e.source_ip.is_not(None), e.state != EgressState.RETIRED.value
    )  # fmt: skip
    row = conn.execute(held).one_or_none()
    return None if row is None else _egress(seal, row)


def set_paused(conn: database.Connection, account_id: int, name: str, reason: str, who: str) -> bool:
    """Whether this call paused it: it was active."""
    e = egresses.c
    found = conn.execute(
        update(egresses)
        .where(e.account_id == account_id, e.name == name, e.state == EgressState.ACTIVE.value)
        .values(state=EgressState.PAUSED.value, reason=reason, paused_by=who)
    )
    return found.rowcount == 1


def set_active(conn: database.Connection, account_id: int, name: str, by: Iterable[str]) -> bool:
    """Whether this call resumed it: it was paused by one of these."""
    e = egresses.c
    paused = and_(e.state == EgressState.PAUSED.value, e.paused_by.in_(list(by)))
    found = conn.execute(
        update(egresses)
        .where(e.account_id == account_id, e.name == name, paused)
        .values(state=EgressState.ACTIVE.value, reason="", paused_by="")
    )
    return found.rowcount == 1


def set_retired(conn: database.Connection, account_id: int, name: str, spared: Iterable[str]) -> bool:
    """Whether this call retired it, which nobody of ``spared`` had paused. Its relay's password is erased."""
    e = egresses.c
    mine = and_(e.account_id == account_id, e.name == name)
    found = conn.execute(
        update(egresses)
        .where(mine, e.state != EgressState.RETIRED.value, e.paused_by.not_in(list(spared)))
        .values(state=EgressState.RETIRED.value, reason="removed", relay_sealed=None)
    )
    return found.rowcount == 1


def set_check(conn: database.Connection, account_id: int, name: str, check: Check, forced: bool | None) -> bool:
    """Writes what a check found; and, unless None, whether it is used all the same. False: there is no such egress."""
    e = egresses.c
    use = {} if forced is None else {"forced": forced}
    found = conn.execute(
        update(egresses).where(e.account_id == account_id, e.name == name).values(**_check_columns(check), **use)
    )
    return found.rowcount == 1


# --- pools


def replace_pool(conn: database.Connection, pool: Pool) -> None:
    """The pool of a stream, as it is from now on."""
    delete_pool(conn, pool.account_id, pool.stream)
    conn.execute(
        insert(pools).values(
            account_id=pool.account_id, stream=pool.stream.value, name=pool.name, only_own=pool.only_own
        )
    )
    conn.execute(
        insert(pool_members),
        [
            {"account_id": pool.account_id, "stream": pool.stream.value, "egress": m.egress, "weight": m.weight}
            for m in pool.members
        ],
    )


def delete_pool(conn: database.Connection, account_id: int, stream: Stream) -> bool:
    """Whether there was one."""
    p, m = pools.c, pool_members.c
    conn.execute(delete(pool_members).where(m.account_id == account_id, m.stream == stream.value))
    return conn.execute(delete(pools).where(p.account_id == account_id, p.stream == stream.value)).rowcount == 1


def delete_member(conn: database.Connection, account_id: int, egress: str) -> None:
    """The egress is in no pool any more."""
    m = pool_members.c
    conn.execute(delete(pool_members).where(m.account_id == account_id, m.egress == egress))


def select_pools(conn: database.Connection, accounts: Iterable[int]) -> list[Pool]:
    """The pools of these accounts."""
    p, m, ids = pools.c, pool_members.c, sorted(set(accounts))
    members: dict[tuple[int, str], list[Member]] = {}
    for row in conn.execute(select(pool_members).where(m.account_id.in_(ids)).order_by(m.egress)):
        members.setdefault((row.account_id, row.stream), []).append(Member(egress=row.egress, weight=row.weight))
    return [
        Pool(
            account_id=row.account_id, stream=Stream(row.stream), name=row.name, only_own=row.only_own,
            members=tuple(members.get((row.account_id, row.stream), ())),
        )
        for row in conn.execute(select(pools).where(p.account_id.in_(ids)).order_by(p.account_id, p.stream))
    ]  # fmt: skip


# --- warm-up


def insert_warmup(conn: database.Connection, warmup: Warmup) -> None:
    """A new plan; the counts of one before it are forgotten."""
    delete_warmup(conn, warmup.account_id, warmup.egress)
    conn.execute(
        insert(warmups).values(
            account_id=warmup.account_id, egress=warmup.egress, caps=list(warmup.caps),
            overflow=warmup.overflow.value, started_at=warmup.started_at,
        )
    )  # fmt: skip


def delete_warmup(conn: database.Connection, account_id: int, egress: str) -> bool:
    """Whether there was one."""
    w, d = warmups.c, egress_days.c
    conn.execute(delete(egress_days).where(d.account_id == account_id, d.egress == egress))
    return conn.execute(delete(warmups).where(w.account_id == account_id, w.egress == egress)).rowcount == 1


def select_warmups(conn: database.Connection, accounts: Iterable[int]) -> list[Warmup]:
    """The plans of these accounts."""
    w = warmups.c
    rows = conn.execute(select(warmups).where(w.account_id.in_(sorted(set(accounts)))).order_by(w.egress))
    return [
        Warmup(
            account_id=row.account_id, egress=row.egress, caps=tuple(row.caps), overflow=Overflow(row.overflow),
            started_at=row.started_at,
        )
        for row in rows
    ]  # fmt: skip


def select_days(conn: database.Connection, plans: Sequence[Warmup]) -> dict[int, dict[Lane, list[Day]]]:
    """By account: what each egress with a plan sent since it began, day by day."""
    d = egress_days.c
    mine = among((d.account_id, d.egress), [(plan.account_id, plan.egress) for plan in plans])
    found: dict[int, dict[Lane, list[Day]]] = {}
    for row in conn.execute(select(egress_days).where(mine).order_by(d.day)) if plans else ():
        lane = (row.egress, Provider(row.provider))
        found.setdefault(row.account_id, {}).setdefault(lane, []).append(_day(row))
    return found


def lock_day(conn: database.Connection, grant: Grant, day: int) -> Day:
    """The count of a day, kept from others until the transaction ends."""
    add = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    key = {"account_id": grant.account_id, "egress": grant.egress, "provider": grant.provider.value, "day": day}
    conn.execute(add(egress_days).values(**key, **_NOTHING).on_conflict_do_nothing())
    d = egress_days.c
    mine = (
        d.account_id == grant.account_id, d.egress == grant.egress, d.provider == grant.provider.value, d.day == day
    )  # fmt: skip
    query = select(egress_days).where(*mine)
    return _day(conn.execute(query.with_for_update() if conn.dialect.name == "postgresql" else query).one())


def write_begun(conn: database.Connection, grant: Grant, day: Day) -> None:
    """What has begun by now."""
    d = egress_days.c
    conn.execute(
        update(egress_days)
        .where(
            d.account_id == grant.account_id, d.egress == grant.egress, d.provider == grant.provider.value,
            d.day == day.day,
        )
        .values(begun=day.begun, part=day.part, begun_in_part=day.begun_in_part)
    )  # fmt: skip


def add_outcomes(conn: database.Connection, account_id: int, lane: Lane, day: int, counts: Mapping[str, int]) -> None:
    """More of each outcome, where the day is counted at all: only an egress that is warmed up has days."""
    d = egress_days.c
    conn.execute(
        update(egress_days)
        .where(d.account_id == account_id, d.egress == lane[0], d.provider == lane[1].value, d.day == day)
        .values({name: d[name] + number for name, number in counts.items()})
    )


# --- rows


def _means_columns(seal: database.Seal, egress: Egress) -> dict[str, Any]:
    match egress.means:
        case OwnAddress(ip=ip, ehlo_name=ehlo_name, machine=machine, proxy=proxy):
            return {"source_ip": ip, "ehlo_name": ehlo_name, "machine": machine, "proxy": proxy}
        case Relay(url=url, shown=shown):
            sealed = seal.seal(url.encode(), _context(egress.account_id, egress.name))
            return {"relay_sealed": sealed, "relay_shown": shown}


def _check_columns(check: Check | None) -> dict[str, Any]:
    if check is None:
        return {"checked_at": None, "findings": []}
    found = [{"fatal": finding.fatal, "text": finding.text} for finding in check.findings]
    return {"checked_at": check.at, "findings": found}


def _egress(seal: database.Seal, row: Row[Any]) -> Egress:
    return Egress(
        account_id=row.account_id, name=row.name, means=_means(seal, row), state=EgressState(row.state),
        reason=row.reason, paused_by=row.paused_by, forced=row.forced,
        check=_check(row.checked_at, row.findings), created_at=row.created_at,
    )  # fmt: skip


def _means(seal: database.Seal, row: Row[Any]) -> OwnAddress | Relay:
    if row.relay_shown is not None and row.relay_sealed is None:  # retired
        return Relay(url="", shown=row.relay_shown)
    if row.relay_sealed is None:
        return OwnAddress(ip=row.source_ip, ehlo_name=row.ehlo_name, machine=row.machine, proxy=row.proxy)
    url = seal.open(row.relay_sealed, _context(row.account_id, row.name)).decode()
    return Relay(url=url, shown=row.relay_shown)


def _check(at: datetime | None, findings: list[dict[str, Any]]) -> Check | None:
    if at is None:
        return None
    return Check(at=at, findings=tuple(Finding(fatal=found["fatal"], text=found["text"]) for found in findings))


def _context(account_id: int, name: str) -> str:
    return f"egresses/{account_id}/{name}"


def _day(row: Row[Any]) -> Day:
    return Day(
        day=row.day, begun=row.begun, part=row.part, begun_in_part=row.begun_in_part, delivered=row.delivered,
        deferred=row.deferred, bounced=row.bounced, complained=row.complained,
    )  # fmt: skip

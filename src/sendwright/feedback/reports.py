"""Reports as they came, and what was made of each. Their octets lie apart and go first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright import database
from sendwright.database import Moment, account_column, among, metadata
from sendwright.feedback.model import (
    Addressed,
    Finding,
    InboundReport,
    NewReport,
    ReportFilter,
    ReportId,
    Understood,
)

inbound_reports = Table(  # account 0: what came to an address of the whole installation
    "inbound_reports",
    metadata,
    account_column(),
    Column("id", String(36), primary_key=True),
    Column("received", Moment, nullable=False),
    Column("addressed", String(12), nullable=False),
    Column("recipient", String, nullable=False),
    Column("mail_from", String, nullable=False),
    Column("helo", String, nullable=False),
    Column("ip", String(45), nullable=False),
    Column("tls", String(16)),
    Column("delivery_id", String(36)),
    Column("size_bytes", Integer, nullable=False),
    Column("finding", String(12), nullable=False),
    Column("why", String, nullable=False),
    Column("send_id", String(36)),
    Column("about", String),
    Column("understood_at", Moment),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("due", Moment, nullable=False),
    Index(
        "ix_inbound_reports_waiting",
        "due",
        sqlite_where=text("finding = 'waiting'"),
        postgresql_where=text("finding = 'waiting'"),
    ),
    Index("ix_inbound_reports_delivery", "account_id", "delivery_id"),
    Index("ix_inbound_reports_received", "received"),
)

inbound_bodies = Table(
    "inbound_bodies",
    metadata,
    account_column(),
    Column("report_id", String(36), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)

reported_deliveries = Table(  # the first report of each kind about a delivery: later ones change nothing
    "reported_deliveries",
    metadata,
    account_column(),
    Column("delivery_id", String(36), primary_key=True),
    Column("finding", String(12), primary_key=True),
    Column("report_id", String(36), nullable=False),
    Column("at", Moment, nullable=False),
)

_UNPROVEN = (Finding.UNATTRIBUTED, Finding.IGNORED, Finding.REPEATED)
"""Of these nothing followed."""

_AGAIN = timedelta(minutes=5)
_SWEPT_AT_ONCE = 200
_TRIMMED_AT_ONCE = 4
"""Accounts."""


def store_reports(conn: database.Connection, reports: Sequence[NewReport]) -> Sequence[None]:
    """Writes reports that were received, to be understood afterwards."""
    conn.execute(insert(inbound_reports), [_row(report) for report in reports])
    conn.execute(
        insert(inbound_bodies), [{"account_id": r.account_id, "report_id": r.id, "raw": r.raw} for r in reports]
    )
    return [None] * len(reports)


def count_reports(conn: database.Connection, account_id: int, delivery_id: str) -> int:
    """How many reports came for a delivery."""
    c = inbound_reports.c
    query = select(func.count()).select_from(inbound_reports)
    return conn.execute(query.where(c.account_id == account_id, c.delivery_id == delivery_id)).scalar_one()


def count_from_strangers(conn: database.Connection, account_id: int, most: int) -> int:
    """How many mails came to this account's open addresses that prove nothing, or wait: up to ``most``."""
    c = inbound_reports.c
    those = select(c.id).where(
        c.account_id == account_id, c.delivery_id.is_(None), c.finding.in_([Finding.WAITING, *_UNPROVEN])
    )  # fmt: skip
    return conn.execute(select(func.count()).select_from(those.limit(most).subquery())).scalar_one()


def waiting_reports(conn: database.Connection, now: datetime, limit: int) -> list[InboundReport]:
    """Reports that are not understood yet and may be tried, the oldest first."""
    c = inbound_reports.c
    waiting = text("finding = 'waiting'")  # in the words of the index
    query = select(inbound_reports).where(waiting, c.due <= now)  # of all accounts: workers serve them all
    return [_report(row) for row in conn.execute(query.order_by(c.due, c.id).limit(limit))]


def read_body(conn: database.Connection, account_id: int, report_id: str) -> bytes | None:
    """The octets of a report; None when they were erased."""
    c = inbound_bodies.c
    query = select(c.raw).where(c.account_id == account_id, c.report_id == report_id)
    return conn.execute(query).scalar_one_or_none()


def settle_report(conn: database.Connection, report: InboundReport, found: Understood, now: datetime) -> bool:
    """What was made of a report. False if somebody else was faster: then nothing may follow."""
    c = inbound_reports.c
    done = (
        update(inbound_reports)
        .where(c.account_id == report.account_id, c.id == report.id, c.finding == Finding.WAITING)
        .values(finding=found.finding, why=found.why, send_id=found.send_id, about=found.about, understood_at=now)
    )
    return conn.execute(done).rowcount == 1


def put_off_report(conn: database.Connection, report: InboundReport, why: str, now: datetime) -> None:
    """A report is tried again later: something that it needs cannot be had now."""
    c = inbound_reports.c
    conn.execute(
        update(inbound_reports)
        .where(c.account_id == report.account_id, c.id == report.id, c.finding == Finding.WAITING)
        .values(tries=c.tries + 1, why=why, due=now + _AGAIN)
    )


def await_again(conn: database.Connection, account_id: int, report_id: str, now: datetime) -> bool:
    """A report that led to nothing is looked at once more. False if it led to something, or is not there."""
    c = inbound_reports.c
    again = (
        update(inbound_reports)
        .where(
            c.account_id == account_id, c.id == report_id, c.finding.in_([Finding.UNATTRIBUTED, Finding.IGNORED]),
        )
        .values(finding=Finding.WAITING, why="", understood_at=None, tries=0, due=now)
    )  # fmt: skip
    return conn.execute(again).rowcount == 1


def is_first(
    conn: database.Connection, account_id: int, delivery_id: str, finding: Finding, report_id: ReportId, now: datetime
) -> bool:
    """Notes that a delivery has a report of this kind; false if it had one before."""
    adding = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    row = {
        "account_id": account_id, "delivery_id": delivery_id, "finding": finding, "report_id": report_id, "at": now,
    }  # fmt: skip
    written = adding(reported_deliveries).values(row).on_conflict_do_nothing()
    # An insert's row count is not told by every driver; what it wrote is.
    return conn.execute(written.returning(reported_deliveries.c.report_id)).first() is not None


def list_reports(
    conn: database.Connection, account_id: int, wanted: ReportFilter, *, before: str | None, limit: int
) -> list[InboundReport]:
    """An account's newest reports that match, older than the id ``before``. Account 0: the operator's."""
    c = inbound_reports.c
    query: Select[Any] = select(inbound_reports).where(c.account_id == account_id).order_by(c.id.desc()).limit(limit)
    for column, value in ((c.finding, wanted.finding), (c.send_id, wanted.send_id), (c.about, wanted.about)):
        query = query if value is None else query.where(column == value)
    if before is not None:
        query = query.where(c.id < before)
    return [_report(row) for row in conn.execute(query)]


def find_report(conn: database.Connection, account_id: int, report_id: str) -> InboundReport | None:
    """One report of an account."""
    c = inbound_reports.c
    row = conn.execute(select(inbound_reports).where(c.account_id == account_id, c.id == report_id)).one_or_none()
    return None if row is None else _report(row)


def sweep_reports(conn: database.Connection, before: datetime) -> int:
    """Erases some reports that were understood and came before a moment. How many; 0 when none is left."""
    c = inbound_reports.c
    # of all accounts: they are swept by age
    query = select(c.account_id, c.id).where(c.received < before, c.finding != Finding.WAITING)
    return _erase(conn, [(row.account_id, row.id) for row in conn.execute(query.limit(_SWEPT_AT_ONCE))])


def trim_strangers(conn: database.Connection, kept: int) -> int:
    """Of what strangers sent to an account's open addresses (0: the installation's) only the newest stay.

    Everybody who got a mail knows where to complain, and anybody knows postmaster: they shall not fill the disk. What
    proved something is evidence, and is kept.
    """
    c = inbound_reports.c
    strangers = (c.delivery_id.is_(None), c.finding.in_(_UNPROVEN))
    # of all accounts: each has its own
    many = select(c.account_id).where(*strangers).group_by(c.account_id).having(func.count() > kept)
    rows: list[tuple[int, str]] = []
    for account_id in conn.execute(many.limit(_TRIMMED_AT_ONCE)).scalars().all():
        mine = select(c.account_id, c.id).where(c.account_id == account_id, *strangers)
        older = mine.order_by(c.id.desc()).offset(kept).limit(_SWEPT_AT_ONCE)
        rows += [(row.account_id, row.id) for row in conn.execute(older)]
    return _erase(conn, rows)


def _erase(conn: database.Connection, rows: Sequence[tuple[int, str]]) -> int:
    if rows:
        bodies, reports = inbound_bodies.c, inbound_reports.c
        conn.execute(delete(inbound_bodies).where(among((bodies.account_id, bodies.report_id), rows)))
        conn.execute(delete(inbound_reports).where(among((reports.account_id, reports.id), rows)))
    return len(rows)


def _row(report: NewReport) -> dict[str, Any]:
    return {
        "account_id": report.account_id, "id": report.id, "received": report.received, "addressed": report.addressed,
        "recipient": report.recipient, "mail_from": report.mail_from, "helo": report.helo, "ip": report.ip,
        "tls": report.tls, "delivery_id": report.delivery_id, "size_bytes": report.size_bytes,
        "finding": Finding.WAITING, "why": "", "due": report.received,
    }  # fmt: skip


def _report(row: Row[Any]) -> InboundReport:
    return InboundReport(
        account_id=row.account_id, id=ReportId(row.id), received=row.received, addressed=Addressed(row.addressed),
        recipient=row.recipient, mail_from=row.mail_from, helo=row.helo, ip=row.ip, tls=row.tls,
        delivery_id=row.delivery_id, size_bytes=row.size_bytes, finding=Finding(row.finding), why=row.why,
        send_id=row.send_id, about=row.about, understood_at=row.understood_at, tries=row.tries,
    )  # fmt: skip

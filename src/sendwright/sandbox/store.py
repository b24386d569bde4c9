"""The tables of the sandbox. What a mail weighs lies apart from what lists show."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
)

from sendwright.database import Connection, Moment, Text, account_column, metadata, uuid7
from sendwright.sandbox.model import Arrival, Page, SandboxMail, Wanted

KEPT = 10_000
"""So many mails are kept for an account."""
_MOST_LISTED = 500

sandbox_mails = Table(
    "sandbox_mails",
    metadata,
    account_column(),
    Column("id", String(36), primary_key=True),
    Column("send_id", String(36), nullable=False),
    Column("mail_from", Text, nullable=False),
    Column("rcpt_to", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("tls", String),
    Column("size_bytes", Integer, nullable=False),
    Index("ix_sandbox_mails_send", "account_id", "send_id"),
)

sandbox_raw = Table(
    "sandbox_raw",
    metadata,
    account_column(),
    Column("id", String(36), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)


def keep(conn: Connection, arrivals: Sequence[Arrival]) -> list[str]:
    """Stores them and gives their ids, in order."""
    ids = [uuid7(arrival.received_at) for arrival in arrivals]
    named = list(zip(ids, arrivals, strict=True))
    conn.execute(insert(sandbox_mails), [_row(mail_id, arrival) for mail_id, arrival in named])
    conn.execute(
        insert(sandbox_raw),
        [{"account_id": arrival.account_id, "id": mail_id, "raw": arrival.raw} for mail_id, arrival in named],
    )
    return ids


def find(conn: Connection, account_id: int, wanted: Wanted) -> Page:
    """One page of the account's mails, newest first."""
    limit = min(max(wanted.limit, 1), _MOST_LISTED)
    mine = sandbox_mails.c.account_id == account_id
    query = select(sandbox_mails).where(mine).order_by(sandbox_mails.c.id.desc()).limit(limit + 1)
    if wanted.before:
        query = query.where(sandbox_mails.c.id < wanted.before)
    if wanted.send_id:
        query = query.where(sandbox_mails.c.send_id == wanted.send_id)
    if wanted.recipient:
        query = query.where(func.lower(sandbox_mails.c.rcpt_to) == wanted.recipient.lower())
    if wanted.subject:
        query = query.where(sandbox_mails.c.subject.icontains(wanted.subject, autoescape=True))
    mails = tuple(_mail(row) for row in conn.execute(query))
    more = len(mails) > limit
    return Page(mails=mails[:limit], next=mails[limit - 1].id if more else None)


def get(conn: Connection, account_id: int, mail_id: str) -> SandboxMail | None:
    """One mail of the account."""
    row = conn.execute(select(sandbox_mails).where(_is(sandbox_mails, account_id, mail_id))).one_or_none()
    return None if row is None else _mail(row)


def raw_of(conn: Connection, account_id: int, mail_id: str) -> bytes | None:
    """The octets of one mail, as they came."""
    return conn.execute(select(sandbox_raw.c.raw).where(_is(sandbox_raw, account_id, mail_id))).scalar_one_or_none()


def trim(conn: Connection, account_id: int, kept: int = KEPT) -> int:
    """Deletes all but the newest `kept` mails of an account; how many went."""
    newest = select(sandbox_mails.c.id).where(sandbox_mails.c.account_id == account_id)
    oldest_kept = conn.execute(newest.order_by(sandbox_mails.c.id.desc()).offset(kept).limit(1)).scalar_one_or_none()
    if oldest_kept is None:
        return 0
    conn.execute(delete(sandbox_raw).where(sandbox_raw.c.account_id == account_id, sandbox_raw.c.id <= oldest_kept))
    return conn.execute(
        delete(sandbox_mails).where(sandbox_mails.c.account_id == account_id, sandbox_mails.c.id <= oldest_kept)
    ).rowcount


def _is(table: Table, account_id: int, mail_id: str) -> ColumnElement[bool]:
    return and_(table.c.account_id == account_id, table.c.id == mail_id)


def _row(mail_id: str, arrival: Arrival) -> dict[str, object]:
    return {
        "account_id": arrival.account_id,
        "id": mail_id,
        "send_id": arrival.send_id,
        "mail_from": arrival.mail_from,
        "rcpt_to": arrival.rcpt_to,
        "subject": arrival.subject,
        "received_at": arrival.received_at,
        "tls": arrival.tls,
        "size_bytes": len(arrival.raw),
    }


def _mail(row: Row[tuple[object, ...]]) -> SandboxMail:
    return SandboxMail(**row._mapping)

"""The tables of authored e-mails and all their SQL. A version is written once and never updated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    and_,
    bindparam,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from sendwright import database
from sendwright.emails import content, rules
from sendwright.emails.kinds import SENDABLE, EmailType
from sendwright.emails.model import (
    Authored,
    Document,
    Email,
    EmailId,
    Finding,
    Part,
    Plan,
    State,
    Version,
    VersionNumber,
)

emails = Table(
    "emails",
    database.metadata,
    database.account_column(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign_id", BigInteger, nullable=False),
    # name, type, subcategory and campaign are those of the live version, kept here for lists
    Column("name", database.Text, nullable=False),
    Column("type", String, nullable=False),
    Column("subcategory", String, nullable=False),
    Column("campaign", database.Text),
    Column("state", String, nullable=False),
    Column("live_version", BigInteger, nullable=False),
    Column("draft_version", BigInteger, nullable=False),
    Column("last_version", BigInteger, nullable=False),
    Column("created_at", database.Moment, nullable=False),
    Column("created_by", String, nullable=False),
    Column("updated_at", database.Moment, nullable=False),
    Column("updated_by", String, nullable=False),
    Column("published_at", database.Moment),
    Column("published_by", String),
    Column("unpublished_at", database.Moment),
    Column("archived_at", database.Moment),
    Column("cloned_from", BigInteger),
    Column("warnings", database.Json, nullable=False),
    Index(None, "account_id", "created_at"),
    Index(None, "account_id", "updated_at"),
)

versions = Table(
    "email_versions",
    database.metadata,
    database.account_column(),
    Column("email_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", String, nullable=False),
    Column("document", database.Json, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("written_at", database.Moment, nullable=False),
    Column("written_by", String, nullable=False),
)

OF_SAME_EMAIL = and_(versions.c.account_id == emails.c.account_id, versions.c.email_id == emails.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A sendable e-mail, and the uid of its live version, which no other version of any account shares."""

    email_id: EmailId
    uid: str


def add_email(conn: database.Connection, email: Email, version: Version) -> None:
    """A new e-mail with its first version."""
    facts = _listed(version.document)
    conn.execute(insert(emails).values(account_id=email.account_id, id=email.id, **_columns(email), **facts))
    _add_version(conn, email, version)


def carry_out(conn: database.Connection, plan: Plan) -> bool:
    """Does what was planned, unless the e-mail has changed since it was read: then nothing, and False."""
    before, after = plan.before, plan.after
    facts = {} if plan.listed is None else _listed(plan.listed)
    changed = conn.execute(
        update(emails)
        .where(
            emails.c.account_id == before.account_id,
            emails.c.id == before.id,
            emails.c.last_version == before.last,
            emails.c.live_version == before.live,
            emails.c.draft_version == before.draft,
            emails.c.state == before.state,
            emails.c.archived_at.is_not_distinct_from(before.archived_at),
        )
        .values(**_columns(after), **facts)
    )
    if changed.rowcount != 1:
        return False
    for version in plan.written:
        _add_version(conn, after, version)
    return True


def find(conn: database.Connection, account_id: int, email_id: EmailId, *, archived: bool = False) -> Email | None:
    """The e-mail; with ``archived`` only an archived one, else only one that is not."""
    row = conn.execute(_email(account_id, email_id, archived=archived)).one_or_none()
    return None if row is None else email_of(row)


def version_of(conn: database.Connection, email: Email, number: int) -> Version | None:
    """One version of an e-mail."""
    row = conn.execute(_versions(email).where(versions.c.version == number)).one_or_none()
    return None if row is None else version_from(row)


def both_versions(conn: database.Connection, email: Email) -> tuple[Version, Version]:
    """The live version and the draft, which may be the same."""
    found = {version.number: version for version in versions_of(conn, email, [email.live, email.draft])}
    return found[email.live], found[email.draft]


def versions_of(conn: database.Connection, email: Email, numbers: Sequence[int]) -> list[Version]:
    """These versions, in any order."""
    rows = conn.execute(_versions(email).where(versions.c.version.in_(numbers)))
    return [version_from(row) for row in rows]


def version_sizes(
    conn: database.Connection, email: Email, bounds: Sequence[ColumnElement[bool]], *, newest_first: bool, limit: int
) -> list[tuple[int, int]]:
    """Numbers and sizes in bytes of the versions within the bounds, in that order."""
    number = versions.c.version
    rows = conn.execute(
        select(number, versions.c.size_bytes)
        .where(versions.c.account_id == email.account_id, versions.c.email_id == email.id, *bounds)
        .order_by(number.desc() if newest_first else number)
        .limit(limit)
    )
    return [(row.version, row.size_bytes) for row in rows]


# Asked for every send: built once, since building it anew costs more than running it.
_STANDINGS = (
    select(emails.c.id, versions.c.uid)
    .join(versions, and_(OF_SAME_EMAIL, versions.c.version == emails.c.live_version))
    .where(
        emails.c.account_id == bindparam("account_id"),
        emails.c.id.in_(bindparam("ids", expanding=True)),
        emails.c.state == literal_column(f"'{State.PUBLISHED}'"),
        emails.c.archived_at.is_(None),
        or_(*(emails.c.type == literal_column(f"'{kind}'") for kind in sorted(SENDABLE))),
    )
)


def standings(conn: database.Connection, account_id: int, ids: Iterable[int]) -> list[Standing]:
    """Those of the e-mails that may be sent by the single-send API now."""
    storable = sorted({email_id for email_id in ids if 0 < email_id < 1 << 63})  # a sender may name any number at all
    rows = conn.execute(_STANDINGS, {"account_id": account_id, "ids": storable})
    return [Standing(email_id=EmailId(email_id), uid=uid) for email_id, uid in rows]


def with_live_versions(conn: database.Connection, account_id: int, ids: Sequence[int]) -> list[tuple[str, Authored]]:
    """These e-mails, each with the uid of its live version and that version, in the order of the ids."""
    rows = conn.execute(
        select(emails, *(column for column in versions.c if column.name not in emails.c))
        .join(versions, and_(OF_SAME_EMAIL, versions.c.version == emails.c.live_version))
        .where(emails.c.account_id == account_id, emails.c.id.in_(ids))
    )
    found = {row.id: (row.uid, Authored(email=email_of(row), version=version_from(row))) for row in rows}
    return [found[email_id] for email_id in ids if email_id in found]


def with_version(conn: database.Connection, account_id: int, email_id: int, number: int) -> tuple[str, Authored] | None:
    """The e-mail with the uid of one of its versions and that version."""
    row = conn.execute(
        select(emails, *(column for column in versions.c if column.name not in emails.c))
        .join(versions, OF_SAME_EMAIL)
        .where(emails.c.account_id == account_id, emails.c.id == email_id, versions.c.version == number)
    ).one_or_none()
    return None if row is None else (row.uid, Authored(email=email_of(row), version=version_from(row)))


def email_of(row: Row[Any]) -> Email:
    """A row of ``emails`` as its model."""
    return Email(
        account_id=row.account_id,
        id=EmailId(row.id),
        campaign_id=row.campaign_id,
        type=EmailType(row.type),
        state=State(row.state),
        live=VersionNumber(row.live_version),
        draft=VersionNumber(row.draft_version),
        last=VersionNumber(row.last_version),
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        published_at=row.published_at,
        published_by=row.published_by,
        unpublished_at=row.unpublished_at,
        archived_at=row.archived_at,
        cloned_from=None if row.cloned_from is None else EmailId(row.cloned_from),
        warnings=tuple(
            Finding(part=Part(warning["part"]), line=warning["line"], message=warning["message"])
            for warning in row.warnings
        ),
    )


def version_from(row: Row[Any]) -> Version:
    """A row of ``email_versions`` as its model."""
    return Version(
        number=VersionNumber(row.version),
        document=row.document,
        written_at=row.written_at,
        written_by=row.written_by,
    )


def _add_version(conn: database.Connection, email: Email, version: Version) -> None:
    document = dict(version.document)
    conn.execute(
        insert(versions).values(
            account_id=email.account_id,
            email_id=email.id,
            version=version.number,
            uid=database.uuid7(version.written_at),
            document=document,
            size_bytes=len(json.dumps(document)),
            written_at=version.written_at,
            written_by=version.written_by,
        )
    )


def _listed(document: Document) -> dict[str, str | None]:
    return {
        "name": content.text_at(document, "name"),
        "subcategory": rules.subcategory_of(document),
        "campaign": content.text_at(document, "campaign") or None,
    }


def _email(account_id: int, email_id: EmailId, *, archived: bool) -> Select[Any]:
    at = emails.c.archived_at
    return select(emails).where(
        emails.c.account_id == account_id, emails.c.id == email_id, at.is_not(None) if archived else at.is_(None)
    )


def _versions(email: Email) -> Select[Any]:
    return select(versions).where(versions.c.account_id == email.account_id, versions.c.email_id == email.id)


def _columns(email: Email) -> dict[str, Any]:
    return {
        "campaign_id": email.campaign_id,
        "type": email.type,
        "state": email.state,
        "live_version": email.live,
        "draft_version": email.draft,
        "last_version": email.last,
        "created_at": email.created_at,
        "created_by": email.created_by,
        "updated_at": email.updated_at,
        "updated_by": email.updated_by,
        "published_at": email.published_at,
        "published_by": email.published_by,
        "unpublished_at": email.unpublished_at,
        "archived_at": email.archived_at,
        "cloned_from": email.cloned_from,
        "warnings": [{"part": w.part, "line": w.line, "message": w.message} for w in email.warnings],
    }

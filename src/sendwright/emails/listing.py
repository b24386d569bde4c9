"""Pages of e-mails, and of the revisions of one. A page ends early when its texts grow large: lists stay bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, and_, func, or_, select, type_coerce

from sendwright import database
from sendwright.emails import store
from sendwright.emails.kinds import EmailType
from sendwright.emails.model import Authored, EmailId, State, Version
from sendwright.emails.store import emails, versions

PAGE_BYTES: Final = 8_000_000
SORTS_MAX: Final = 5

Place = tuple[int | str, ...]
"""Where a page ends: the last e-mail's value of each sort key, times as milliseconds since 1970, and its id."""


class SortKey(StrEnum):
    NAME = "name"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    CREATED_BY = "created_by"
    UPDATED_BY = "updated_by"

    @property
    def is_time(self) -> bool:
        """Whether its place is a number of milliseconds, not a text."""
        return self in (SortKey.CREATED_AT, SortKey.UPDATED_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    key: SortKey
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time exactly (to the millisecond), after one, before one, or any of these together."""

    at: datetime | None = None
    after: datetime | None = None
    before: datetime | None = None


_ANY: Final = Span()
BY_CREATION: Final = (Sort(key=SortKey.CREATED_AT, descending=False),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which e-mails, in which order, and where the page begins. None asks for nothing."""

    account_id: int
    limit: int
    archived: bool = False
    type: EmailType | None = None
    state: State | None = None
    campaign: str | None = None
    created: Span = _ANY
    updated: Span = _ANY
    published: Span = _ANY
    sorts: tuple[Sort, ...] = BY_CREATION
    after: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of e-mails with their live texts; `total` counts all pages. `next` is None on the last."""

    found: tuple[Authored, ...] = field(repr=False)
    total: int
    next: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Some versions of an e-mail, newest first, and whether there are older and newer ones."""

    found: tuple[Authored, ...] = field(repr=False)
    total: int
    has_older: bool
    has_newer: bool


def page(conn: database.Connection, wanted: Wanted) -> Page:
    """One page of the account's e-mails."""
    conditions = list(_conditions(wanted))
    total = conn.execute(select(func.count()).select_from(emails).where(*conditions)).scalar_one()
    if wanted.after is not None:
        conditions.append(_beyond(wanted.sorts, wanted.after))
    keys = [*(_column(sort.key) for sort in wanted.sorts), emails.c.id]
    rows = conn.execute(
        select(*(type_coerce(key, BigInteger) if _is_time(key) else key for key in keys), versions.c.size_bytes)
        .join(versions, and_(store.OF_SAME_EMAIL, versions.c.version == emails.c.live_version))
        .where(*conditions)
        .order_by(*_order(wanted.sorts))
        .limit(wanted.limit + 1)
    ).all()
    kept = rows[: _how_many([row.size_bytes for row in rows], wanted.limit)]
    ids = [row[-2] for row in kept]
    found = tuple(authored for _, authored in store.with_live_versions(conn, wanted.account_id, ids))
    return Page(found=found, total=total, next=tuple(kept[-1][:-1]) if len(kept) < len(rows) else None)


def revisions(
    conn: database.Connection, account_id: int, email_id: int, limit: int, after: int | None, before: int | None
) -> Revisions | None:
    """Versions older than ``after``, or newer than ``before``, or the newest; None when there is no such e-mail."""
    email = store.find(conn, account_id, EmailId(email_id))
    if email is None:
        return None
    bounds = [versions.c.version < after] if after is not None else []
    bounds += [versions.c.version > before] if before is not None else []
    newest_first = before is None
    sizes = store.version_sizes(conn, email, bounds, newest_first=newest_first, limit=limit + 1)
    numbers = [number for number, _ in sizes[: _how_many([size for _, size in sizes], limit)]]
    found = sorted(store.versions_of(conn, email, numbers), key=lambda version: -version.number)
    return Revisions(
        found=tuple(Authored(email=email, version=version) for version in found),
        total=email.last,
        has_older=bool(found) and found[-1].number > 1,
        has_newer=bool(found) and found[0].number < email.last,
    )


def revision(conn: database.Connection, account_id: int, email_id: int, number: int) -> Authored | None:
    """One version of an e-mail."""
    email = store.find(conn, account_id, EmailId(email_id))
    version: Version | None = None if email is None else store.version_of(conn, email, number)
    return None if email is None or version is None else Authored(email=email, version=version)


def _how_many(sizes: Sequence[int], limit: int) -> int:
    """How many of these fit on a page: at least one, so that paging always goes on."""
    room, count = PAGE_BYTES, 0
    for size in sizes[:limit]:
        room -= size
        if room < 0 and count:
            break
        count += 1
    return count


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    yield emails.c.account_id == wanted.account_id
    yield emails.c.archived_at.is_not(None) if wanted.archived else emails.c.archived_at.is_(None)
    if wanted.type is not None:
        yield emails.c.type == wanted.type
    if wanted.state is not None:
        yield emails.c.state == wanted.state
    if wanted.campaign is not None:
        yield emails.c.campaign == wanted.campaign
    yield from _within(emails.c.created_at, wanted.created)
    yield from _within(emails.c.updated_at, wanted.updated)
    yield from _within(emails.c.published_at, wanted.published)


def _within(column: Column[datetime], span: Span) -> Iterable[ColumnElement[bool]]:
    if span.at is not None:
        yield column == span.at
    if span.after is not None:
        yield column > span.after
    if span.before is not None:
        # a bound between two milliseconds lies after the earlier one, which is all that is stored
        whole = span.before.microsecond % 1000 == 0
        yield column < (span.before if whole else span.before + timedelta(milliseconds=1))


def _column(key: SortKey) -> Column[Any]:
    return emails.c[key.value]


def _is_time(column: Column[Any]) -> bool:
    return isinstance(column.type, database.Moment)


def _order(sorts: Sequence[Sort]) -> list[ColumnElement[Any]]:
    ordered = [_column(sort.key).desc() if sort.descending else _column(sort.key).asc() for sort in sorts]
    return [*ordered, emails.c.id.desc() if _last_descends(sorts) else emails.c.id.asc()]


def _last_descends(sorts: Sequence[Sort]) -> bool:
    return bool(sorts) and sorts[-1].descending


def _beyond(sorts: Sequence[Sort], place: Place) -> ColumnElement[bool]:
    """Rows after a place: beyond it in the first key, or equal there and beyond in the next, and so on."""
    steps: list[tuple[ColumnElement[Any], bool]] = [(_raw(sort.key), sort.descending) for sort in sorts]
    steps.append((emails.c.id, _last_descends(sorts)))
    ways = []
    for depth, (column, descending) in enumerate(steps):
        equal = [steps[at][0] == place[at] for at in range(depth)]
        ways.append(and_(*equal, column < place[depth] if descending else column > place[depth]))
    return or_(*ways)


def _raw(key: SortKey) -> ColumnElement[Any]:
    column = _column(key)
    return type_coerce(column, BigInteger) if _is_time(column) else column

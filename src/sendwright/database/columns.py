"""The column types that all rooms share, and the one ``MetaData`` their tables stand on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ColumnElement, Dialect, MetaData, String, and_, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as whole milliseconds since 1970 UTC: both databases sort and compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Milliseconds; a naive datetime is refused with ``TypeError``."""
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """An aware datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


Json: TypeEngine[Any] = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSON that both databases can look into (``JSONB`` on PostgreSQL)."""

Text = String
"""Text of any length. NUL cannot be stored on PostgreSQL: doors refuse it."""


def among(columns: Sequence[Column[Any]], keys: Collection[tuple[Any, ...]]) -> ColumnElement[bool]:
    """The row's key is one of ``keys``. Said twice: SQLite has an index serve the single columns, never a row value."""
    singly = (column.in_({key[n] for key in keys}) for n, column in enumerate(columns))
    return and_(*singly, tuple_(*columns).in_(keys))


def among_ids(account: Column[int], unique_id: Column[str], keys: Collection[tuple[int, str]]) -> ColumnElement[bool]:
    """Like :func:`among`, for ids that are unique in the installation (UUIDs): said once, at half the cost."""
    return and_(account.in_({key[0] for key in keys}), unique_id.in_([key[1] for key in keys]))


def account_column() -> Column[int]:
    """The column every table carries: whose row this is. First in every primary key, so tables can be sharded by it."""
    return Column("account_id", BigInteger, primary_key=True, autoincrement=False)

"""Statements for many rows: said once as an expression, kept as SQL text for each dialect and number of rows.

Row by row, a write hands the interpreter to other threads and back at each row, and SQLAlchemy looks at each row anew:
together that cost more than the database's own work. A statement for many rows is one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, Dialect, Executable, Subquery, Table, bindparam, column, select, values
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
"""The values of one row, in the order of the columns, as their types take them. Enums are given by their values."""

Columns = Mapping[str, TypeEngine[Any]]

_SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64)
"""For so many rows texts are made; between two of them the rest is filled up with rows of NULLs."""
_MOST = _SIZES[-1]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as the driver takes it."""

    sql: str
    order: tuple[int, ...] | None
    """Which given value stands at each place; None: as they come."""
    kinds: tuple[tuple[int, Callable[[Any], Any]], ...]
    """How values of some columns are turned into what the driver takes."""


class Prepared:
    """A statement about given rows. Made once, at import; used by any thread.

    ``columns`` are what is given of a row; the first ``keys`` of them tell rows apart. ``say`` makes the statement
    from the table of given rows: those filled up are all NULL, and their first column must match nothing. Everything
    else in it is literal: a bound value of its own is refused.
    """

    def __init__(self, columns: Columns, say: Callable[[Subquery], Executable], *, keys: int = 2) -> None:
        self._columns = dict(columns)
        self._say = say
        self._keys = keys
        self._texts: dict[tuple[str, int], _Text] = {}

    @classmethod
    def into(cls, table: Table, *names: str) -> Self:
        """An INSERT of these columns; the other ones get their defaults."""
        first = names[0]
        return cls(
            {name: table.c[name].type for name in names},
            lambda given: table.insert().from_select(names, select(given).where(given.c[first].is_not(None))),
            keys=0,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, in order."""
        return tuple(self._columns)

    def run(self, conn: Connection, rows: Sequence[Row]) -> int:
        """How many rows changed. Rows of one key are written one after the other, in order."""
        changed = 0
        for some in self._in_turn(rows):
            for start in range(0, len(some), _MOST):
                changed += self._write(conn, some[start : start + _MOST])
        return changed

    def _in_turn(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """An UPDATE from a table changes each row once, however often it is given."""
        keys = self._keys
        if not keys or len({row[:keys] for row in rows}) == len(rows):
            yield rows
            return
        later = list(rows)
        while later:
            now: dict[Row, Row] = {}
            rest = [row for row in later if now.setdefault(row[:keys], row) is not row]
            yield list(now.values())
            later = rest

    def _write(self, conn: Connection, rows: Sequence[Row]) -> int:
        size = next(size for size in _SIZES if size >= len(rows))
        text = self._texts.get((conn.dialect.name, size)) or self._prepare(conn.dialect, size)
        width = len(self._columns)
        flat = [value for row in rows for value in row]
        if len(flat) != len(rows) * width:
            raise ValueError("a row has not as many values as there are columns")
        for place, kind in text.kinds:
            flat[place::width] = [None if value is None else kind(value) for value in flat[place::width]]
        flat += [None] * ((size - len(rows)) * width)
        given = tuple(flat) if text.order is None else tuple([flat[place] for place in text.order])
        return conn.exec_driver_sql(text.sql, given).rowcount

    def _prepare(self, dialect: Dialect, size: int) -> _Text:
        names = [[f"{name}_{n}" for name in self._columns] for n in range(size)]
        kinds = list(self._columns.values())
        rows = [tuple(bindparam(name, type_=kind) for name, kind in zip(row, kinds, strict=True)) for row in names]
        inner = values(*(column(name, kind) for name, kind in self._columns.items()), name="given").data(rows)
        # Python's sqlite3 counts the rows of a statement that begins with UPDATE or DELETE, not of one with WITH.
        given = select(inner.cte("given", nesting=True)).subquery("of")
        compiled: Any = self._say(given).compile(dialect=_by_place(dialect))  # type: ignore[attr-defined]
        places = {name: place for place, name in enumerate(name for row in names for name in row)}
        order = tuple(places[name] for name in compiled.positiontup)
        text = _Text(
            sql=str(compiled), order=None if order == tuple(range(len(places))) else order, kinds=_kinds(kinds, dialect)
        )
        self._texts[dialect.name, size] = text
        return text


def _by_place(dialect: Dialect) -> Dialect:
    """The same dialect, with values by their places."""
    if dialect.positional:
        return dialect
    made: Callable[..., Dialect] = type(dialect)
    return made(paramstyle="format")


def _kinds(types: Sequence[TypeEngine[Any]], dialect: Dialect) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    found = [(place, kind.dialect_impl(dialect).bind_processor(dialect)) for place, kind in enumerate(types)]
    return tuple((place, kind) for place, kind in found if kind is not None)

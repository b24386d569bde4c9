"""Statements for many rows: said once as an expression, kept as SQL text for each dialect and number of rows.

Row by row, a write hands the interpreter to other threads and back at each row, and SQLAlchemy looks at each row anew:
together that cost more than the database's own work. A statement for many rows is one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import Connection, Dialect, Executable, Subquery, Table, bindparam, column, select, values
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
"""The values of one row, in the order of the columns, as their types take them. Enums are given by their values."""

Columns = Mapping[str, TypeEngine[Any]]

_SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64)
"""For so many rows texts are made; between two of them the rest is filled up with rows of NULLs."""
_MOST = _SIZES[-1]
_GIVEN = "VALUES "


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as the driver of one dialect takes it, for any number of rows."""

    pieces: tuple[str, ...]
    """What stands before, between and after the lists of given rows."""
    row: str
    kinds: tuple[tuple[int, Callable[[Any], Any]], ...]
    """How values of some columns are turned into what the driver takes."""
    for_rows: dict[int, str] = field(default_factory=dict)

    def of(self, size: int) -> str:
        """The same text each time: drivers and servers keep what they have understood by it."""
        text = self.for_rows.get(size)
        if text is None:
            text = self.for_rows[size] = ", ".join([self.row] * size).join(self.pieces)
        return text


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
        self._texts: dict[str, _Text] = {}

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
        text = self._texts.get(conn.dialect.name) or self._prepare(conn.dialect)
        width, size = len(self._columns), next(size for size in _SIZES if size >= len(rows))
        flat = [value for row in rows for value in row]
        if len(flat) != len(rows) * width:
            raise ValueError("a row has not as many values as there are columns")
        for place, kind in text.kinds:
            flat[place::width] = [None if value is None else kind(value) for value in flat[place::width]]
        flat += [None] * ((size - len(rows)) * width)
        return conn.exec_driver_sql(text.of(size), tuple(flat * (len(text.pieces) - 1))).rowcount

    def _prepare(self, dialect: Dialect) -> _Text:
        """Compiled for one row: compiling takes milliseconds, and for many rows only the list is longer."""
        kinds = list(self._columns.values())
        row = tuple(bindparam(name, type_=kind) for name, kind in self._columns.items())
        inner = values(*(column(name, kind) for name, kind in self._columns.items()), name="given").data([row])
        # Python's sqlite3 counts the rows of a statement that begins with UPDATE or DELETE, not of one with WITH.
        given = select(inner.cte("given", nesting=True)).subquery("of")
        compiled: Any = self._say(given).compile(dialect=_by_place(dialect))  # type: ignore[attr-defined]
        before, *parts = str(compiled).split(_GIVEN)
        cuts = [_end_of_row(part) for part in parts]
        if compiled.positiontup != list(self._columns) * len(parts) or not parts:
            raise ValueError("a statement for many rows has no values but those of its rows")
        text = _Text(
            pieces=(
                before + _GIVEN,
                *(part[cut:] + _GIVEN for part, cut in zip(parts[:-1], cuts[:-1], strict=True)),
                parts[-1][cuts[-1] :],
            ),
            row=parts[0][: cuts[0]],
            kinds=_kinds(kinds, dialect),
        )
        self._texts[dialect.name] = text
        return text


def _end_of_row(part: str) -> int:
    """Where the parenthesis closes that begins here; types have some of their own."""
    depth = 0
    for place, char in enumerate(part):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return place + 1
    raise ValueError("a row that has no end")


def _by_place(dialect: Dialect) -> Dialect:
    """The same dialect, with values by their places."""
    if dialect.positional:
        return dialect
    made: Callable[..., Dialect] = type(dialect)
    return made(paramstyle="format")


def _kinds(types: Sequence[TypeEngine[Any]], dialect: Dialect) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    found = [(place, kind.dialect_impl(dialect).bind_processor(dialect)) for place, kind in enumerate(types)]
    return tuple((place, kind) for place, kind in found if kind is not None)

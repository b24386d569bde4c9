"""Statements for many rows: said once as an expression, kept as SQL text for each dialect and number of rows.

Row by row, a write hands the interpreter to other threads and back at each row, and SQLAlchemy looks at each row anew:
together that cost more than the database's own work. A statement for many rows is one step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import (
    JSON,
    ColumnClause,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Integer,
    LargeBinary,
    String,
    Subquery,
    Table,
    bindparam,
    cast,
    column,
    func,
    select,
    values,
)
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
"""The values of one row, in the order of the columns, as their types take them. Enums are given by their values."""

_Kinds = tuple[tuple[int, Callable[[Any], Any]], ...]
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
    kinds: _Kinds
    """How values of some columns are turned into what the driver takes."""
    answers: _Kinds
    """How values of some columns of an answer are turned back."""
    times: int
    """How often the rows are given."""
    names: tuple[str, ...] | None = None
    """Of the columns, where all rows go as one value of JSON."""
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
        return sum(
            self._execute(conn, some[start : start + _MOST]).rowcount
            for some in self._in_turn(rows)
            for start in range(0, len(some), _MOST)
        )

    def ask(self, conn: Connection, rows: Sequence[Row]) -> list[Row]:
        """What the statement says of the rows (SELECT, RETURNING), in any order."""
        found: list[Row] = []
        for start in range(0, len(rows), _MOST):
            found += map(tuple, self._execute(conn, rows[start : start + _MOST]).all())
        answers = self._text(conn.dialect).answers
        return found if not answers else [_answered(row, answers) for row in found]

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

    def _text(self, dialect: Dialect) -> _Text:
        return self._texts.get(dialect.name) or self._prepare(dialect)

    def _execute(self, conn: Connection, rows: Sequence[Row]) -> CursorResult[Any]:
        text, width = self._text(conn.dialect), len(self._columns)
        flat = [value for row in rows for value in row]
        if len(flat) != len(rows) * width:
            raise ValueError("a row has not as many values as there are columns")
        for place, kind in text.kinds:
            flat[place::width] = [None if value is None else kind(value) for value in flat[place::width]]
        if text.names is not None:
            told = [dict(zip(text.names, flat[at : at + width], strict=True)) for at in range(0, len(flat), width)]
            return conn.exec_driver_sql(text.of(1), (json.dumps(told),) * text.times)
        size = next(size for size in _SIZES if size >= len(rows))
        flat += [None] * ((size - len(rows)) * width)
        return conn.exec_driver_sql(text.of(size), tuple(flat * text.times))

    def _prepare(self, dialect: Dialect) -> _Text:
        made = self._as_json if dialect.name == "postgresql" and not self._has_bytes else self._as_list
        text = self._texts[dialect.name] = made(dialect)
        return text

    @property
    def _has_bytes(self) -> bool:
        return any(isinstance(kind, LargeBinary) for kind in self._columns.values())

    def _as_list(self, dialect: Dialect) -> _Text:
        """Compiled for one row: compiling takes milliseconds, and for many rows only the list is longer."""
        row = tuple(bindparam(name, type_=kind) for name, kind in self._columns.items())
        inner = values(*self._named(), name="given").data([row])
        # Python's sqlite3 counts the rows of a statement that begins with UPDATE or DELETE, not of one with WITH.
        sql, bound, answers = self._compile(select(inner.cte("given", nesting=True)).subquery("of"), dialect)
        before, *parts = sql.split(_GIVEN)
        _refuse_unless(bool(parts) and bound == list(self._columns) * len(parts))
        ends = [_end_of_row(part) for part in parts]
        rests = [part[end:] for part, end in zip(parts, ends, strict=True)]
        return _Text(
            pieces=(before + _GIVEN, *(rest + _GIVEN for rest in rests[:-1]), rests[-1]),
            row=parts[0][: ends[0]],
            kinds=_kinds(list(self._columns.values()), dialect),
            answers=answers,
            times=len(parts),
        )

    def _as_json(self, dialect: Dialect) -> _Text:
        """psycopg reads a text with more than fifty values anew each time, and slowly: here it has one value."""
        told = func.json_to_recordset(cast(bindparam("rows", type_=String()), JSON))
        of = told.table_valued(*self._named()).render_derived(name="of", with_types=True)
        sql, bound, answers = self._compile(select(of).subquery("given"), dialect)
        _refuse_unless(bool(bound) and set(bound) == {"rows"})
        kinds = [Integer() if isinstance(kind, JSON) else kind for kind in self._columns.values()]
        return _Text(
            pieces=(sql,), row="", kinds=_kinds(kinds, dialect), answers=answers, times=len(bound), names=self.names
        )  # fmt: skip

    def _named(self) -> list[ColumnClause[Any]]:
        return [column(name, kind) for name, kind in self._columns.items()]

    def _compile(self, given: Subquery, dialect: Dialect) -> tuple[str, list[str], _Kinds]:
        statement: Any = self._say(given)
        compiled = statement.compile(dialect=_by_place(dialect))
        answers = _answers([answer.type for answer in statement.exported_columns], dialect)
        return str(compiled), list(compiled.positiontup or ()), answers


def _refuse_unless(only_rows: bool) -> None:
    if not only_rows:
        raise ValueError("a statement for many rows has no values but those of its rows")


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


def _kinds(types: Sequence[TypeEngine[Any]], dialect: Dialect) -> _Kinds:
    found = [(place, kind.dialect_impl(dialect).bind_processor(dialect)) for place, kind in enumerate(types)]
    return tuple((place, kind) for place, kind in found if kind is not None)


def _answers(types: Sequence[TypeEngine[Any]], dialect: Dialect) -> _Kinds:
    found = [(place, kind.dialect_impl(dialect).result_processor(dialect, None)) for place, kind in enumerate(types)]
    return tuple((place, kind) for place, kind in found if kind is not None)


def _answered(row: Row, answers: Sequence[tuple[int, Callable[[Any], Any]]]) -> Row:
    answered = list(row)
    for place, kind in answers:
        answered[place] = kind(answered[place])
    return tuple(answered)

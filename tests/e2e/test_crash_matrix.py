"""The crash matrix in short: a kill at every failpoint on SQLite, some on PostgreSQL. `make crash` runs all of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PostgresServer
from tests.e2e.crash_lines import Line, summary
from tests.e2e.crash_yard import open_yard, points_of
from tests.e2e.nursery import Nursery
from tests.e2e.submitters import PEERS_DIE

pytestmark = [pytest.mark.slow, PEERS_DIE]

SEED = 20261122
Record = Callable[[str, object], None]


def show(lines: list[Line], record: Record) -> None:
    for line in lines:
        record("crash", line.shown)
        print(line.shown)  # noqa: T201 - the figures that we publish
    print(summary(lines[0].backend, lines))  # noqa: T201


def test_one_kill_at_every_failpoint_on_sqlite_loses_nothing(
    tmp_path: Path, nursery: Nursery, record_property: Record
) -> None:
    with open_yard("sqlite", tmp_path, nursery, None, SEED) as yard:
        lines = [yard.run(point, 1) for point in points_of("sqlite")]
    show(lines, record_property)
    assert [sentence for line in lines for sentence in line.broken] == []


def test_one_of_three_killed_at_the_dot_on_postgresql_loses_nothing(
    tmp_path: Path, nursery: Nursery, postgres: PostgresServer, record_property: Record
) -> None:
    with open_yard("postgresql", tmp_path, nursery, postgres, SEED) as yard:
        lines = [yard.run(point, 1) for point in ("A5", "S4", "S5")]
    show(lines, record_property)
    assert [sentence for line in lines for sentence in line.broken] == []


def a_line(**changes: Any) -> Line:
    usual = Line(
        commit="", backend="sqlite", seed=1, point="S1", kills=1, accepted=3, delivered=3, canceled=0, reports=0,
        duplicates=0, late=0, unexplained=0, lost=0, in_doubt=1, bystanders=0, strange=[], faults=[], resumed=None,
        takeover=None, seconds=1.0,
    )  # fmt: skip
    return replace(usual, **changes)


def test_a_line_with_a_lost_mail_breaks_a_rule() -> None:
    line = a_line(lost=1, duplicates=1)
    assert line.broken == ["sqlite S1: 1 lost", "sqlite S1: 1 duplicates, where none may be"]


def test_a_point_that_nobody_came_to_as_planned_breaks_a_rule() -> None:
    assert a_line(point="T2").broken == ["sqlite T2: nothing was canceled"]
    assert a_line(point="B1").broken == ["sqlite B1: no report was taken"]


def test_a_line_with_long_waits_is_slow() -> None:
    assert a_line(resumed=5.1).slow == ["sqlite S1: the first mail after a kill took 5.1 s"]
    assert a_line(backend="postgresql", resumed=5.1, takeover=15.0).slow == []
    assert a_line(backend="postgresql", takeover=15.1).slow == ["postgresql S1: the others took over after 15.1 s"]


def test_the_summary_adds_up_what_the_lines_count() -> None:
    told = json.loads(summary("sqlite", [a_line(resumed=0.4), a_line(kills=2, lost=1, resumed=0.3)]))
    assert (told["runs"], told["kills"], told["accepted"], told["lost"], told["resumed"]) == (2, 3, 6, 1, 0.4)
    assert told["broken"] == ["sqlite S1: 1 lost"]

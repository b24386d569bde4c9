"""The crash matrix in short: a kill at every failpoint on SQLite, some on PostgreSQL. `make crash` runs all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PostgresServer
from tests.e2e.crash import Line, open_yard, points_of
from tests.e2e.nursery import Nursery
from tests.e2e.submitters import PEERS_DIE

pytestmark = [pytest.mark.slow, PEERS_DIE]

SEED = 20261122
Record = Callable[[str, object], None]


def show(lines: list[Line], record: Record) -> None:
    for line in lines:
        record("crash", line.shown)
        print(line.shown)  # noqa: T201 - the figures that we publish


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


def test_a_line_with_a_lost_mail_breaks_a_rule(tmp_path: Path) -> None:
    line = Line(
        commit="", backend="sqlite", seed=1, point="S1", kills=1, accepted=3, delivered=3, duplicates=1, late=0,
        unexplained=0, lost=1, in_doubt=1, bystanders=0, strange=[], faults=[], resumed=None, seconds=1.0,
    )  # fmt: skip
    assert line.broken == ["sqlite S1: 1 lost", "sqlite S1: 1 duplicates, where none may be"]

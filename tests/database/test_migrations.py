"""The tables that the migrations make are the tables that the rooms expect."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import sendwright
from sendwright import database


def _every_room() -> None:
    for module in pkgutil.iter_modules(sendwright.__path__, "sendwright."):
        if not module.name.endswith(("run", "doors")):
            importlib.import_module(module.name)


@pytest.mark.filterwarnings("ignore:.*")
def test_the_migrated_tables_are_those_of_the_rooms(target: database.Target) -> None:
    _every_room()
    engine = create_engine(target.url or f"sqlite:///{target.file}")
    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": False})
        differences = compare_metadata(context, database.metadata)
    engine.dispose()
    assert differences == []


def test_the_program_knows_the_newest_migration() -> None:
    migrating = importlib.import_module("sendwright.database.migrate")
    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
    assert scripts.get_current_head() == migrating.HEAD


def test_migrating_twice_changes_nothing(target: database.Target) -> None:
    database.migrate(target)
    database.migrate(target)


def test_tables_of_a_newer_program_are_left_alone(target: database.Target) -> None:
    engine = create_engine(target.url or f"sqlite:///{target.file}")
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(database.SchemaIsNewer, match="run the newer Sendwright"):
        database.migrate(target)

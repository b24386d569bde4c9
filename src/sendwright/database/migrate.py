"""Brings the tables to this version of the program. Alembic is loaded only when there is something to do."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, inspect, text

from sendwright.database import sqlite
from sendwright.database.target import Target
from sendwright.failpoints import failpoint

HEAD: Final = "0006"
"""The revision that this program's tables have; a test holds it against the migrations."""

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 7_264_921  # any number, the same in all our processes


class SchemaIsNewer(Exception):
    """The tables were made by a newer Sendwright. Run that one, or restore the backup made before the upgrade."""


def migrate(target: Target) -> None:
    """Creates or upgrades the tables; safe to call from several processes at once. Raises :class:`SchemaIsNewer`."""
    with _engine(target) as engine, _alone(engine, target), engine.connect() as conn:
        found = _revision(conn)
        if found == HEAD:
            return
        if found is not None and found not in _known_revisions():
            raise SchemaIsNewer(
                f"the database is of revision {found}, this program knows up to {HEAD}: run the newer Sendwright "
                "that made it, or restore the backup made before the upgrade"
            )
        conn.rollback()
        _upgrade(conn)
        failpoint("M2")
        conn.commit()


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _known_revisions() -> set[str]:
    return {file.name.partition("_")[0] for file in (_SCRIPTS / "versions").glob("[0-9]*.py")}


def _upgrade(conn: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


@contextmanager
def _engine(target: Target) -> Iterator[Engine]:
    if target.file is not None:
        dialect = sqlite.Sqlite(target.file, exclusive=False)
        try:
            yield dialect.write_engine
        finally:
            dialect.close()
    else:
        engine = create_engine(target.url or "")
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def _alone(engine: Engine, target: Target) -> Iterator[None]:
    """One process migrates at a time."""
    if target.file is not None:
        with target.file.with_name(target.file.name + ".migrate").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        try:
            yield
        finally:
            conn.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})

"""Brings the tables to this version of the program."""

from __future__ import annotations

import importlib

from sqlalchemy import create_engine

from sendwright.database import sqlite
from sendwright.database.columns import metadata
from sendwright.database.target import Target


class SchemaIsNewer(Exception):
    """The tables were made by a newer Sendwright. Run that one, or restore the backup made before the upgrade."""


def migrate(target: Target) -> None:
    """Creates or upgrades the tables."""
    for room in ("accounts", "domains", "emails", "crm", "ledger", "sandbox", "feedback"):  # until the first migration
        try:
            importlib.import_module(f"sendwright.{room}")
        except ModuleNotFoundError:
            continue
    if target.file is not None:
        dialect = sqlite.Sqlite(target.file, exclusive=False)
        metadata.create_all(dialect.write_engine)
        dialect.close()
    else:
        engine = create_engine(target.url or "")
        metadata.create_all(engine)
        engine.dispose()

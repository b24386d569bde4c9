"""What the commands share: where the data is, which account is meant, how a table is printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from sendwright import accounts, database
from sendwright.run import logs
from sendwright.run.settings import Settings, environment, load
from sendwright.run.store import open_store

T = TypeVar("T")

Data = Annotated[Path | None, typer.Option("--data", help="Directory of the embedded database.")]
DatabaseUrl = Annotated[str | None, typer.Option("--database", help="PostgreSQL URL, instead of --data.")]
AccountId = Annotated[int | None, typer.Option("--account", help="Account id; needed only where there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]

WHO: Final = {"out": "we ", "in": "they", "note": "  * "}
"""Who said a line of an SMTP conversation."""


class Failed(Exception):
    """The command cannot be done. The text says why and what to do."""


def settings_for(data: Path | None, database_url: str | None) -> Settings:
    """The settings of a command that only needs the data."""
    settings = load({"data": data, "database": database_url}, environment(), None)
    logs.set_up("error")
    return settings


def with_store(settings: Settings, work: Callable[[database.Database, database.Seal], Awaitable[T]]) -> T:
    """Runs ``work`` on the open database, beside a server or without one."""

    async def run() -> T:
        async with open_store(settings, exclusive=False) as (db, seal):
            return await work(db, seal)

    try:
        return asyncio.run(run())
    except SQLAlchemyError as fault:
        raise Failed(f"the database refused: {str(fault).splitlines()[0]}") from fault


async def the_account(db: database.Database, wanted: int | None) -> accounts.Account:
    """The account that is meant."""
    everybody = await db.read(accounts.list_accounts)
    chosen = [account for account in everybody if wanted in (None, account.id)]
    if len(chosen) == 1:
        return chosen[0]
    if not everybody:
        raise Failed("there is no account yet: make one with sendwright bootstrap")
    known = ", ".join(f"{account.id} ({account.name})" for account in everybody)
    raise Failed(f"say which account with --account: {known}")


def show_json(document: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def show_table(heads: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Columns as wide as they need to be; control characters of strangers shown as ?."""
    if not rows:
        print(empty)
        return
    texts = [[clean(str(cell)) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[n]) for row in texts) for n in range(len(heads))]
    for row in texts:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def clean(text: str) -> str:
    """Printable on any terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)

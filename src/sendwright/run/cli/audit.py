"""``sendwright audit``: who changed what."""

from __future__ import annotations

from typing import Annotated

import typer

from sendwright import accounts, database
from sendwright.run.cli.common import (
    AccountId,
    AsJson,
    Data,
    DatabaseUrl,
    settings_for,
    show_json,
    show_table,
    the_account,
    with_store,
)

app = typer.Typer(help="Who changed what.", no_args_is_help=True)


@app.command("list")
def list_audit(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries.")] = 100,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the changes of an account's state, the newest first, each with who made it."""

    async def work(db: database.Database, seal: database.Seal) -> list[accounts.AuditEntry]:
        tenant = await the_account(db, account)
        return await db.read(accounts.list_audit_entries, tenant.id, limit)

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([{"at": e.at.isoformat(), "who": e.who, "what": e.what, "details": dict(e.details)} for e in found])
        return
    rows = [
        (f"{e.at:%Y-%m-%d %H:%M:%S}", e.who, e.what, ", ".join(f"{name}: {text}" for name, text in e.details.items()))
        for e in found
    ]
    show_table(("AT", "WHO", "WHAT", "DETAILS"), rows, "Nothing has been changed yet.")

"""``sendwright accounts``: list, suspend, resume."""

from __future__ import annotations

from typing import Annotated

import typer

from sendwright import accounts, database
from sendwright.run.cli.common import AsJson, Data, DatabaseUrl, Failed, settings_for, show_json, show_table, with_store
from sendwright.run.clock import SystemClock

app = typer.Typer(help="Accounts: who may send.", no_args_is_help=True)
_WHO = "operator"


@app.command("list")
def list_accounts(data: Data = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List the accounts."""

    async def work(db: database.Database, seal: database.Seal) -> list[accounts.Account]:
        return await db.read(accounts.list_accounts)

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([{"id": a.id, "name": a.name, "state": a.state, "reason": a.reason or None} for a in found])
        return
    rows = [(a.id, a.name, a.state, a.reason) for a in found]
    show_table(("ID", "NAME", "STATE", "REASON"), rows, "No account yet. Make one with: sendwright bootstrap")


@app.command()
def suspend(
    account: Annotated[int, typer.Argument(help="Account id.")],
    reason: Annotated[str, typer.Option(help="Why; the account's people read it in each refused send.")],
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Stop an account from sending. What it asks for meanwhile ends as PORTAL_SUSPENDED."""

    async def work(db: database.Database, seal: database.Seal) -> bool:
        return await db.write(accounts.suspend_account, account, reason, SystemClock().now(), _WHO)

    _done(with_store(settings_for(data, database_url), work), account, "suspended")


@app.command()
def resume(
    account: Annotated[int, typer.Argument(help="Account id.")], data: Data = None, database_url: DatabaseUrl = None
) -> None:
    """Let a suspended account send again."""

    async def work(db: database.Database, seal: database.Seal) -> bool:
        return await db.write(accounts.resume_account, account, SystemClock().now(), _WHO)

    _done(with_store(settings_for(data, database_url), work), account, "active")


def _done(changed: bool, account: int, state: str) -> None:
    if not changed:
        raise Failed(f"there is no account {account}, or it is {state} already: see sendwright accounts list")
    print(f"Account {account} is {state}.")

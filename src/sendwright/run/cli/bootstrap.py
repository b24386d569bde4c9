"""``sendwright bootstrap``: an account that can send at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sendwright import database, onboard
from sendwright.run.cli.common import AsJson, settings_for, show_json, with_store
from sendwright.run.clock import SystemClock


def bootstrap(
    account: Annotated[str, typer.Option(help="Name of the account.")],
    domain: Annotated[str, typer.Option(help="Its sending domain; counts as connected.")],
    data: Annotated[Path | None, typer.Option(help="Directory of the embedded database.")] = None,
    database_url: Annotated[str | None, typer.Option("--database", help="PostgreSQL URL, instead of --data.")] = None,
    scopes: Annotated[str, typer.Option(help="Scopes of the token, by commas, or all.")] = "all",
    as_json: AsJson = False,
) -> None:
    """Make an account, a user, an API token and a connected domain. The secrets are shown once, here."""
    settings = settings_for(data, database_url)
    names = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    prepared = onboard.prepare()

    async def work(db: database.Database, seal: database.Seal) -> onboard.Welcome:
        now: datetime = SystemClock().now()
        return await db.write(onboard.found_account, seal, prepared, account, domain, names, now)

    welcome = with_store(settings, work)
    document = {
        "portalId": welcome.account_id,
        "token": welcome.token,
        "user": {"email": welcome.email, "password": welcome.password},
        "domain": welcome.domain,
    }
    if as_json:
        show_json(document)
        return
    print(f"Account {welcome.account_id} ({account}) may send from {welcome.domain}.")
    print(f"  API token  {welcome.token}")
    print(f"  Log in as  {welcome.email}  with password  {welcome.password}")
    print("The token and the password are shown this once: keep them now.")

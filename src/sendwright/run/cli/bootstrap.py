"""``sendwright bootstrap``: an account that can send at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sendwright import database, onboard
from sendwright.run.cli.common import AsJson, Failed, settings_for, show_json, with_store
from sendwright.run.clock import SystemClock


def bootstrap(
    account: Annotated[str, typer.Option(help="Name of the account.")],
    domain: Annotated[
        str | None, typer.Option(help="Its sending domain; counts as connected, whatever DNS says.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="Instead of --domain: as who its first user logs in. domains add comes next.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Directory of the embedded database.")] = None,
    database_url: Annotated[str | None, typer.Option("--database", help="PostgreSQL URL, instead of --data.")] = None,
    scopes: Annotated[str, typer.Option(help="Scopes of the token, by commas, or all.")] = "all",
    as_json: AsJson = False,
) -> None:
    """Make an account, a user, an API token and, by --domain, a connected domain. The secrets are shown once, here."""
    if (domain is None) == (email is None):
        raise Failed("give --domain to send from it at once, or --email to add a domain later: one of the two")
    settings = settings_for(data, database_url)
    names = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    prepared = onboard.prepare()

    async def work(db: database.Database, seal: database.Seal) -> onboard.Welcome:
        now: datetime = SystemClock().now()
        if domain is None:
            login = email or ""
            return await db.write(onboard.found_account_without_domain, prepared, account, login, names, now)
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
    then = f"may send from {welcome.domain}" if welcome.domain else "is made. Next: sendwright domains add DOMAIN"
    print(f"Account {welcome.account_id} ({account}) {then}.")
    print(f"  API token  {welcome.token}")
    print(f"  Log in as  {welcome.email}  with password  {welcome.password}")
    print("The token and the password are shown this once: keep them now.")

"""``sendwright domains``: list them with the records to publish."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from sendwright import database, domains
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

app = typer.Typer(help="Sending domains.", no_args_is_help=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    domain: domains.Domain
    records: list[tuple[str, str, str]]


@app.command("list")
def list_domains(
    account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List the sending domains of an account and the DKIM records to publish for them."""

    async def work(db: database.Database, seal: database.Seal) -> list[_Listed]:
        tenant = await the_account(db, account)
        wanted = await db.read(domains.records_to_publish, tenant.id)
        return [
            _Listed(domain=domain, records=[(r.name, r.type, r.value) for r in wanted.get(domain.name, ())])
            for domain in await db.read(domains.list_domains, tenant.id)
        ]

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([_document(listed) for listed in found])
        return
    rows = [(listed.domain.name, listed.domain.state, " ".join(r)) for listed in found for r in listed.records]
    show_table(("DOMAIN", "STATE", "PUBLISH"), rows, "No domain yet.")


def _document(listed: _Listed) -> dict[str, object]:
    records = [{"name": name, "type": type_, "value": value} for name, type_, value in listed.records]
    return {"name": listed.domain.name, "state": listed.domain.state, "records": records}

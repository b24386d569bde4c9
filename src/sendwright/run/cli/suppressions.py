"""``sendwright suppressions``: which addresses are not mailed and why; lift one; block a domain."""

from __future__ import annotations

from typing import Annotated

import typer

from sendwright import database, feedback, mail, single_send
from sendwright.run.cli.common import (
    AccountId,
    AsJson,
    Data,
    DatabaseUrl,
    Failed,
    settings_for,
    show_json,
    show_table,
    the_account,
    with_store,
)
from sendwright.run.clock import SystemClock

app = typer.Typer(help="Addresses that are not mailed.", no_args_is_help=True)
_MOST = 1000


@app.command("list")
def list_suppressions(
    account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List the suppressed addresses of an account, each with what happened."""

    async def work(db: database.Database, seal: database.Seal) -> list[feedback.Suppression]:
        tenant = await the_account(db, account)
        return await db.read(lambda conn: feedback.list_suppressions(conn, tenant.id, after=None, limit=_MOST))

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([_document(suppression) for suppression in found])
        return
    rows = [(s.key, s.cause, f"{s.since:%Y-%m-%d %H:%M}", s.explanation) for s in found]
    show_table(("ADDRESS", "CAUSE", "SINCE", "WHAT HAPPENED"), rows, "No address is suppressed.")


@app.command()
def lift(
    address: Annotated[str, typer.Argument(help="The address, or @domain.")],
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let an address be mailed again."""

    async def work(db: database.Database, seal: database.Seal) -> bool:
        tenant = await the_account(db, account)
        return await db.write(feedback.lift, tenant.id, single_send.STREAM, _key(address))

    if not with_store(settings_for(data, database_url), work):
        raise Failed(f"{address} is not suppressed: see sendwright suppressions list")
    print(f"{address} may be mailed again.")


@app.command()
def block(
    domain: Annotated[str, typer.Argument(help="The recipients' domain, such as example.org.")],
    reason: Annotated[str, typer.Option(help="Why; shown with each refused send.")],
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Mail nobody at a domain. What is asked for meanwhile ends as BLOCKED_DOMAIN."""

    async def work(db: database.Database, seal: database.Seal) -> None:
        tenant = await the_account(db, account)
        blocked = feedback.Suppression(
            account_id=tenant.id, stream=single_send.STREAM, key=_key("@" + domain.lstrip("@")),
            cause=feedback.Cause.BLOCKED, since=SystemClock().now(),
            explanation=f"Mail to {domain} is blocked by the operator: {reason}",
        )  # fmt: skip
        await db.write(feedback.suppress, [blocked])

    with_store(settings_for(data, database_url), work)
    print(f"Nobody at {domain} is mailed until you lift @{domain}.")


def _document(s: feedback.Suppression) -> dict[str, object]:
    return {
        "address": s.key, "stream": s.stream, "cause": s.cause, "since": s.since.isoformat(),
        "explanation": s.explanation, "evidence": dict(s.evidence),
    }  # fmt: skip


def _key(text: str) -> str:
    """How an address or @domain is kept."""
    whole = f"anybody{text}" if text.startswith("@") else text
    address = mail.parse_address(whole)
    if isinstance(address, mail.Malformed):
        raise Failed(f"{text!r} cannot be used: {address.reason}")
    return "@" + address.ascii_domain.lower() if text.startswith("@") else address.key

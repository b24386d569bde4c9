"""``sendwright sends``: what was asked for and what became of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sendwright import database, ledger, send_documents, submission, views
from sendwright.run.cli import send_words
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

app = typer.Typer(help="Sends: what was asked for and what became of it.", no_args_is_help=True)


@app.command("list")
def list_sends(
    recipient: Annotated[str | None, typer.Option(help="Only to this address.")] = None,
    result: Annotated[str | None, typer.Option(help="Only with this result, such as SENT.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    before: Annotated[str | None, typer.Option(help="Older than this id: the next page.")] = None,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List sends, the newest first."""
    wanted = ledger.SendFilter(recipient=recipient, result=_result(result))

    async def work(db: database.Database, seal: database.Seal) -> list[ledger.Send]:
        tenant = await the_account(db, account)
        return await db.read(lambda conn: ledger.find_sends(conn, tenant.id, wanted, before=before, limit=limit))

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([send_documents.send_document(send) for send in found])
        return
    rows = [send_words.send_row(send) for send in found]
    show_table(("ID", "REQUESTED", "STATUS", "RESULT", "TO", "SUBJECT"), rows, "No sends yet.")
    if len(found) == limit:
        print(f"More: sendwright sends list --before {found[-1].id}")


@app.command()
def show(
    send_id: Annotated[str, typer.Argument(help="The id: the statusId of the API.")],
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one send: its status in plain words, its attempts with the SMTP dialogue, its events."""

    async def work(db: database.Database, seal: database.Seal) -> views.SendPage | None:
        tenant = await the_account(db, account)
        return await db.read(views.send_page, tenant.id, send_id)

    page = with_store(settings_for(data, database_url), work)
    if page is None:
        raise Failed(f"there is no send {send_id} in this account: see sendwright sends list")
    if as_json:
        show_json(send_documents.page_document(page))
        return
    for line in send_words.page_lines(page):
        print(line)


@app.command()
def content(
    send_id: Annotated[str, typer.Argument(help="The id: what submission answered, the statusId of the API.")],
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a mail that was submitted by SMTP to standard output, as it came, if it is still kept."""

    async def work(db: database.Database, seal: database.Seal) -> bytes | None:
        tenant = await the_account(db, account)
        return await db.read(submission.find_kept, tenant.id, send_id, SystemClock().now())

    found = with_store(settings_for(data, database_url), work)
    if found is None:
        raise Failed(f"nothing is kept of a send {send_id} in this account: mails ask for it by X-Sendwright-Retention")
    sys.stdout.buffer.write(found)


def _result(text: str | None) -> ledger.SendResult | None:
    if text is None:
        return None
    try:
        return ledger.SendResult(text.upper())
    except ValueError as fault:
        raise Failed(f"no such result: {text}. There are: {', '.join(ledger.SendResult)}") from fault

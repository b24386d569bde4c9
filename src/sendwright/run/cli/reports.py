"""``sendwright reports``: what came back by SMTP, what was made of it, and why."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from sendwright import database, feedback, mail, receive
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
from sendwright.run.settings import Settings

app = typer.Typer(help="What came back by SMTP, and what was made of it.", no_args_is_help=True)
_SHOWN = 20_000

ReportId = Annotated[str, typer.Argument(help="The id, from sendwright reports list.")]
Strangers = Annotated[
    bool, typer.Option("--installation", help="What came to addresses of the whole installation (fbl@, postmaster@).")
]


@app.command("list")
def list_reports(
    finding: Annotated[
        str | None, typer.Option(help="bounced, complained, repeated, ignored, unattributed or waiting.")
    ] = None,
    about: Annotated[str | None, typer.Option(help="Only those about this recipient.")] = None,
    send: Annotated[str | None, typer.Option(help="Only those about this send.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    installation: Strangers = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the newest reports, each with what was made of it and why."""
    wanted = feedback.ReportFilter(finding=_finding(finding), send_id=send, about=about)

    async def work(db: database.Database, seal: database.Seal) -> list[feedback.InboundReport]:
        owner = await _owner(db, account, installation=installation)
        return await db.read(lambda conn: feedback.list_reports(conn, owner, wanted, before=None, limit=limit))

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([_document(report) for report in found])
        return
    rows = [(r.id, f"{r.received:%Y-%m-%d %H:%M}", r.finding, r.about or r.recipient, r.why) for r in found]
    show_table(("ID", "RECEIVED", "FINDING", "ABOUT", "WHY"), rows, "No report came back. Is --inbound open?")


@app.command()
def show(
    report_id: ReportId,
    raw: Annotated[bool, typer.Option("--raw", help="Print the mail as it came, as far as it is kept.")] = False,
    installation: Strangers = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a report: from where it came, what was made of it, and why."""

    async def work(db: database.Database, seal: database.Seal) -> tuple[feedback.InboundReport | None, bytes | None]:
        owner = await _owner(db, account, installation=installation)
        return await db.read(feedback.find_report, owner, report_id), await db.read(
            feedback.read_body, owner, report_id
        )

    report, body = with_store(settings_for(data, database_url), work)
    if report is None:
        raise Failed(f"there is no report {report_id}: see sendwright reports list, perhaps with --installation")
    text = (body or b"")[:_SHOWN].decode("utf-8", "replace")
    if raw:
        print("\n".join("".join(c if c.isprintable() or c == "\t" else "?" for c in line) for line in _lines(text)))
    elif as_json:
        show_json({**_document(report), "text": text})
    else:
        show_table(("FACT", "VALUE"), [(name, value) for name, value in _document(report).items() if value], "")


@app.command()
def replay(
    report_id: ReportId,
    installation: Strangers = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Look at a report once more from which nothing followed, such as one that came before its key was in DNS."""
    settings = settings_for(data, database_url)

    async def work(db: database.Database, seal: database.Seal) -> feedback.InboundReport | None:
        owner = await _owner(db, account, installation=installation)
        if not await receive.replay(_office(db, seal, settings), owner, report_id):
            raise Failed(f"{report_id} cannot be replayed: there is none, or something followed from it already")
        return await db.read(feedback.find_report, owner, report_id)

    found = with_store(settings, work)
    if found is not None:
        print(f"{found.finding}: {found.why}")


def _office(db: database.Database, seal: database.Seal, settings: Settings) -> receive.Office:
    return receive.Office(
        db=db, now=SystemClock().now, key=seal.derive("return_path"), hosts=frozenset(), read=mail.read_report,
        find_key=partial(feedback.find_key, nameserver=settings.resolver),
        feedback_domains=settings.feedback_domains or receive.FEEDBACK_DOMAINS,
        lifetimes=feedback.Lifetimes(
            bounced=settings.suppress_bounced_for, complained=settings.suppress_complained_for
        ),
    )  # fmt: skip


async def _owner(db: database.Database, account: int | None, *, installation: bool) -> int:
    return feedback.NOBODY if installation else (await the_account(db, account)).id


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _finding(text: str | None) -> feedback.Finding | None:
    if text is None:
        return None
    if text not in list(feedback.Finding):
        raise Failed(f"--finding is one of {', '.join(feedback.Finding)}")
    return feedback.Finding(text)


def _document(report: feedback.InboundReport) -> dict[str, object]:
    return {
        "id": report.id, "received": report.received.isoformat(), "finding": report.finding, "why": report.why,
        "about": report.about, "sendId": report.send_id, "cameTo": report.recipient, "kindOfAddress": report.addressed,
        "mailFrom": report.mail_from, "helo": report.helo, "ip": report.ip, "tls": report.tls,
        "sizeBytes": report.size_bytes,
    }  # fmt: skip

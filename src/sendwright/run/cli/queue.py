"""``sendwright queue``: what waits for whom and why; pause, resume, retry, hold, release, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from sendwright import database, ledger, send_documents, steering
from sendwright.run.cli import queue_words
from sendwright.run.cli.common import (
    AccountId,
    AsJson,
    Data,
    DatabaseUrl,
    Failed,
    settings_for,
    show_json,
    show_table,
    with_store,
)
from sendwright.run.clock import SystemClock

app = typer.Typer(help="The queue: what waits and why; pause it, hurry it, hold it, take it back.")

Domain = Annotated[str | None, typer.Option(help="Recipients at this domain.")]
Site = Annotated[str | None, typer.Option(help="This site, as sendwright queue names it.")]
Egress = Annotated[str | None, typer.Option(help="This egress; - is the installation's own way.")]
Reason = Annotated[str, typer.Option(help="Why; shown with what it concerns.")]
Everything = Annotated[bool, typer.Option("--all", help="Everything in the queue.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many it would be.")]
Which = Annotated[str | None, typer.Argument(help="Id of a delivery or of a send.")]
_MOST_LINES = 200


@app.callback(invoke_without_command=True)
def summary(
    ctx: typer.Context,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits, by site and egress, with what the workers do there now."""
    if ctx.invoked_subcommand is not None:
        return

    async def work(db: database.Database, seal: database.Seal) -> queue_words.Overview:
        now = SystemClock().now()
        return queue_words.Overview(
            now=now,
            lines=await db.read(ledger.queue_lines, account, _MOST_LINES),
            workers=await db.read(ledger.find_workers, now),
            pauses=await db.read(ledger.find_pauses, now, account),
            stuck=await db.read(ledger.stuck_sends, account),
        )

    overview = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json(queue_words.overview_document(overview))
        return
    for line in (*queue_words.pause_lines(overview.pauses), *queue_words.stuck_lines(overview.stuck)):
        print(line)
    show_table(queue_words.HEADS, queue_words.rows(overview), "Nothing waits: every accepted mail has its outcome.")


@app.command("list")
def list_waiting(
    domain: Domain = None,
    site: Site = None,
    egress: Egress = None,
    state: Annotated[str | None, typer.Option(help="Only in this state, such as held.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(help="Behind this place: the next page.")] = None,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries that have no outcome yet, the oldest of each account first."""
    if state is not None and state not in ledger.OPEN_STATES:
        raise Failed(f"no such state: {state}. There are: {', '.join(ledger.OPEN_STATES)}")
    wanted = ledger.Selection(account_id=account, domain=domain, site=site, egress=_egress(egress), state=state)
    place = queue_words.read_place(after)

    async def work(db: database.Database, seal: database.Seal) -> list[ledger.Waiting]:
        now = SystemClock().now()
        return await db.read(lambda conn: ledger.find_waiting(conn, wanted, now, after=place, limit=limit))

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([send_documents.waiting_document(each) for each in found])
        return
    show_table(queue_words.LIST_HEADS, [queue_words.list_row(each) for each in found], "Nothing of that kind waits.")
    if len(found) == limit:
        print(f"More: sendwright queue list --after {queue_words.place_of(found[-1])}")


@app.command()
def show(
    which: Annotated[str, typer.Argument(help="Id of a delivery or of a send.")],
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a delivery, or all of a send, with the whole dialogue of each attempt."""

    async def work(db: database.Database, seal: database.Seal) -> list[queue_words.Shown]:
        return await db.read(queue_words.look_up, account, which.lower(), SystemClock().now())

    found = with_store(settings_for(data, database_url), work)
    if not found:
        raise Failed(f"there is no delivery or send {which}: see sendwright queue list, sendwright sends list")
    if as_json:
        show_json([queue_words.shown_document(each) for each in found])
        return
    for each in found:
        for line in queue_words.shown_lines(each):
            print(line)


@app.command()
def pause(
    reason: Reason,
    domain: Domain = None,
    egress: Egress = None,
    site: Site = None,
    everything: Everything = False,
    minutes: Annotated[int | None, typer.Option(min=1, help="For so long; without it, until it is resumed.")] = None,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Keep deliveries from leaving: to a domain or site, by an egress, of an account, or all."""
    kind, name = _what(domain, egress, site, everything or account is not None)
    now = SystemClock().now()
    new = ledger.Pause(
        account_id=account or ledger.EVERYBODY, kind=kind, name=name, reason=reason, since=now,
        until=None if minutes is None else now + timedelta(minutes=minutes),
    )  # fmt: skip

    async def work(db: database.Database, seal: database.Seal) -> None:
        await db.write(ledger.pause, new)

    with_store(settings_for(data, database_url), work)
    print(f"Paused: {queue_words.pause_words(new)}. Attempts under way end as they do.")


@app.command()
def resume(
    domain: Domain = None,
    egress: Egress = None,
    site: Site = None,
    everything: Everything = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """End a pause."""
    kind, name = _what(domain, egress, site, everything or account is not None)

    async def work(db: database.Database, seal: database.Seal) -> bool:
        return await db.write(ledger.resume, account or ledger.EVERYBODY, kind, name)

    if not with_store(settings_for(data, database_url), work):
        raise Failed("there is no such pause: sendwright queue shows those that there are")
    print("Resumed.")


@app.command()
def retry(
    which: Which = None,
    domain: Domain = None,
    site: Site = None,
    egress: Egress = None,
    everything: Everything = False,
    dry_run: DryRun = False, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Try deliveries that wait now. One that is in doubt may arrive twice: it is tried only if it is named itself."""
    wanted = _selection(which, domain, site, egress, everything, account)
    _steer(ledger.Action.RETRY, wanted, "", dry_run, data, database_url, as_json)


@app.command()
def hold(
    reason: Reason,
    which: Which = None,
    domain: Domain = None,
    site: Site = None,
    egress: Egress = None,
    everything: Everything = False,
    dry_run: DryRun = False, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Hold deliveries until they are released or canceled."""
    wanted = _selection(which, domain, site, egress, everything, account)
    _steer(ledger.Action.HOLD, wanted, reason, dry_run, data, database_url, as_json)


@app.command()
def release(
    which: Which = None,
    domain: Domain = None,
    site: Site = None,
    egress: Egress = None,
    everything: Everything = False,
    dry_run: DryRun = False, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let held deliveries go."""
    wanted = _selection(which, domain, site, egress, everything, account)
    _steer(ledger.Action.RELEASE, wanted, "", dry_run, data, database_url, as_json)


@app.command()
def cancel(
    reason: Reason,
    which: Which = None,
    domain: Domain = None,
    site: Site = None,
    egress: Egress = None,
    everything: Everything = False,
    dry_run: DryRun = False, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take mail back. It works until the text of a message has been handed over."""
    wanted = _selection(which, domain, site, egress, everything, account)
    _steer(ledger.Action.CANCEL, wanted, reason, dry_run, data, database_url, as_json)


def _steer(
    action: ledger.Action, wanted: Sequence[ledger.Selection], reason: str, dry_run: bool, data: Data,
    database_url: DatabaseUrl, as_json: bool,
) -> None:  # fmt: skip
    async def one(db: database.Database, selection: ledger.Selection) -> steering.Done:
        if dry_run:
            deliveries, sends = await db.read(ledger.count_selected, action, selection)
            return steering.Done(deliveries=deliveries, sends=sends)
        now = SystemClock().now
        return await steering.steer(db, action, selection, now, who="the operator", reason=reason)

    async def work(db: database.Database, seal: database.Seal) -> steering.Done:
        done = [await one(db, selection) for selection in wanted]
        return steering.Done(deliveries=sum(d.deliveries for d in done), sends=sum(d.sends for d in done))

    done = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json({"action": action.value, "deliveries": done.deliveries, "sends": done.sends, "dryRun": dry_run})
        return
    print(queue_words.done_words(action, done, dry_run))


def _selection(
    which: str | None, domain: str | None, site: str | None, egress: str | None, everything: bool, account: int | None
) -> Sequence[ledger.Selection]:
    if not everything and account is None and not any((which, domain, site, egress)):
        raise Failed("say which: an id, --domain, --site, --egress, --account, or --all")
    if which is None:
        return [ledger.Selection(account_id=account, domain=domain, site=site, egress=_egress(egress))]
    id_ = which.lower()  # ids of sends and of deliveries are unique together
    return [ledger.Selection(account_id=account, send_id=id_), ledger.Selection(account_id=account, delivery_id=id_)]


def _what(domain: str | None, egress: str | None, site: str | None, everything: bool) -> tuple[ledger.PauseKind, str]:
    named = [
        (kind, name)
        for kind, name in (
            (ledger.PauseKind.DOMAIN, domain), (ledger.PauseKind.SITE, site), (ledger.PauseKind.EGRESS, _egress(egress))
        )
        if name is not None
    ]  # fmt: skip
    if len(named) == 1:
        return named[0][0], named[0][1].lower() if named[0][0] is ledger.PauseKind.DOMAIN else named[0][1]
    if not named and everything:
        return ledger.PauseKind.ALL, ""
    raise Failed("say what: one of --domain, --site, --egress; or --account, or --all")


def _egress(text: str | None) -> str | None:
    return "" if text == "-" else text

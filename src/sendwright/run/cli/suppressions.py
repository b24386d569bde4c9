"""``sendwright suppressions``: which addresses are not mailed and why; add, lift, carry in and out; block a domain."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sendwright import database, feedback, mail
from sendwright.feedback import lists
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

app = typer.Typer(help="Addresses that are not mailed.", no_args_is_help=True)
_AT_ONCE = 1000

Stream = Annotated[str, typer.Option(help=f"What kind of mail: {', '.join(feedback.STREAMS)}.")]
Address = Annotated[str, typer.Argument(help="The address, or @domain.")]
_TRANSACTIONAL = feedback.STREAMS[0]


@app.command("list")
def list_suppressions(
    search: Annotated[str | None, typer.Argument(help="A piece of the address.")] = None,
    cause: Annotated[str | None, typer.Option(help="bounced, complained or blocked.")] = None,
    stream: Annotated[str | None, typer.Option(help="Only those of this kind of mail.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_AT_ONCE, help="How many at most.")] = 100,
    after: Annotated[str | None, typer.Option(help="The last address of the page before.")] = None,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the suppressed addresses of an account, each with what happened."""
    wanted = feedback.SuppressionFilter(stream=stream, cause=_cause(cause), search=search)
    place = None if after is None else (after, "~")

    async def work(db: database.Database, seal: database.Seal) -> list[feedback.Suppression]:
        tenant = await the_account(db, account)
        return await db.read(
            lambda conn: feedback.list_suppressions(conn, tenant.id, wanted, after=place, limit=limit)
        )  # fmt: skip

    found = with_store(settings_for(data, database_url), work)
    if as_json:
        show_json([_document(suppression) for suppression in found])
        return
    rows = [(s.key, s.stream, s.cause, f"{s.since:%Y-%m-%d %H:%M}", _until(s), s.explanation) for s in found]
    empty = "No address is suppressed." if wanted == feedback.SuppressionFilter() else "No suppression matches."
    show_table(("ADDRESS", "STREAM", "CAUSE", "SINCE", "UNTIL", "WHAT HAPPENED"), rows, empty)


@app.command()
def show(
    address: Address,
    stream: Stream = _TRANSACTIONAL,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show why an address is not mailed: which mail, which reply, which report."""

    async def work(db: database.Database, seal: database.Seal) -> feedback.Suppression | None:
        tenant = await the_account(db, account)
        return await db.read(feedback.find_suppression, tenant.id, stream, _key(address))

    found = with_store(settings_for(data, database_url), work)
    if found is None:
        raise Failed(f"{address} is not suppressed: see sendwright suppressions list")
    if as_json:
        show_json(_document(found))
        return
    facts = [
        ("address", found.key),
        ("stream", found.stream),
        ("cause", found.cause),
        ("since", f"{found.since:%Y-%m-%d %H:%M}"),
    ]
    more = [("until", _until(found)), ("what happened", found.explanation), *found.evidence.items()]
    show_table(("FACT", "VALUE"), [*facts, *more], "")


@app.command()
def add(
    address: Annotated[str, typer.Argument(help="The address.")],
    cause: Annotated[str, typer.Option(help="bounced or complained.")] = "bounced",
    reason: Annotated[str, typer.Option(help="Why; shown with each refused send.")] = "",
    until: Annotated[str, typer.Option(help="When it ends, such as 2027-01-31; never, if not given.")] = "",
    stream: Stream = _TRANSACTIONAL,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Mail an address no more."""
    wanted = lists.Wanted(address=address, stream=stream, cause=cause, until=until, explanation=reason)
    _put(wanted, account, settings_for(data, database_url))
    print(f"{address} is not mailed any more: sendwright suppressions lift {address} undoes it.")


@app.command()
def block(
    domain: Annotated[str, typer.Argument(help="The recipients' domain, such as example.org.")],
    reason: Annotated[str, typer.Option(help="Why; shown with each refused send.")],
    stream: Stream = _TRANSACTIONAL,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Mail nobody at a domain. What is asked for meanwhile ends as BLOCKED_DOMAIN."""
    explanation = f"Mail to {domain} is blocked by the operator: {reason}"
    wanted = lists.Wanted(address="@" + domain.lstrip("@"), stream=stream, cause="blocked", explanation=explanation)
    _put(wanted, account, settings_for(data, database_url))
    print(f"Nobody at {domain} is mailed until you lift @{domain}.")


def _lift(address: str, stream: str, account: int | None, settings: Settings) -> None:
    async def work(db: database.Database, seal: database.Seal) -> bool:
        tenant = await the_account(db, account)
        return await db.write(feedback.lift, tenant.id, stream, _key(address))

    if not with_store(settings, work):
        raise Failed(f"{address} is not suppressed: see sendwright suppressions list")
    print(f"{address} may be mailed again.")


@app.command()
def lift(
    address: Address,
    stream: Stream = _TRANSACTIONAL,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let an address be mailed again."""
    _lift(address, stream, account, settings_for(data, database_url))


@app.command()
def remove(
    address: Address,
    stream: Stream = _TRANSACTIONAL,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The same as lift."""
    _lift(address, stream, account, settings_for(data, database_url))


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="CSV with a heading; the column address is enough. - reads stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take suppressions from a CSV file. Rows that cannot be taken are named, the others count."""
    text = (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode("utf-8", "replace")
    settings = settings_for(data, database_url)

    async def work(db: database.Database, seal: database.Seal) -> lists.ReadList:
        tenant = await the_account(db, account)
        read = lists.read_csv(tenant.id, text, SystemClock().now(), _lifetimes(settings))
        if not dry_run:
            for start in range(0, len(read.suppressions), _AT_ONCE):
                await db.write(feedback.suppress, read.suppressions[start : start + _AT_ONCE])
        return read

    read = with_store(settings, work)
    if as_json:
        bad = [{"line": row.line, "reason": row.reason} for row in read.bad]
        show_json({"taken": len(read.suppressions), "bad": bad, "dryRun": dry_run})
    else:
        show_table(("LINE", "NOT TAKEN BECAUSE"), [(row.line, row.reason) for row in read.bad], "Every row is good.")
        print(f"{len(read.suppressions)} {'would be taken' if dry_run else 'taken'}, {len(read.bad)} not.")
    if read.bad:
        raise typer.Exit(1)


@app.command("export")
def export_list(account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Write all suppressions of an account as CSV, as import reads it."""

    async def work(db: database.Database, seal: database.Seal) -> None:
        tenant = await the_account(db, account)
        all_of_them = await db.read(lambda conn: list(_all(partial(feedback.list_suppressions, conn, tenant.id))))
        for line in lists.write_csv(all_of_them):
            print(line, end="")

    with_store(settings_for(data, database_url), work)


def _all(page: Callable[..., list[feedback.Suppression]]) -> Iterator[feedback.Suppression]:
    found = page(after=None, limit=_AT_ONCE)
    while found:
        yield from found
        found = page(after=(found[-1].key, found[-1].stream), limit=_AT_ONCE)


def _put(wanted: lists.Wanted, account: int | None, settings: Settings) -> None:
    async def work(db: database.Database, seal: database.Seal) -> None:
        tenant = await the_account(db, account)
        checked = lists.check(tenant.id, wanted, SystemClock().now(), _lifetimes(settings))
        if isinstance(checked, mail.Malformed):
            raise Failed(f"{wanted.address!r} cannot be put on the list: {checked.reason}")
        await db.write(feedback.suppress, [checked])

    with_store(settings, work)


def _lifetimes(settings: Settings) -> feedback.Lifetimes:
    return feedback.Lifetimes(bounced=settings.suppress_bounced_for, complained=settings.suppress_complained_for)


def _until(s: feedback.Suppression) -> str:
    return "it is lifted" if s.until is None else f"{s.until:%Y-%m-%d %H:%M}"


def _cause(text: str | None) -> feedback.Cause | None:
    if text is None:
        return None
    if text not in list(feedback.Cause):
        raise Failed(f"--cause is one of {', '.join(feedback.Cause)}")
    return feedback.Cause(text)


def _document(s: feedback.Suppression) -> dict[str, object]:
    return {
        "address": s.key, "stream": s.stream, "cause": s.cause, "since": s.since.isoformat(),
        "until": None if s.until is None else s.until.isoformat(), "explanation": s.explanation,
        "evidence": dict(s.evidence),
    }  # fmt: skip


def _key(text: str) -> str:
    """How an address or @domain is kept."""
    key = lists.key_of(text)
    if isinstance(key, mail.Malformed):
        raise Failed(f"{text!r} cannot be used: {key.reason}")
    return key

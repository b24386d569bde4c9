"""``sendwright domains``: connect a sending domain: what to publish, what was found, what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from sendwright import connect_domain, database, domains
from sendwright.domain_documents import domain_document
from sendwright.run import logs
from sendwright.run.cli import domain_words
from sendwright.run.cli.common import (
    AccountId,
    AsJson,
    Data,
    DatabaseUrl,
    Failed,
    show_json,
    show_table,
    the_account,
    with_store,
)
from sendwright.run.clock import SystemClock
from sendwright.run.domain_desk import domain_desk
from sendwright.run.settings import environment, load

app = typer.Typer(
    help="Sending domains: connect them, check their DNS records, rotate their keys.", no_args_is_help=True
)
_WHO = "operator"
T = TypeVar("T")

Name = Annotated[str, typer.Argument(help="The domain, such as example.com.")]
PublicUrl = Annotated[
    str | None, typer.Option("--public-url", help="How others reach this installation, as serve is told.")
]
Work = Callable[[connect_domain.Desk, int], Awaitable[T]]


@app.command()
def add(
    name: Name,
    tracking_host: Annotated[
        str | None, typer.Option(help="A host of the domain for links and pixels, such as links.example.com.")
    ] = None,
    return_path_host: Annotated[
        str | None, typer.Option(help="A host of the domain for bounces. Default: bounce. and the domain.")
    ] = None,
    no_return_path: Annotated[
        bool, typer.Option("--no-return-path", help="No host for bounces under the domain; SPF will not align.")
    ] = False,
    zone: Annotated[bool, typer.Option("--zone", help="Print the records as lines of a zone file.")] = False,
    account: AccountId = None,
    public_url: PublicUrl = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Add a sending domain with fresh DKIM keys and print the DNS records to publish."""

    async def work(desk: connect_domain.Desk, account_id: int) -> connect_domain.Known:
        path = return_path_host or (None if no_return_path else connect_domain.usual_return_path(desk.place, name))
        if path is None and not no_return_path:
            raise Failed(
                "this installation does not know the name by which strangers reach it, where bounces would go: "
                "give --public-url https://mail.example.com, or --no-return-path"
            )
        new = connect_domain.NewDomain(
            account_id=account_id, by=_WHO, name=name, tracking_host=tracking_host, return_path_host=path
        )
        return await connect_domain.add(desk, new)

    _show_records(_with_desk(work, account, data, database_url, public_url), zone=zone, as_json=as_json)


@app.command()
def check(
    name: Name,
    watch: Annotated[bool, typer.Option("--watch", help="Check again and again until everything is right.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two checks of --watch.", min=1)] = 15,
    account: AccountId = None,
    public_url: PublicUrl = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask the domain's own name servers now, and connect it if its records are right. Ends with 1 if they are not."""

    async def work(desk: connect_domain.Desk, account_id: int) -> connect_domain.Known:
        while True:
            noted = await connect_domain.check(desk, account_id, name)
            if noted is None:
                raise _no_such_domain(name)
            if noted.check.is_usable or not watch:
                return await _found(desk, account_id, name)
            if not as_json:
                _print([*domain_words.check_lines(noted.after, noted.check), "", f"Again in {every:g} s.", ""])
            await asyncio.sleep(every)

    known = _with_desk(work, account, data, database_url, public_url)
    if as_json:
        show_json(domain_document(known))
    elif known.check is not None:
        _print(domain_words.check_lines(known.domain, known.check))
    if known.check is None or not known.check.is_usable:
        raise typer.Exit(1)


@app.command()
def show(
    name: Name,
    zone: Annotated[bool, typer.Option("--zone", help="Print the records as lines of a zone file.")] = False,
    account: AccountId = None,
    public_url: PublicUrl = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a domain: the records to publish, its keys, and what the last check found. Asks nobody."""
    known = _with_desk(_finding(name), account, data, database_url, public_url)
    if zone or as_json:
        _show_records(known, zone=zone, as_json=as_json)
        return
    _print(domain_words.records_lines(known))
    print()
    show_table(
        ("KEY", "ALGORITHM", "STATE", "SINCE"),
        [(key.selector, key.algorithm, key.state, f"{key.changed_at:%Y-%m-%d %H:%M}") for key in known.keys],
        "It has no keys: run sendwright domains rotate.",
    )
    print()
    if known.check is None:
        print(f"It was not checked yet. {domain_words.state_line(known.domain)}")
    else:
        _print(domain_words.check_lines(known.domain, known.check))


@app.command("list")
def list_domains(
    account: AccountId = None,
    public_url: PublicUrl = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the sending domains of an account."""

    async def work(desk: connect_domain.Desk, account_id: int) -> list[connect_domain.Known]:
        return await desk.db.read(connect_domain.find_all, desk, account_id)

    found = _with_desk(work, account, data, database_url, public_url)
    if as_json:
        show_json([domain_document(known) for known in found])
        return
    rows = [_row(known.domain) for known in found]
    show_table(
        ("DOMAIN", "STATE", "CONNECTED BY", "CHECKED"), rows, "No domain yet: add one with sendwright domains add NAME"
    )


@app.command()
def rotate(
    name: Name,
    zone: Annotated[bool, typer.Option("--zone", help="Print the records as lines of a zone file.")] = False,
    account: AccountId = None,
    public_url: PublicUrl = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make new DKIM keys. They take over once their records are seen; the old ones retire some days later."""

    async def work(desk: connect_domain.Desk, account_id: int) -> connect_domain.Known:
        known = await connect_domain.rotate(desk, account_id, _WHO, name)
        if known is None:
            raise _no_such_domain(name)
        return known

    _show_records(_with_desk(work, account, data, database_url, public_url), zone=zone, as_json=as_json)


@app.command()
def remove(
    name: Name,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Remove a domain: it takes no new mail. What was accepted before still leaves, signed with its keys."""

    async def work(desk: connect_domain.Desk, account_id: int) -> bool:
        return await desk.db.write(connect_domain.remove, account_id, _WHO, name, desk.now())

    if not _with_desk(work, account, data, database_url, None):
        raise _no_such_domain(name)
    print(f"{name} is removed. Leave its DNS records for two weeks: mail that was accepted still leaves.")


@app.command()
def connect(
    name: Name,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Connect a domain by decree: mail is sent from it whatever DNS says."""

    async def work(desk: connect_domain.Desk, account_id: int) -> bool:
        await _found(desk, account_id, name)
        return await desk.db.write(connect_domain.connect_by_decree, account_id, _WHO, name, desk.now())

    if not _with_desk(work, account, data, database_url, None):
        raise Failed(f"{name} is connected already: see sendwright domains show {name}")
    print(f"{name} is connected by decree. Receivers judge by DNS alone: run sendwright domains check {name}")


def _with_desk(
    work: Work[T], account: int | None, data: Path | None, database_url: str | None, public_url: str | None
) -> T:
    settings = load({"data": data, "database": database_url, "public_url": public_url}, environment(), None)
    logs.set_up("error")

    async def run(db: database.Database, seal: database.Seal) -> T:
        tenant = await the_account(db, account)
        return await work(domain_desk(settings, db, seal, SystemClock().now), tenant.id)

    return with_store(settings, run)


def _finding(name: str) -> Work[connect_domain.Known]:
    async def work(desk: connect_domain.Desk, account_id: int) -> connect_domain.Known:
        return await _found(desk, account_id, name)

    return work


async def _found(desk: connect_domain.Desk, account_id: int, name: str) -> connect_domain.Known:
    known = await desk.db.read(connect_domain.find, desk, account_id, name)
    if known is None:
        raise _no_such_domain(name)
    return known


def _no_such_domain(name: str) -> Failed:
    return Failed(f"the account has no domain {name}: see sendwright domains list")


def _show_records(known: connect_domain.Known, *, zone: bool, as_json: bool) -> None:
    if as_json:
        show_json(domain_document(known))
    elif zone:
        _print(domain_words.zone_lines(known))
    else:
        _print([*domain_words.records_lines(known), "", domain_words.state_line(known.domain)])


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _row(domain: domains.Domain) -> tuple[str, ...]:
    how = "-" if domain.connection is None else domain.connection.how.value
    return domain.name, domain.state.value, how, _when(domain.checked_at)


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"

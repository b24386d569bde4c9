"""``sendwright egress``: by what an account's mail leaves: its own addresses, and relays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from sendwright import database, dedicated, egresses
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
from sendwright.run.settings import Settings, machine_name

T = TypeVar("T")

app = typer.Typer(help="By what mail leaves: source addresses and relays of an account.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The egress's name, such as ip-1.")]
_HINT = "see sendwright egress list"


def in_office(settings: Settings, account: int | None, work: Callable[[dedicated.Office], Awaitable[T]]) -> T:
    """Runs ``work`` as the operator, for an account."""

    async def with_office(db: database.Database, seal: database.Seal) -> T:
        tenant = await the_account(db, account)
        office = dedicated.Office(
            db=db, seal=seal, names=egresses.Names(settings.resolver), machine=machine_name(settings),
            account_id=tenant.id, who=dedicated.OPERATOR, now=SystemClock().now(),
        )  # fmt: skip
        return await work(office)

    return with_store(settings, with_office)


@app.command()
def add(
    name: Name,
    ip: Annotated[str | None, typer.Option(help="Its source address, IPv4 or IPv6.")] = None,
    ehlo_name: Annotated[
        str | None, typer.Option(help="The name said at EHLO, in DNS both ways, under the account's own domain.")
    ] = None,
    machine: Annotated[
        str | None, typer.Option(help="The machine that has the address, as its setting `machine` says. Default: this.")
    ] = None,
    proxy: Annotated[
        str | None,
        typer.Option(help="A proxy on the machine that has the address: socks5://HOST:PORT or haproxy://HOST:PORT."),
    ] = None,
    relay: Annotated[
        str | None, typer.Option(help="Instead of an address, a relay: smtp://[user:password@]HOST:PORT; - asks.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Use it even while DNS is not right.")] = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Add a source address or a relay, and check it. Put it into a pool to use it: sendwright pool set."""
    settings = settings_for(data, database_url)
    means = _means(settings, ip, ehlo_name, machine, proxy, relay)

    async def work(office: dedicated.Office) -> egresses.Egress:
        added = await dedicated.add_by_operator(office, name, means)
        return (await dedicated.force(office, added.name) or added) if force else added

    added = in_office(settings, account, work)
    _show(added, as_json)
    if not as_json:
        _say_what_is_next(added)


@app.command("list")
def list_egresses(
    account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List the egresses of an account."""

    async def work(office: dedicated.Office) -> list[egresses.Egress]:
        return await office.db.read(egresses.list_egresses, office.seal, office.account_id)

    found = in_office(settings_for(data, database_url), account, work)
    if as_json:
        show_json([document(egress) for egress in found])
        return
    rows = [(e.name, _by(e), _called(e), state_of(e), e.reason) for e in found]
    empty = "No egress yet: mail leaves by the installation's route. Add one with: sendwright egress add"
    show_table(("NAME", "BY", "EHLO NAME", "STATE", "REASON"), rows, empty)


@app.command()
def show(
    name: Name, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show an egress and what its last check found."""

    async def work(office: dedicated.Office) -> egresses.Egress | None:
        return await office.db.read(egresses.find_egress, office.seal, office.account_id, name)

    _show(_found(in_office(settings_for(data, database_url), account, work), name), as_json)


@app.command()
def check(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Use it from now on whatever is found.")] = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Look at the address's name in DNS, both ways, and, on its machine, whether it is had there."""

    async def work(office: dedicated.Office) -> egresses.Egress | None:
        return await (dedicated.force if force else dedicated.check)(office, name)

    _show(_found(in_office(settings_for(data, database_url), account, work), name), as_json)


@app.command()
def pause(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why; shown in lists.")],
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let nothing leave by it. Mail that waits for it moves to other members of its pool."""
    changed = in_office(settings_for(data, database_url), account, lambda office: dedicated.pause(office, name, reason))
    _done(changed, name, "paused", as_json)


@app.command()
def resume(
    name: Name, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let mail leave by it again."""
    changed = in_office(settings_for(data, database_url), account, lambda office: dedicated.resume(office, name))
    _done(changed, name, "active", as_json)


@app.command()
def remove(
    name: Name, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Remove it for good, from its pool too. Mail that waits for it moves to others."""
    changed = in_office(settings_for(data, database_url), account, lambda office: dedicated.remove(office, name))
    _done(changed, name, "removed", as_json)


def state_of(egress: egresses.Egress) -> str:
    """In one word, for lists."""
    if egress.state is egresses.EgressState.ACTIVE and not egress.verified:
        return "forced" if egress.forced else "unverified"
    return egress.state.value


def document(egress: egresses.Egress) -> dict[str, object]:
    """As JSON. A relay's password is not in it."""
    common: dict[str, object] = {
        "name": egress.name, "state": egress.state, "reason": egress.reason or None, "verified": egress.verified,
        "forced": egress.forced, "usable": egress.usable, "createdAt": egress.created_at.isoformat(),
        "checkedAt": egress.check.at.isoformat() if egress.check else None,
        "findings": [{"fatal": f.fatal, "text": f.text} for f in egress.check.findings] if egress.check else [],
    }  # fmt: skip
    match egress.means:
        case egresses.Relay(shown=shown):
            return {**common, "relay": shown}
        case egresses.OwnAddress(ip=ip, ehlo_name=ehlo_name, machine=machine, proxy=proxy):
            return {**common, "ip": ip, "ehloName": ehlo_name, "machine": machine, "proxy": proxy}


def _means(
    settings: Settings, ip: str | None, ehlo_name: str | None, machine: str | None, proxy: str | None, relay: str | None
) -> egresses.OwnAddress | egresses.Relay:
    if relay is not None and ip is None and ehlo_name is None and proxy is None and machine is None:
        return dedicated.relay(typer.prompt("Relay", hide_input=True) if relay == "-" else relay)
    if ip is None or ehlo_name is None or relay is not None:
        raise Failed("give --ip and --ehlo-name for a source address, or --relay alone for a relay")
    return egresses.OwnAddress(
        ip=egresses.read_address(ip), ehlo_name=egresses.read_host(ehlo_name),
        machine=egresses.read_machine(machine or machine_name(settings)),
        proxy=None if proxy is None else egresses.read_proxy(proxy),
    )  # fmt: skip


def _found(egress: egresses.Egress | None, name: str) -> egresses.Egress:
    if egress is None:
        raise Failed(f"there is no egress {name!r}: {_HINT}")
    return egress


def _show(egress: egresses.Egress, as_json: bool) -> None:
    if as_json:
        show_json(document(egress))
        return
    print(f"{egress.name}: {_by(egress)}, {state_of(egress)}{': ' + egress.reason if egress.reason else ''}")
    for finding in egress.check.findings if egress.check else ():
        print(f"  {'to do' if finding.fatal else 'note '}  {finding.text}")
    if not egress.usable and egress.state is egresses.EgressState.ACTIVE:
        print(f"Nothing leaves by it yet. When that is done: sendwright egress check {egress.name}")


def _say_what_is_next(egress: egresses.Egress) -> None:
    if isinstance(egress.means, egresses.OwnAddress):
        print(f"SPF records of return paths must name {egress.means.ip}: see sendwright domains check DOMAIN")
    print(f"To use it: sendwright pool set transactional {egress.name}")


def _by(egress: egresses.Egress) -> str:
    match egress.means:
        case egresses.Relay(shown=shown):
            return f"relay {shown}"
        case egresses.OwnAddress(ip=ip, machine=machine, proxy=proxy):
            return f"{ip} by {proxy}" if proxy else f"{ip} on {machine}"


def _called(egress: egresses.Egress) -> str:
    return egress.means.ehlo_name if isinstance(egress.means, egresses.OwnAddress) else ""


def _done(changed: bool, name: str, state: str, as_json: bool) -> None:
    if not changed:
        raise Failed(f"there is no egress {name!r}, or it is {state} already: {_HINT}")
    if as_json:
        show_json({"name": name, "state": state})
    else:
        print(f"{name} is {state}.")

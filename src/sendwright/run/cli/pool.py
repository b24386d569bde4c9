"""``sendwright pool``: which egresses a stream of mail leaves by, and in which shares."""

from __future__ import annotations

from typing import Annotated

import typer

from sendwright import dedicated, egresses
from sendwright.run.cli.common import AccountId, AsJson, Data, DatabaseUrl, Failed, settings_for, show_json, show_table
from sendwright.run.cli.egress import in_office

app = typer.Typer(help="Which egresses a stream of mail leaves by.", no_args_is_help=True)
Stream = Annotated[egresses.Stream, typer.Argument(help="transactional, marketing or one_to_one.")]
_INSTALLATION = "installation"


@app.command("set")
def set_pool(
    stream: Stream,
    members: Annotated[
        list[str], typer.Argument(help="NAME=SHARE of each egress; installation=SHARE for the installation's own way.")
    ],
    name: Annotated[str | None, typer.Option(help="What the pool is called. Default: as the stream.")] = None,
    only_own: Annotated[
        bool, typer.Option("--only-own", help="Never the installation's own way: mail waits when none may be used.")
    ] = False,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Set the pool of a stream: ip-1=30 relay=70 sends 30 of 100 mails by ip-1. A share of 0 is for overflow only."""

    async def work(office: dedicated.Office) -> egresses.Pool:
        pool = egresses.Pool(
            account_id=office.account_id, stream=stream, only_own=only_own,
            name=egresses.read_name((name or stream.value).replace("_", "-")),
            members=tuple(_member(text) for text in members),
        )  # fmt: skip
        await dedicated.set_pool(office, pool)
        return pool

    _show([in_office(settings_for(data, database_url), account, work)], as_json)


@app.command("list")
def list_pools(
    account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List the pools of an account."""

    async def work(office: dedicated.Office) -> list[egresses.Pool]:
        return await office.db.read(egresses.list_pools, office.account_id)

    _show(in_office(settings_for(data, database_url), account, work), as_json)


@app.command("remove")
def remove_pool(
    stream: Stream, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let a stream leave by the installation's own way again."""
    changed = in_office(settings_for(data, database_url), account, lambda office: dedicated.remove_pool(office, stream))
    if not changed:
        raise Failed(f"{stream} mail has no pool: see sendwright pool list")
    if as_json:
        show_json({"stream": stream, "removed": True})
    else:
        print(f"{stream} mail leaves by the installation's own way.")


def _member(text: str) -> egresses.Member:
    name, equals, share = text.partition("=")
    if equals and not (share.isascii() and share.isdigit() and len(share) < 10):
        raise Failed(f"{text!r}: write NAME=SHARE with a whole number, such as ip-1=30")
    return egresses.Member(egress="" if name == _INSTALLATION else name, weight=int(share) if equals else 1)


def _show(pools: list[egresses.Pool], as_json: bool) -> None:
    if as_json:
        show_json([_document(pool) for pool in pools])
        return
    rows = [(pool.stream, pool.name, _shares(pool), "wait" if pool.only_own else "installation") for pool in pools]
    empty = "No pool yet: mail leaves by the installation's route. Set one with: sendwright pool set"
    show_table(("STREAM", "POOL", "MEMBERS", "WHEN NONE IS USABLE"), rows, empty)


def _shares(pool: egresses.Pool) -> str:
    total = sum(member.weight for member in pool.members) or 1
    return ", ".join(f"{m.egress or _INSTALLATION} {100 * m.weight / total:g} %" for m in pool.members)


def _document(pool: egresses.Pool) -> dict[str, object]:
    members = [{"egress": member.egress or _INSTALLATION, "share": member.weight} for member in pool.members]
    return {"stream": pool.stream, "name": pool.name, "onlyOwn": pool.only_own, "members": members}

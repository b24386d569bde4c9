"""``sendwright tokens``: user names and passwords for programs that send by SMTP."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sendwright import accounts, database, domains, smtp_tokens
from sendwright.run.cli import token_blocks, token_words
from sendwright.run.cli.common import (
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
from sendwright.run.settings import Settings, smtp_name

app = typer.Typer(help="SMTP tokens: user names and passwords for programs that send by SMTP.", no_args_is_help=True)
_WHO = "operator"
_PAGE = 1000


class Tls(StrEnum):
    """Whether the token's mail may leave in clear where a server leaves no other way."""

    OPPORTUNISTIC = "opportunistic"
    REQUIRED = "required"


Account = Annotated[str | None, typer.Option("--account", help="Account id or name; needed where there are several.")]
Token = Annotated[str, typer.Argument(help="The token: its user name.")]


@app.command()
def create(
    campaign: Annotated[str, typer.Option(help="What its mail is called in lists and statistics.")],
    create_contact: Annotated[
        bool, typer.Option(help="Whether recipients in To become contacts; else only known ones get a timeline entry.")
    ] = True,
    tls: Annotated[
        Tls, typer.Option(help="required: its mail waits, and comes back at last, where a server has no working TLS.")
    ] = Tls.OPPORTUNISTIC,
    account: Account = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print what to put into a mail program. It does not expire. The password is shown once, here."""
    settings, now = settings_for(data, database_url), SystemClock().now()
    name = _campaign(campaign)

    async def work(db: database.Database, seal: database.Seal) -> token_blocks.Paste:
        tenant = await _tenant(db, account)
        wanted = smtp_tokens.Wanted(
            account_id=tenant.id, campaign_name=name, create_contact=create_contact,
            host=smtp_name(settings), by=_WHO, tls_required=tls is Tls.REQUIRED,
        )  # fmt: skip
        return await _paste(db, settings, await db.write(smtp_tokens.create_by_user, wanted, now))

    _show(with_store(settings, work), as_json)


@app.command()
def reset(
    token: Token,
    account: Account = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Give a token a new password, shown once, here. The old one opens nothing from then on."""
    settings, now = settings_for(data, database_url), SystemClock().now()

    async def work(db: database.Database, seal: database.Seal) -> token_blocks.Paste:
        tenant = await _tenant(db, account)
        made = await db.write(accounts.reset_smtp_token, tenant.id, token, now, _WHO)
        if made is None:
            raise _missing(token)
        return await _paste(db, settings, made)

    _show(with_store(settings, work), as_json)


@app.command("list")
def list_tokens(
    campaign: Annotated[str | None, typer.Option(help="Only with this campaign name.")] = None,
    account: Account = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the tokens of an account, the oldest first, and which of them expire soon."""

    async def work(db: database.Database, seal: database.Seal) -> list[accounts.SmtpToken]:
        tenant = await _tenant(db, account)
        return await db.read(_all, tenant.id, accounts.SmtpTokenFilter(campaign_name=campaign))

    found, now = with_store(settings_for(data, database_url), work), SystemClock().now()
    if as_json:
        show_json([token_words.token_document(token, now) for token in found])
        return
    rows = [token_words.token_row(token, now) for token in found]
    show_table(token_words.HEADS, rows, "No SMTP token yet. Make one with: sendwright tokens create --campaign NAME")


@app.command()
def delete(
    token: Token,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    account: Account = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete a token: nobody logs in with it any more. The statistics of its mail stay."""
    settings, now = settings_for(data, database_url), SystemClock().now()

    async def find(db: database.Database, seal: database.Seal) -> accounts.SmtpToken | None:
        tenant = await _tenant(db, account)
        return await db.read(accounts.find_smtp_token, tenant.id, token)

    found = with_store(settings, find)
    if found is None:
        raise _missing(token)
    if not yes and not typer.confirm(f"Programs that log in as {found.id} will be turned away. Delete it?"):
        raise Failed("nothing was deleted")

    async def work(db: database.Database, seal: database.Seal) -> bool:
        return await db.write(accounts.delete_smtp_token, found.account_id, found.id, now, _WHO)

    if not with_store(settings, work):
        raise _missing(token)
    print(f"{found.id} is deleted.")


def _show(paste: token_blocks.Paste, as_json: bool) -> None:
    if as_json:
        show_json(token_words.paste_document(paste))
        return
    for line in token_words.paste_lines(paste):
        print(line)


async def _tenant(db: database.Database, wanted: str | None) -> accounts.Account:
    """The account of this id or, in whatever case, of this name."""
    everybody = await db.read(accounts.list_accounts)
    if wanted is None:
        chosen = everybody
    else:
        by_id = [account for account in everybody if str(account.id) == wanted]
        chosen = by_id or [account for account in everybody if account.name.casefold() == wanted.casefold()]
    if len(chosen) == 1:
        return chosen[0]
    if not everybody:
        raise Failed("there is no account yet: make one with sendwright bootstrap")
    known = ", ".join(f"{account.id} ({account.name})" for account in everybody)
    raise Failed(f"say which account with --account: {known}")


def _campaign(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= 1000 or not name.isprintable():
        raise Failed("--campaign: give a name of 1 to 1000 printable characters, such as Receipts")
    return name


def _missing(token: str) -> Failed:
    return Failed(f"there is no SMTP token {token} in this account: see sendwright tokens list")


def _all(conn: database.Connection, account_id: int, wanted: accounts.SmtpTokenFilter) -> list[accounts.SmtpToken]:
    found: list[accounts.SmtpToken] = []
    after = None
    while page := accounts.list_smtp_tokens(conn, account_id, wanted, after=after, limit=_PAGE):
        found += page
        after = page[-1].email_id
    return found


async def _paste(db: database.Database, settings: Settings, made: smtp_tokens.Made) -> token_blocks.Paste:
    token, password = made
    theirs = await db.read(domains.list_domains, token.account_id)
    senders = [domain.name for domain in theirs if domain.connection is not None]
    return token_words.paste(settings, token, password, senders[0] if senders else "example.com")

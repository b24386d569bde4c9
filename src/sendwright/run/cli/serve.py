"""``sendwright serve``: opens the doors and works until it is told to stop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from sendwright import failpoints
from sendwright.run import logs
from sendwright.run.settings import environment, load


def serve(
    data: Annotated[Path | None, typer.Option(help="Directory of the embedded database.")] = None,
    database: Annotated[str | None, typer.Option(help="PostgreSQL URL, instead of the embedded database.")] = None,
    http: Annotated[str | None, typer.Option(help="Where the HTTP door listens, HOST:PORT.")] = None,
    public_url: Annotated[str | None, typer.Option(help="How others reach the HTTP door.")] = None,
    submission: Annotated[str | None, typer.Option(help="SMTP submission with STARTTLS, HOST:PORT.")] = None,
    submissions: Annotated[str | None, typer.Option(help="SMTP submission with implicit TLS, HOST:PORT.")] = None,
    inbound: Annotated[
        str | None, typer.Option(help="SMTP for what comes back (25), HOST:PORT; several by commas.")
    ] = None,
    route: Annotated[str | None, typer.Option(help="sandbox, mx, or smtp://[user:pass@]HOST:PORT.")] = None,
    roles: Annotated[str | None, typer.Option(help="What this process does, by commas.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of settings.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Serve. Prints one line of JSON when all doors are open; SIGTERM ends it in order."""
    flags: dict[str, object] = {
        "data": data, "database": database, "http": http, "public_url": public_url, "submission": submission,
        "submissions": submissions, "inbound": inbound, "route": route, "roles": roles, "log_level": log_level,
    }  # fmt: skip
    settings = load(flags, environment(), config)
    failpoints.arm(environment().get(failpoints.VARIABLE))
    logs.set_up(settings.log_level)
    from sendwright.run import serve as story  # the whole house: other commands start faster without it

    try:
        uvloop.run(story.serve(settings))
    except ExceptionGroup as group:
        _raise_first(group)
    sys.stdout.flush()


def _raise_first(group: ExceptionGroup) -> None:
    """A fault at the start is one fault; the group around it tells an operator nothing."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    raise first

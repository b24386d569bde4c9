"""``sendwright``: the commands, put together."""

from __future__ import annotations

import sys

import typer

from sendwright import database
from sendwright.run.cli import (
    accounts,
    audit,
    bootstrap,
    domains,
    egress,
    ledger,
    pool,
    queue,
    read_report,
    reports,
    sends,
    serve,
    suppressions,
    tls_report,
    tokens,
    warmup,
)
from sendwright.run.cli.common import Failed
from sendwright.run.settings import BadSettings

app = typer.Typer(
    name="sendwright",
    help="Self-hosted transactional e-mail beside a CRM that remembers every mail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("bootstrap")(bootstrap.bootstrap)
app.command("verify-ledger")(ledger.verify_ledger)
app.command("read-report")(read_report.read_report)
app.command("tls-report")(tls_report.tls_report)
app.add_typer(sends.app, name="sends")
app.add_typer(queue.app, name="queue")
app.add_typer(accounts.app, name="accounts")
app.add_typer(domains.app, name="domains")
app.add_typer(egress.app, name="egress")
app.add_typer(pool.app, name="pool")
app.add_typer(warmup.app, name="warmup")
app.add_typer(audit.app, name="audit")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(reports.app, name="reports")
app.add_typer(tokens.app, name="tokens")


def main() -> None:
    """Runs a command. What an operator can mend is one sentence on standard error and exit code 1, no traceback."""
    try:
        app()
    except (BadSettings, Failed, ValueError, database.AlreadyServed, database.SchemaIsNewer) as fault:
        _end(str(fault))
    except database.WrongSecret as fault:
        _end(str(fault))
    except OSError as fault:
        _end(
            f"{fault.strerror or fault}: {fault.filename or 'no file named'}. Check that place and who may write there."
        )
    except database.Unavailable as fault:
        _end(f"the database does not answer: {fault}. Check --database, or who else uses the file.")


def _end(text: str) -> None:
    print(f"sendwright: {text}", file=sys.stderr)
    sys.exit(1)

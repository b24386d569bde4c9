"""The demo as a list of steps, and what it says."""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
from pathlib import Path

from sendwright.run.demo import by_smtp
from sendwright.run.demo.house import (
    KEPT,
    CannotShow,
    Server,
    Welcome,
    bootstrap,
    program,
    remember_receipt,
    remember_submitter,
    served,
    welcome,
    write_secret,
)
from sendwright.run.demo.receipt import ORDER, Customer, Shown, template

_TO = "ada@example.net"
_HEADER, _BOUNCE = "header.txt", "bounce.json"


def main(words: list[str] | None = None) -> int:
    """Runs the demo; the exit code. Whatever goes wrong is said in one sentence."""
    parser = argparse.ArgumentParser(prog="make demo", description="Sends a receipt and shows what became of it.")
    parser.add_argument("--data", type=Path, default=Path("var/demo"), help="where the demo keeps its data")
    parser.add_argument("--once", action="store_true", help="stop when everything is said")
    asked = parser.parse_args(words)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT too: a shell starts its jobs without it
        signal.signal(ending, signal.default_int_handler)
    try:
        demo(asked.data, once=asked.once)
    except CannotShow as fault:
        print(f"demo: {fault}", file=sys.stderr)  # noqa: T201 - it speaks here
        return 1
    except KeyboardInterrupt:
        _say("", f"Stopped. The data stays in {asked.data}; the next run goes on with it.")
    return 0


def demo(data: Path, *, once: bool) -> None:
    """All of it, in order. Raises :class:`CannotShow`."""
    kept = welcome(data)
    if kept is None:
        _say("Making an account, DKIM keys for example.com, and a token …")
        kept = bootstrap(data)
    _say("Starting the server …")
    with served(data) as server:
        customer = Customer(server.url, kept.token)
        email_id = _receipt(customer, data, kept)
        _say(f"Sending the receipt to {_TO} through HubSpot's client …")
        shown = customer.follow(customer.send(email_id, _TO))
        _write_things_to_try(data, kept, email_id)
        _write_things_to_send(customer, server, data, kept)
        _tell(shown, kept, server, data)
        if not once:
            _say("", "Serving. Ctrl-C ends it.")
            server.wait()


def _receipt(customer: Customer, data: Path, kept: Welcome) -> int:
    """The e-mail of an earlier run, if it was made from the same template."""
    html, mark = template()
    if kept.email_id is not None and kept.template == mark:
        return kept.email_id
    email_id = customer.publish(html)
    remember_receipt(data, email_id, mark)
    return email_id


def _write_things_to_try(data: Path, kept: Welcome, email_id: int) -> None:
    """A header and a body for curl: so the token is neither on the screen nor in the list of processes."""
    nobody = f"bounce+{secrets.token_hex(3)}@sandbox.test"  # a new one: who bounced once is not mailed again
    bounce = {"emailId": email_id, "message": {"to": nobody}, "customProperties": ORDER}
    write_secret(data / _HEADER, f"Authorization: Bearer {kept.token}\n")
    write_secret(data / _BOUNCE, json.dumps(bounce, indent=2))


def _write_things_to_send(customer: Customer, server: Server, data: Path, kept: Welcome) -> None:
    submitter = customer.submitter(kept.submitter)
    if submitter != kept.submitter:
        remember_submitter(data, submitter)
    by_smtp.write_things_to_send(data, server, submitter)


def _tell(shown: Shown, kept: Welcome, server: Server, data: Path) -> None:
    send, url = shown.send, server.url
    _say(
        "",
        f"{shown.status}: {send['message']}",
        "",
        f"  To         {send['to']}, now contact {send['contactId']}",
        f"  Subject    {shown.subject}",
        f"  DKIM       {shown.dkim}",
        f"  Events     {', '.join(event['type'] for event in send['events'])}",
        "",
        "See the mail as it was received:",
        f"  {send['sandboxUrl']}",
        f"All mails:   {url}/sandbox (log in as {kept.email} with {kept.password})",
        f"The API:     {url}/docs",
        "",
        "Try next:",
        *_things_to_try(server, data),
    )


def _things_to_try(server: Server, data: Path) -> tuple[str, ...]:
    command, url = program(), server.url
    near = command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command
    return (
        "  1. Mail somebody who does not exist, and read why it did not arrive:",
        f"       curl -s {url}/marketing/v4/email/single-send -H @{data / _HEADER} \\",
        f"         -H 'Content-Type: application/json' -d @{data / _BOUNCE}",
        f"       {near} sends list --data {data}",
        "  2. Follow a link in the tab Links of that page, then look at the tab Events: who, when, with what.",
        "  3. Send by SMTP, as any program can; the port, a user name and a password are in the file:",
        f"       curl -K {data / by_smtp.CURL}",
        f"       {near} sends list --data {data}",
        f"     STARTTLS is at {server.starttls}, TLS at {server.tls}; other programs: docs/how-to/send-by-smtp.md",
        f"  4. Point a HubSpot script of yours at {url}, with the token in {data / KEPT}.",
    )


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - it speaks here


if __name__ == "__main__":
    sys.exit(main())

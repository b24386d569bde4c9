"""The scene of all attacks: a program that serves two accounts, the next hop, and the books to look into afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.stranger import HOME, Stranger
from tests.attacks.witness import Witness
from tests.e2e.books import rows
from tests.e2e.nursery import Nursery
from tests.e2e.program import Boot, Program, until
from tests.e2e.submitters import SmtpToken

ATTACKS = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]
"""Of every module: the tests share a program and attack it, so they run one after the other, in one process."""

DOORS = ("STARTTLS", "TLS")
_SETTINGS = {
    "submission": "127.0.0.1:0",
    "submissions": "127.0.0.1:0",
    "log_level": "debug",
    "allow_private_mx": "true",
}
_UNSETTLED = """SELECT
    (SELECT count(*) FROM sends WHERE state IN ('accepted', 'composing'))
    + (SELECT count(*) FROM deliveries WHERE state NOT IN ('delivered', 'failed', 'canceled'))"""
_SEND = re.compile(r"accepted as ([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """An account, and a program of its that submits. ``author``: an address it may write from."""

    name: str
    boot: Boot
    token: SmtpToken

    @property
    def author(self) -> str:
        return f"news@{self.boot.domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """``shop`` and ``rival`` know nothing of each other."""

    program: Program
    witness: Witness
    shop: Firm
    rival: Firm

    # --- doors

    def port(self, door: str) -> int:
        """Of one of ``DOORS``."""
        name = "submission" if door == "STARTTLS" else "submissions"
        return int(str(self.program.ready[name]).rpartition(":")[2])

    def stranger(self, door: str = "TLS", *, source: str = HOME) -> Stranger:
        """Somebody who was greeted: in clear on the one door, inside TLS on the other."""
        return Stranger(self.port(door), source=source, inside_tls=door == "TLS")

    def customer(self, firm: Firm, door: str = "TLS", *, source: str = HOME) -> Stranger:
        """Somebody who is logged in."""
        line = self.stranger(door, source=source)
        if door == "STARTTLS":
            line.upgrade()
        said = line.log_in(firm.token)
        assert said.startswith("235"), said
        return line

    def submit(self, text: bytes, *recipients: str, sender: str | None = None) -> str:
        """One mail of the shop's in a session of its own; what was said of it, or the first refusal."""
        with self.customer(self.shop) as line:
            return line.submit(text, self.shop.author if sender is None else sender, *recipients)

    # --- books

    def count(self, table: str = "sends") -> int:
        return int(rows(self.program, f"SELECT count(*) FROM {table}")[0][0])

    def settle(self) -> None:
        """Until all that was accepted has left or ended."""
        until(lambda: rows(self.program, _UNSETTLED)[0][0] == 0, 30)

    def log_since(self, length: int) -> list[str]:
        """Lines of standard error after so many characters."""
        return self.program.stderr[length:].split("\n")[:-1]


def send_of(said: str) -> str:
    """The id of the send that was accepted."""
    found = _SEND.search(said)
    assert found is not None, said
    return found[1]


def a_text(author: str, to: str, *fields: str, body: str = "Thank you.") -> bytes:
    """A plain mail."""
    return "\r\n".join((f"From: {author}", f"To: {to}", "Subject: Your order", *fields, "", body, "")).encode()


@contextmanager
def opened(place: Path, **settings: str) -> Iterator[Scene]:
    """A program of its own; it ends with the block, and a fault in its log fails the test."""
    with (
        Nursery() as nursery,
        Witness(place / "received.jsonl") as witness,
        Program(data=place / "data", route=witness.route, settings=_SETTINGS | settings, nursery=nursery) as program,
    ):
        shop, rival = _firm(program, "Shop", "example.com"), _firm(program, "Rival", "rival.example")
        yield Scene(program=program, witness=witness, shop=shop, rival=rival)
        program.stop()
        faults = [line for line in program.log if line.get("level") in ("error", "critical") or "exception" in line]
        assert faults == []


def _firm(program: Program, name: str, domain: str) -> Firm:
    boot = program.bootstrap(account=name, domain=domain)
    return Firm(name=name, boot=boot, token=make_token(program, boot))


def make_token(program: Program, boot: Boot, campaign: str = "Receipts") -> SmtpToken:
    """Another token of this account."""
    done = program.command("tokens", "create", "--campaign", campaign, "--account", str(boot.portal_id), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return SmtpToken(user=told["id"], password=told["password"])

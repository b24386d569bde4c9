"""A Sendwright of our own: an account, a domain, a published receipt, and the processes that serve it."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from types import MappingProxyType
from typing import Any, LiteralString

import psycopg

from bench import receipt
from bench.programs import Failed, Missing, Program, running
from sendwright import database, domains
from sendwright.run import settings
from sendwright.run.clock import SystemClock
from sendwright.run.store import open_store

_SENDWRIGHT = str(Path(sys.executable).with_name("sendwright"))
_DOMAIN = "example.com"
_ACCOUNT = "Bench"
_UNSETTLED: LiteralString = """SELECT (SELECT count(*) FROM sends WHERE state = 'accepted')
    + (SELECT count(*) FROM sends WHERE state = 'composing')
    + (SELECT count(*) FROM deliveries WHERE state IN ('leased', 'committing'))
    + (SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NULL)
    + (SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'in_doubt') AND lane IS NOT NULL)"""
"""Each count has an index of its own that holds nothing else: asking costs the server next to nothing."""
_UNDER_WAY: LiteralString = "SELECT id FROM sends WHERE state IN ('accepted', 'composing', 'queued')"
_ACCEPTED: LiteralString = "SELECT count(*) FROM sends WHERE state = 'accepted'"
_SENT: LiteralString = "SELECT count(*) FROM sends WHERE result = 'SENT'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """An account in a database that nobody serves yet."""

    data: Path
    url: str | None
    """Of PostgreSQL; None for SQLite in ``data``."""
    account_id: int
    token: str

    @contextmanager
    def served(
        self, *, route: str, roles: str = "", doors: Sequence[str] = (), program: Sequence[str] = (_SENDWRIGHT,),
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[Served]:  # fmt: skip
        """``sendwright serve`` until the block ends. ``doors``: more flags; ``program``: what takes them; ``settings``:
        of its environment."""
        command = [*program, "serve", "--data", str(self.data), "--http", "127.0.0.1:0", *doors, "--route", route]
        command += ["--roles", roles] if roles else []
        command += ["--database", self.url, "--public-url", "http://localhost:1"] if self.url else []
        with running([*command, "--log-level", "warning"], env={**_environment(), **settings}) as (process, ready):
            yield Served(shop=self, program=process, ready=ready)

    def opened(self) -> AbstractAsyncContextManager[tuple[database.Database, database.Seal]]:
        """Its database and seal, from outside, as a command line has them."""
        return open_store(self._settings(), exclusive=False)

    def serving(self) -> AbstractAsyncContextManager[tuple[database.Database, database.Seal]]:
        """The same as a serving process has them: on SQLite with the checkpoints, without which its log only grows."""
        return open_store(self._settings(), exclusive=self.url is None)

    def _settings(self) -> settings.Settings:
        return settings.load({"data": self.data, "database": self.url}, {}, None)

    def make_smtp_token(self) -> tuple[str, str]:
        """User name and password for submission."""
        wanted = ("--account", _ACCOUNT, "--campaign", "Receipts", "--no-create-contact")
        made = _ordered(self.data, self.url, "tokens", "create", *wanted)
        return made["id"], made["password"]

    def await_settled(self, patience: float) -> float:
        """Waits until nothing is under way; the time on ``perf_counter`` when that was so."""
        until = perf_counter() + patience
        while self._ask(_UNSETTLED):
            if perf_counter() > until:
                raise Failed(f"{self._ask(_UNSETTLED)} mails are still under way after {patience:g} s")
            sleep(0.02)
        return perf_counter()

    def await_settled_so_far(self, patience: float) -> None:
        """Waits until what is under way now is not any more; what came later may be."""
        until, waited_for = perf_counter() + patience, self._read(_UNDER_WAY)
        while waited_for := waited_for & self._read(_UNDER_WAY):
            if perf_counter() > until:
                raise Failed(f"{len(waited_for)} mails are still under way after {patience:g} s")
            sleep(0.1)

    def count_accepted(self) -> int:
        """How many sends wait to be composed."""
        return self._ask(_ACCEPTED)

    def count_sent(self) -> int:
        """How many sends ended well so far."""
        return self._ask(_SENT)

    def _ask(self, question: LiteralString) -> int:
        return int(next(iter(self._read(question))))

    def _read(self, question: LiteralString) -> set[str]:
        """The first column."""
        if self.url is not None:
            with psycopg.connect(self.url) as postgres:
                return {str(row[0]) for row in postgres.execute(question)}
        with closing(sqlite3.connect(f"file:{self.data}/sendwright.db?mode=ro", uri=True)) as sqlite:
            return {str(row[0]) for row in sqlite.execute(question)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One serving process."""

    shop: Shop
    program: Program
    ready: Mapping[str, Any]
    """What it said when its doors were open."""

    @property
    def port(self) -> int:
        """Of the HTTP door."""
        return self.port_of("http")

    def port_of(self, door: str) -> int:
        """Of a door that it opened. Raises :class:`Missing` when it did not."""
        if not self.ready.get(door):
            raise Missing(f"this Sendwright opens no door {door!r}")
        return int(str(self.ready[door]).rpartition(":")[2])

    @property
    def pid(self) -> int:
        """The process itself."""
        return self.program.pid

    def publish_receipt(self) -> int:
        """The id of a published e-mail."""
        email = {
            "name": "Receipt", "subject": "Order {{ custom.order_no }}", "subcategory": "single_send_api",
            "from": {"fromName": "Shop", "replyTo": f"shop@{_DOMAIN}"}, "content": {"html": receipt.template()},
        }  # fmt: skip
        made = self.call("POST", "/marketing/v3/emails", email)
        self.call("POST", f"/marketing/v3/emails/{made['id']}/publish")
        return int(made["id"])

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One call of the API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.shop.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own process on loopback
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return found


def open_shop(data: Path, url: str | None = None) -> Shop:
    """A fresh account. Its domain signs with RSA-2048 alone, as the peers do: the Ed25519 key is retired."""
    data.mkdir(parents=True)
    made = _ordered(data, url, "bootstrap", "--account", _ACCOUNT, "--domain", _DOMAIN)
    shop = Shop(data=data, url=url, account_id=made["portalId"], token=made["token"])
    asyncio.run(_retire_ed25519(shop))
    return shop


def _ordered(data: Path, url: str | None, *order: str) -> dict[str, Any]:
    """What a command of ours says in JSON."""
    command = [_SENDWRIGHT, *order, "--data", str(data), *(["--database", url] if url else []), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), timeout=120)
    if done.returncode:
        raise Failed(f"{order[0]}: {done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


async def _retire_ed25519(shop: Shop) -> None:
    async with shop.opened() as (db, seal):
        keys = await db.read(domains.signing_keys, seal, shop.account_id, _DOMAIN)
        for key in keys:
            if key.algorithm is domains.KeyAlgorithm.ED25519_SHA256:
                await db.write(domains.retire_key, shop.account_id, _DOMAIN, key.selector, SystemClock().now())


def _environment() -> dict[str, str]:
    """Ours without settings for another Sendwright."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SENDWRIGHT_")}

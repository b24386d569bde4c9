"""Our side of submission: a token, and a process whose submission doors are open."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench import machine
from bench.shop import Served, Shop
from bench.submission_load import Job

_PLAIN = (sys.executable, "-m", "bench.submission_plain")
_DOORS = ("--submission", "127.0.0.1:0", "--submissions", "127.0.0.1:0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitting:
    """Processes on one database, and who may submit to them. ``real``: the product as it is, with TLS."""

    shop: Shop
    real: Sequence[Served]
    plain: Sequence[Served]
    username: str
    password: str

    def job(self, *, clients: int, mail: str, tls: bool) -> Job:
        """With AUTH; inside TLS to the product as it is, without to the one that believes to be."""
        served, door = (self.real, "submissions") if tls else (self.plain, "submission")
        return Job(
            ports=[each.port_of(door) for each in served], clients=clients, mail=mail, tls=tls,
            username=self.username, password=self.password,
        )  # fmt: skip

    def cpu_seconds(self) -> float:
        """What all processes used so far."""
        return sum(machine.tree_cpu_seconds(each.pid) for each in (*self.real, *self.plain))


@contextmanager
def submitting(shop: Shop, *, route: str, roles: str, real: int = 0, plain: int = 0) -> Iterator[Submitting]:
    """So many processes of each kind, until the block ends. SQLite serves one only."""
    username, password = shop.make_smtp_token()
    with ExitStack() as stack:
        yield Submitting(
            shop=shop, username=username, password=password,
            real=[stack.enter_context(shop.served(route=route, roles=roles, doors=_DOORS)) for _ in range(real)],
            plain=[
                stack.enter_context(shop.served(route=route, roles=roles, doors=_DOORS, program=_PLAIN))
                for _ in range(plain)
            ],
        )  # fmt: skip

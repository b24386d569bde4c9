"""The crash matrix: the program dies at each failpoint in turn, under load, and nothing that was promised is lost.

    python -m tests.e2e.crash                                  # every point, once, on SQLite and on PostgreSQL
    python -m tests.e2e.crash --backend sqlite --kills 50
    python -m tests.e2e.crash --points S5,S6 --seed 7

Prints one line of JSON for each backend and point, and ends with exit code 1 if one of them breaks a rule. On
PostgreSQL three programs work together; one of them dies at the point, and every second time the other two are killed
with it.

Where a duplicate is forbidden it must not come about by chance either: the program that is to die holds one delivery at
a time, so none is past its dot while it comes to another point, and while the doors' points are tried the receiver puts
every recipient off. Programs that are killed beside it may each be past some dots.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sendwright.failpoints import POINTS
from tests.conftest import PostgresServer
from tests.e2e.books import Found, alive, change, compare, faults, rows, together
from tests.e2e.load import Books, Load
from tests.e2e.nursery import Nursery
from tests.e2e.program import Boot, Program, email_for_single_send, until
from tests.e2e.sink import Sink
from tests.e2e.submitters import SmtpLoad, SmtpToken, make_token, tls_port

ANY = "any"
"""Instead of a point: killed at any moment, with many deliveries in flight."""
BACKENDS = ("sqlite", "postgresql")
PAST_THE_DOT = frozenset({"S5", "S6"})
_ONLY_SQLITE = frozenset({"M1"})
_AT_THE_DOORS = frozenset({"A1", "A2", "A3", "A4", "A5", "A6", "H1", "H2"})
_LATEST_PASS = 12
_SELDOM = frozenset({"M1", "M2", "T1"})
_QUICK = {
    "in_doubt_wait": "PT1S", "lease": "PT5S", "log_level": "warning", "submissions": "127.0.0.1:0",
    "public_url": "http://mail.example.com",
}  # fmt: skip
_DRAIN_SECONDS = 90.0
_PUT_OFF = "451 4.7.1 come back later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one run came to. ``resumed``: seconds from a kill to the next mail that arrived, the longest of them."""

    commit: str
    backend: str
    seed: int
    point: str
    kills: int
    accepted: int
    delivered: int
    duplicates: int
    late: int
    """Duplicates whose every copy has its recorded answer: a busy machine let a lease run out, no kill did it."""
    unexplained: int
    lost: int
    in_doubt: int
    bystanders: int
    """Programs that were killed together with the one that died at the point."""
    strange: list[str]
    faults: list[str]
    resumed: float | None
    seconds: float

    @property
    def broken(self) -> list[str]:
        """The rules that it breaks, as sentences."""
        may_double = self.point in PAST_THE_DOT or self.point == ANY or self.bystanders > 0
        found = {
            f"{self.lost} lost": self.lost > 0,
            f"{self.unexplained} duplicates without an attempt in doubt": self.unexplained > 0,
            f"{self.duplicates} duplicates, where none may be": self.duplicates > self.late and not may_double,
            f"more duplicates ({self.duplicates}) than attempts in doubt": self.duplicates - self.late > self.in_doubt,
            f"strange answers: {self.strange[:3]}": bool(self.strange),
            f"the books do not balance: {self.faults[:3]}": bool(self.faults),
            "nothing was accepted": self.accepted == 0 and self.point != "M2",
        }
        return [f"{self.backend} {self.point}: {sentence}" for sentence, is_so in found.items() if is_so]

    @property
    def shown(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self) | {"where": POINTS.get(self.point, "any moment"), "broken": self.broken})


@dataclass(slots=True)
class Yard:
    """The programs of one backend with their receiver and their account, for one point after the other."""

    backend: str
    programs: list[Program]
    sink: Sink
    boot: Boot
    email_id: int
    token: SmtpToken
    seed: int
    folder: Path
    nursery: Nursery
    books: list[Books] = field(default_factory=list)
    doubled: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    unexplained: set[str] = field(default_factory=set)

    def run(self, point: str, kills: int) -> Line:
        """The program dies so many times at this point; then all that was promised must have arrived."""
        began, chance = time.monotonic(), random.Random(f"{self.seed}{self.backend}{point}")
        before = (len(self.sink.received), self._in_doubt())
        if point == "M2":
            _die_while_migrating(self.folder / "m2", self.nursery)
            tale = _Tale(resumed=None, bystanders=0)
        else:
            tale = self._under_load(point, kills, chance)
        until(lambda: alive(self.programs[0]) == 0, _DRAIN_SECONDS)
        found = compare(self.programs[0], together(*self.books) if self.books else Books(), self.sink.received)
        line = Line(
            commit=_commit(), backend=self.backend, seed=self.seed, point=point, kills=kills,
            accepted=len(self.books[-1].status_ids) if point != "M2" else 0,
            delivered=len(self.sink.received) - before[0], duplicates=len(set(found.duplicates) - self.doubled),
            late=len((set(found.duplicates) - self.doubled) & self._answered_twice()),
            unexplained=len(set(found.unexplained) - self.unexplained), lost=len(set(found.lost) - self.lost),
            in_doubt=self._in_doubt() - before[1], bystanders=tale.bystanders,
            strange=[*self.books[-1].strange, *_twice(found)] if self.books else [],
            faults=faults(self.programs[0]), resumed=tale.resumed, seconds=round(time.monotonic() - began, 1),
        )  # fmt: skip
        self.doubled |= set(found.duplicates)
        self.lost |= set(found.lost)
        self.unexplained |= set(found.unexplained)
        return line

    def _under_load(self, point: str, kills: int, chance: random.Random) -> _Tale:
        puts_off = point in _AT_THE_DOORS or point == "T1"
        label = f"{point.lower()}-"
        by_http = Load(lambda: [p.port for p in self.programs], self.boot, self.email_id, count=1, label=label)
        by_smtp = SmtpLoad(lambda: [tls_port(p) for p in self.programs], self.token, count=1, label=label)
        tale = _Tale()
        with _putting_off(self.sink) if puts_off else ExitStack(), by_http as load, by_smtp:
            for kill in range(kills):
                self._kill_once(point, kill, chance, load, tale)
            load.pause(0.1)
        self.books.append(together(by_http.books, by_smtp.books))
        if puts_off:
            self._await_quiet()
            self._make_due()
        return tale

    def _kill_once(self, point: str, kill: int, chance: random.Random, load: Load, tale: _Tale) -> None:
        victim = chance.choice(self.programs)
        if point == ANY:
            load.pause(chance.uniform(0.05, 0.5))
            victim.kill()
        else:
            self._let_it_die(victim, point, chance, load)
        died, count = time.monotonic(), len(self.sink.received)
        fallen = [victim]
        if kill % 2 and len(self.programs) > 1:
            fallen = self.programs
            tale.bystanders += len(fallen) - 1
            for program in fallen:
                program.kill()
        for program in fallen:
            program.settings.pop("failpoint", None)
            program.settings.pop("delivery_slots", None)
            program.begin()
        for program in fallen:
            program.await_ready()
        if not self.sink.script:
            until(lambda: len(self.sink.received) > count, 60)
            tale.resumed = max(tale.resumed or 0.0, round(time.monotonic() - died, 2))

    def _let_it_die(self, victim: Program, point: str, chance: random.Random, load: Load) -> None:
        nth = 1 if point in _SELDOM else chance.randint(1, _LATEST_PASS)
        victim.stop()
        victim.settings |= {"failpoint": f"{point}:{nth}", "delivery_slots": "1"}
        victim.start()
        if point == "T1":
            until(lambda: self._make_due() or not victim.is_running, 60)  # others may come before it
        if point == "M1":  # a checkpoint comes with some megabytes of log, and when a program ends
            load.pause(0.3)
            victim.signal(signal.SIGTERM)
        code = victim.await_end()
        assert code == -signal.SIGKILL, f"{point}: it ended with {code} and was to be killed"

    def _make_due(self) -> None:
        """What was put off need not wait longer: the clock of a process cannot be moved, its plan can."""
        change(self.programs[0], "UPDATE deliveries SET due = accepted_at WHERE state = 'waiting'")

    def _await_quiet(self) -> None:
        """Until all that was accepted was tried."""
        begun = "SELECT 1 FROM sends WHERE state IN ('accepted', 'composing')"
        until(lambda: not rows(self.programs[0], begun), _DRAIN_SECONDS)
        until(lambda: not rows(self.programs[0], "SELECT 1 FROM deliveries WHERE state IN ('leased', 'committing')"))

    def _answered_twice(self) -> set[str]:
        """Message-IDs."""
        found = rows(
            self.programs[0],
            "SELECT send_id FROM attempts WHERE outcome = 'delivered' GROUP BY send_id HAVING count(*) > 1",
        )
        return {f"<{send_id}@example.com>" for (send_id,) in found}

    def _in_doubt(self) -> int:
        return int(rows(self.programs[0], "SELECT count(*) FROM attempts WHERE outcome = 'in_doubt'")[0][0])


@dataclass(slots=True)
class _Tale:
    resumed: float | None = None
    bystanders: int = 0


@contextmanager
def open_yard(backend: str, folder: Path, nursery: Nursery, server: PostgresServer | None, seed: int) -> Iterator[Yard]:
    """One program on SQLite, or three on PostgreSQL, serving."""
    with ExitStack() as stack:
        sink = stack.enter_context(Sink(folder / f"{backend}.jsonl"))
        sink.keep_messages = False
        database = server.new_database() if server is not None and backend == "postgresql" else None
        programs = [
            stack.enter_context(
                Program(
                    data=folder / f"{backend}-{n}", database=database, route=sink.route, settings=_QUICK,
                    nursery=nursery, roles="http,submission,delivery",
                )
            )
            for n in range(3 if database else 1)
        ]  # fmt: skip
        boot = programs[0].bootstrap()
        with programs[0].client(boot) as client:
            email_id = email_for_single_send(client)
        yield Yard(
            backend=backend, programs=programs, sink=sink, boot=boot, email_id=email_id, token=make_token(programs[0]),
            seed=seed, folder=folder, nursery=nursery,
        )  # fmt: skip


def points_of(backend: str) -> list[str]:
    """All that exist there."""
    return [point for point in POINTS if backend == "sqlite" or point not in _ONLY_SQLITE]


@contextmanager
def _putting_off(sink: Sink) -> Iterator[None]:
    sink.script["RCPT"] = _PUT_OFF
    try:
        yield
    finally:
        sink.script.clear()


def _die_while_migrating(data: Path, nursery: Nursery) -> None:
    """A file of its own, as there is one migration in a life; the next start finds it whole."""
    program = Program(data=data, settings={**_QUICK, "failpoint": "M2"}, nursery=nursery)
    program.begin()
    assert program.await_end() == -signal.SIGKILL, "it was to die while it migrated"
    del program.settings["failpoint"]
    with program:
        program.verify_ledger()


def _twice(found: Found) -> list[str]:
    named = {"changed": found.changed, "mailed twice": found.mailed_twice, "answered twice": found.answered_twice}
    return [f"{what}: {which[:3]}" for what, which in named.items() if which]


def _commit() -> str:
    try:
        asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return asked.stdout.strip()


def main(words: Sequence[str]) -> int:
    """The exit code: 1 if a rule was broken."""
    asked = _parse(words)
    broken: list[str] = []
    with ExitStack() as stack:
        nursery = stack.enter_context(Nursery())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sendwright-crash-", dir=asked.folder)))
        for backend in BACKENDS if asked.backend == "both" else [asked.backend]:
            server = PostgresServer() if backend == "postgresql" else None
            if server is not None:
                stack.callback(server.stop)
            with open_yard(backend, folder, nursery, server, asked.seed) as yard:
                for point in asked.points.split(",") if asked.points else [*points_of(backend), ANY]:
                    line = yard.run(point, asked.kills)
                    print(line.shown, flush=True)  # noqa: T201 - what this program is for
                    broken += line.broken
    for sentence in broken:
        print(sentence, file=sys.stderr)  # noqa: T201
    return int(bool(broken))


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash ARGS=…", description="Kills the program at each failpoint.")
    parser.add_argument("--backend", choices=[*BACKENDS, "both"], default="both")
    parser.add_argument("--points", default="", help=f"by commas; '{ANY}': at any moment. Without it, all of them.")
    parser.add_argument("--kills", type=int, default=1, help="for each point")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--folder", default=None, help="where the data lies: a disk, or a file system in memory")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

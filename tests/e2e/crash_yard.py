"""Where the crash matrix is run: programs on one database, a receiver, an account, and all who keep books.

Where a duplicate is forbidden it must not come about by chance either: the program that is to die holds one delivery at
a time, so none is past its dot while it comes to another point, and while points are tried at which deliveries have no
part (``_BESIDE_DELIVERIES``) the receiver puts every recipient off. Programs that are killed beside it may each be past
some dots.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sendwright.failpoints import POINTS
from tests.conftest import PostgresServer
from tests.e2e.books import Found, alive, change, compare, faults, misread, rows, together
from tests.e2e.crash_lines import ANY, LEASE_SECONDS, REPORTS, Line
from tests.e2e.load import Books, Load
from tests.e2e.nursery import Nursery
from tests.e2e.others_at_work import Bouncer, Canceler
from tests.e2e.program import Boot, Program, email_for_single_send, until
from tests.e2e.sink import Receipt, Sink
from tests.e2e.submitters import SmtpLoad, SmtpToken, make_token, tls_port

_ONLY_SQLITE = frozenset({"M1"})
_BESIDE_DELIVERIES = frozenset({"A1", "A2", "A3", "A4", "A5", "A6", "H1", "H2", "T1", "T2", *REPORTS})
_LATEST_PASS = {"M1": 1, "M2": 1, "T1": 1, "B1": 4, "B2": 4}
_PASSES = 12  # of all others
_SENT_BACK = 16
"""Mails for each kill: more than the latest pass, as others may read some of them."""
_RACE_SECONDS = 0.5
_QUICK = {
    "in_doubt_wait": "PT1S", "lease": f"PT{LEASE_SECONDS:.0f}S", "log_level": "warning", "submissions": "127.0.0.1:0",
    "inbound": "127.0.0.1:0", "bounce_host": "mail.example.com", "public_url": "http://mail.example.com",
}  # fmt: skip
_DRAIN_SECONDS = 90.0
_PUT_OFF = "451 4.7.1 come back later"


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
        """The program dies so many times at this point; then all that was promised must have come true."""
        began, chance = time.monotonic(), random.Random(f"{self.seed}{self.backend}{point}")
        before = (len(self.sink.received), self._in_doubt())
        tale = _Tale()
        if point == "M2":
            _die_while_migrating(self.folder / "m2", self.nursery)
        else:
            self._under_load(point, kills, chance, tale)
        until(lambda: alive(self.programs[0]) == 0, _DRAIN_SECONDS)
        until(lambda: not self._reports_wait(), _DRAIN_SECONDS)
        found = compare(self.programs[0], together(*self.books) if self.books else Books(), self.sink.received)
        line = Line(
            commit=_commit(), backend=self.backend, seed=self.seed, point=point, kills=kills,
            accepted=len(tale.books.status_ids), canceled=len(tale.books.taken_back), reports=len(tale.books.reported),
            delivered=len(self.sink.received) - before[0], duplicates=len(set(found.duplicates) - self.doubled),
            late=len((set(found.duplicates) - self.doubled) & self._answered_twice()),
            unexplained=len(set(found.unexplained) - self.unexplained), lost=len(set(found.lost) - self.lost),
            in_doubt=self._in_doubt() - before[1], bystanders=tale.bystanders,
            strange=[*tale.books.strange, *_wrong(found)],
            faults=[*faults(self.programs[0]), *misread(self.programs[0], tale.books.reported)],
            resumed=tale.resumed, takeover=tale.takeover, seconds=round(time.monotonic() - began, 1),
        )  # fmt: skip
        self.doubled |= set(found.duplicates)
        self.lost |= set(found.lost)
        self.unexplained |= set(found.unexplained)
        return line

    def _under_load(self, point: str, kills: int, chance: random.Random, tale: _Tale) -> None:
        label = f"{point.lower()}-"
        by_http = Load(lambda: [p.port for p in self.programs], self.boot, self.email_id, count=1, label=label)
        by_smtp = SmtpLoad(lambda: [tls_port(p) for p in self.programs], self.token, count=1, label=label)
        canceler = Canceler(lambda: [p.port for p in self.programs], self.boot, [by_http.books, by_smtp.books])
        bouncer = Bouncer(self.programs)
        with by_http as load, by_smtp, canceler if point == "T2" else ExitStack(), bouncer:
            stock = self._await_mails(_SENT_BACK * kills) if point in REPORTS else []
            with _putting_off(self.sink) if point in _BESIDE_DELIVERIES else ExitStack():
                for kill in range(kills):
                    sent_back = stock[_SENT_BACK * kill : _SENT_BACK * (kill + 1)]
                    self._kill_once(point, kill, chance, _Helpers(load=load, bouncer=bouncer, mails=sent_back), tale)
                load.pause(0.1)
            load.pause(_RACE_SECONDS if point == "T2" else 0)  # canceled while it is on its way
            until(lambda: bouncer.is_done, _DRAIN_SECONDS)
        tale.books = together(by_http.books, by_smtp.books, canceler.books, bouncer.books)
        self.books.append(tale.books)
        if point in _BESIDE_DELIVERIES:
            self._await_quiet()
            self._make_due()

    def _await_mails(self, count: int) -> Sequence[Receipt]:
        """So many that arrive from now on."""
        before = len(self.sink.received)
        return self.sink.wait_for(before + count, _DRAIN_SECONDS)[before:]

    def _kill_once(self, point: str, kill: int, chance: random.Random, helpers: _Helpers, tale: _Tale) -> None:
        victim = chance.choice(self.programs)
        if point == ANY:
            helpers.load.pause(chance.uniform(0.05, 0.5))
            victim.kill()
        else:
            self._let_it_die(victim, point, chance, helpers)
        died, count, held = time.monotonic(), len(self.sink.received), self._leased()
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
            arrived = self.sink.wait_for(count + 1, 60)[count].at
            tale.resumed = max(tale.resumed or 0.0, round(arrived - died, 2))
        if fallen == [victim] and len(self.programs) > 1:
            until(lambda: not self._leased() & held, 60)
            tale.takeover = max(tale.takeover or 0.0, round(time.monotonic() - died, 2))

    def _let_it_die(self, victim: Program, point: str, chance: random.Random, helpers: _Helpers) -> None:
        nth = chance.randint(1, _LATEST_PASS.get(point, _PASSES))
        victim.stop()
        victim.settings |= {"failpoint": f"{point}:{nth}", "delivery_slots": "1"}
        victim.start()
        helpers.bouncer.send_back(helpers.mails, victim)
        if point == "T1":
            until(lambda: self._make_due() or not victim.is_running, 60)  # others may come before it
        if point == "M1":  # a checkpoint comes with some megabytes of log, and when a program ends
            helpers.load.pause(0.3)
            victim.signal(signal.SIGTERM)
        code = victim.await_end()
        assert code == -signal.SIGKILL, f"{point}: it ended with {code} and was to be killed"

    def _leased(self) -> set[tuple[str, str, int]]:
        """Id, owner and epoch of all that somebody holds."""
        states = {"sends": "('composing')", "deliveries": "('leased', 'committing')"}
        return {
            tuple(row)
            for table, among in states.items()
            for row in rows(
                self.programs[0], f"SELECT id, lease_owner, lease_epoch FROM {table} WHERE state IN {among}"
            )
        }

    def _make_due(self) -> None:
        """What was put off need not wait longer: the clock of a process cannot be moved, its plan can."""
        change(self.programs[0], "UPDATE deliveries SET due = accepted_at WHERE state = 'waiting'")

    def _await_quiet(self) -> None:
        """Until all that was accepted was tried."""
        begun = "SELECT 1 FROM sends WHERE state IN ('accepted', 'composing')"
        until(lambda: not rows(self.programs[0], begun), _DRAIN_SECONDS)
        until(lambda: not rows(self.programs[0], "SELECT 1 FROM deliveries WHERE state IN ('leased', 'committing')"))

    def _reports_wait(self) -> bool:
        return bool(rows(self.programs[0], "SELECT 1 FROM inbound_reports WHERE finding = 'waiting'"))

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
    takeover: float | None = None
    bystanders: int = 0
    books: Books = field(default_factory=Books)


@dataclass(frozen=True, slots=True)
class _Helpers:
    load: Load
    bouncer: Bouncer
    mails: Sequence[Receipt]
    """They come back while the program waits for its end."""


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
                    nursery=nursery, roles="http,submission,inbound,delivery",
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


def _wrong(found: Found) -> list[str]:
    named = {
        "changed": found.changed, "mailed twice": found.mailed_twice, "answered twice": found.answered_twice,
        "canceled and mailed": found.canceled_and_mailed,
    }  # fmt: skip
    return [f"{what}: {which[:3]}" for what, which in named.items() if which]


def _commit() -> str:
    try:
        asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return asked.stdout.strip()

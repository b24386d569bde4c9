"""smtp-sink that tells how many mails it has taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from bench import machine
from bench.programs import Failed, running
from bench.sink import await_open, free_port, sink_command

_TALLY = re.compile(rb"mesg=(\d+)")
_TAIL_OCTETS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One running receiver on loopback."""

    port: int
    pid: int
    tally: Path

    def cpu_seconds(self) -> float:
        """What it used so far."""
        return machine.tree_cpu_seconds(self.pid)

    def taken(self) -> int:
        """How many mails so far: it writes its counters anew after each."""
        with self.tally.open("rb") as file:
            file.seek(max(self.tally.stat().st_size - _TAIL_OCTETS, 0))
            found = _TALLY.findall(file.read())
        return int(found[-1]) if found else 0

    def await_taken(self, count: int, patience: float) -> float:
        """Waits until it has taken so many in all; the time on ``perf_counter`` when that was so."""
        until = perf_counter() + patience
        while self.taken() < count:
            if perf_counter() > until:
                raise Failed(f"{count - self.taken()} mails have not arrived after {patience:g} s")
            sleep(0.01)
        return perf_counter()


@contextmanager
def counting_sink(place: Path) -> Iterator[Sink]:
    """Until the block ends. Raises :class:`Missing` where it is not installed."""
    port, tally = free_port(), place / "taken"
    into_file = ["sh", "-c", 'exec "$@" >"$0"', str(tally)]  # a pipe that nobody empties would stop it
    with running([*into_file, *sink_command(port, "-c")], ready=False) as (program, _):
        await_open(port, "smtp-sink")
        yield Sink(port=port, pid=program.pid, tally=tally)

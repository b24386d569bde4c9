"""What the machine does meanwhile: CPU of programs, CPU that others used, the disk, the limit of RSA."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PROBE_BYTES = b"x" * 4096
_BUSY_FIELDS = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal: all but idle and waiting for the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """CPU seconds since boot: of the whole machine, and of what is ours."""

    at: float
    busy: float
    ours: float


def times(roots: Iterable[int]) -> Times:
    """Ours: this process, the ``roots`` and all that descends from them, the dead that were waited for included."""
    return Times(at=perf_counter(), busy=_busy(), ours=_tree_seconds({os.getpid(), *roots}))


def foreign(before: Times, after: Times) -> float:
    """How many cores others used between the two, other machines on the same host included."""
    return max((after.busy - before.busy - after.ours + before.ours) / (after.at - before.at), 0.0)


def cpu_seconds(pid: int) -> float:
    """What one process used so far, without its children."""
    stat = _stat(Path("/proc") / str(pid))
    return 0.0 if stat is None else (int(stat[11]) + int(stat[12])) * _TICK


def tree_cpu_seconds(pid: int) -> float:
    """What a process and all that descends from it used so far, the dead that were waited for included."""
    return _tree_seconds({pid})


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident and proportional set size of a process, in MB (10^6 bytes)."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, amount = line.split()[:2]
        found[name] = int(amount) * 1024 / 1e6
    return found["Rss:"], found["Pss:"]


def forget_peak(pid: int) -> None:
    """From now on :func:`peak_mb` starts anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """The highest resident set size of a process, in MB (10^6 bytes)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def fsyncs_per_second(place: Path, seconds: float = 0.3) -> float:
    """How many appends of 4 KB this disk makes durable, one after the other."""
    with tempfile.NamedTemporaryFile(dir=place, prefix="probe-") as file:
        started, count = perf_counter(), 0
        while perf_counter() - started < seconds:
            os.write(file.fileno(), _PROBE_BYTES)
            os.fdatasync(file.fileno())
            count += 1
        return count / (perf_counter() - started)


class RsaLimit:
    """RSA-2048 signatures that one core makes."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)

    def measure(self, seconds: float = 0.5) -> tuple[float, float]:
        """Now: how many in a second, and µs of CPU for each."""
        started, cpu, count = perf_counter(), process_time(), 0
        while perf_counter() - started < seconds:
            self._key.sign(b"text to be signed", padding.PKCS1v15(), SHA256())
            count += 1
        return count / (perf_counter() - started), (process_time() - cpu) / count * 1e6


def _busy() -> float:
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(fields[n]) for n in _BUSY_FIELDS) * _TICK


def _tree_seconds(roots: set[int]) -> float:
    stats = {int(place.name): stat for place in Path("/proc").glob("[0-9]*") if (stat := _stat(place))}
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(int(stat[1]), []).append(pid)
    waiting, seen = list(roots), set[int]()
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen.add(pid)
            waiting += children.get(pid, ())
    return sum(sum(map(int, stats[pid][11:15])) for pid in seen if pid in stats) * _TICK


def _stat(place: Path) -> list[str] | None:
    """The fields after the name, which may hold blanks and parentheses."""
    try:
        return (place / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None

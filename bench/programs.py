"""Programs that are started, waited for, and ended by their process ids, whatever happens."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.load import Job, Result

ROOT = Path(__file__).parent.parent
_READY_SECONDS = 120.0
_STOP_SECONDS = 40.0


class Failed(Exception):
    """A program did not do its part. The text has what it said."""


class Missing(Exception):
    """Something is not installed. The text says what to install; the other figures go on without it."""


class Program:
    """One running program with lines of JSON on its standard output."""

    def __init__(self, process: subprocess.Popen[str], words: Path) -> None:
        self._process, self._words = process, words
        self.pid = process.pid

    def hear(self, seconds: float) -> dict[str, Any]:
        """Its next line. Raises :class:`Failed` when there is none in time."""
        assert self._process.stdout is not None
        heard = select.select([self._process.stdout], [], [], seconds)[0]
        line = self._process.stdout.readline() if heard else ""
        if not line:
            code = self._process.poll()
            how = "said nothing in time" if code is None else f"ended with {code}"
            raise Failed(f"{self._process.args!s:.300} {how}: {self.words()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def tell(self, order: Mapping[str, Any]) -> None:
        """Gives it a line of JSON."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def words(self) -> str:
        """The end of what it wrote on standard error."""
        return self._words.read_text(errors="replace")[-2000:].strip()


@contextmanager
def running(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, ready: bool = True
) -> Iterator[tuple[Program, dict[str, Any]]]:
    """The program and its ready line (empty if it has none), ended with the block."""
    with tempfile.NamedTemporaryFile(prefix="sendwright-bench-", suffix=".err") as words:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, text=True, env=env, cwd=ROOT
        )  # fmt: skip
        try:
            program = Program(process, Path(words.name))
            yield program, (program.hear(_READY_SECONDS) if ready else {})
        finally:
            _end(process)


def run_load(job: Job) -> Result:
    """One run of the load generator. Raises :class:`Failed` when any answer was not the one that was expected."""
    with running([sys.executable, "-m", "bench.load"], ready=False) as (program, _):
        program.tell(asdict(job))
        result = Result(**program.hear(job.patience + 20))
    if result.failures or not result.answers:
        raise Failed(f"{result.failures} of the answers were wrong: {result.first_failure or 'there was none'}")
    return result


def _end(process: subprocess.Popen[str]) -> None:
    """SIGTERM, patience, SIGKILL."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue

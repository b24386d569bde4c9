"""Starts the program without paying for its imports each time: a process that has them all forks for every start.

What is forked is as fresh as a cold start in all that matters here: no thread, no connection, no file is open before
the fork. A crash test can so afford a hundred starts.

Run as a module it is that process: it reads requests from the socket that is its standard input.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

_ROOT = Path(__file__).parents[2]


class Nursery:
    """``with Nursery() as nursery``; give it to a :class:`~tests.e2e.program.Program`. Its children end with it."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        self._process = subprocess.Popen([sys.executable, "-m", "tests.e2e.nursery"], stdin=theirs, cwd=_ROOT)
        theirs.close()
        self._answers = self._ours.makefile("r")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._ours.close()
        self._process.wait()

    def start(self, words: Sequence[str], stdout: int, stderr: int, env: Mapping[str, str]) -> Child:
        """Runs ``sendwright`` with these words; the descriptors become the child's own."""
        request = json.dumps({"start": list(words), "env": dict(env)}).encode() + b"\n"
        socket.send_fds(self._ours, [request], [stdout, stderr])
        return Child(self, int(self._answer()))

    def code_of(self, pid: int) -> int:
        """The exit code of a child that has ended."""
        self._ours.sendall(json.dumps({"wait": pid}).encode() + b"\n")
        return int(self._answer())

    def _answer(self) -> Any:
        line = self._answers.readline()
        assert line, "the nursery died"
        return json.loads(line)


class Child:
    """What ``subprocess.Popen`` is, as far as :class:`~tests.e2e.program.Program` wants it."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self.stdout: IO[bytes] | None = None
        self._nursery = nursery
        self._watch = os.pidfd_open(pid)
        self._code: int | None = None

    def send_signal(self, number: int) -> None:
        """To this very process, never to another that got its number."""
        if self._code is None:
            signal.pidfd_send_signal(self._watch, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises ``subprocess.TimeoutExpired``."""
        if self._code is None:
            ended, _, _ = select.select([self._watch], [], [], timeout)
            if not ended:
                raise subprocess.TimeoutExpired("sendwright", timeout or 0)
            self._code = self._nursery.code_of(self.pid)
            os.close(self._watch)
        return self._code

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None


def _serve(asked: socket.socket) -> None:
    from sendwright.run import serve  # noqa: F401 - the imports that every child needs
    from sendwright.run.cli import main

    children: set[int] = set()
    while True:
        request, given, _, _ = socket.recv_fds(asked, 1 << 20, 2)
        if not request:
            break
        wanted = json.loads(request)
        if "wait" in wanted:
            answer = os.waitstatus_to_exitcode(os.waitpid(wanted["wait"], 0)[1])
            children.discard(wanted["wait"])
        else:
            answer = os.fork()
            if answer == 0:
                _become(main, wanted["start"], given, wanted["env"])
            children.add(answer)
        for descriptor in given:
            os.close(descriptor)
        asked.sendall(json.dumps(answer).encode() + b"\n")
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _become(main: Any, words: list[str], given: list[int], env: dict[str, str]) -> None:
    os.dup2(given[0], 1)
    os.dup2(given[1], 2)
    for descriptor in given:
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["sendwright", *words]
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the child must never go on as a nursery
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=0))

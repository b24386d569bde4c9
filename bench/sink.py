"""The receiver of the whole way: smtp-sink, which takes mail and forgets it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, sleep

from bench.programs import Failed, Missing, running

_UNPRIVILEGED = "postfix"
_WAITING = "200"  # connections that may wait to be taken


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Its port on loopback. Raises :class:`Missing` where it is not installed."""
    port = free_port()
    with running(sink_command(port), ready=False):
        await_open(port, "smtp-sink")
        yield port


def sink_command(port: int, *options: str) -> list[str]:
    """How it is called. Raises :class:`Missing` where it is not installed."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if program is None:
        raise Missing("smtp-sink is not installed: apt-get install postfix")
    as_user = ["-u", _UNPRIVILEGED] if os.geteuid() == 0 else []  # it refuses to run as root
    return [program, *options, *as_user, f"127.0.0.1:{port}", _WAITING]


def free_port() -> int:
    """One that nobody has at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def await_open(port: int, name: str) -> None:
    """Waits until somebody listens on loopback. Raises :class:`Failed`, with the name of who does not."""
    until = perf_counter() + 10
    while perf_counter() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            sleep(0.02)
        else:
            return
    raise Failed(f"{name} did not open its port")

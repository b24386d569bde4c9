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


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Its port on loopback. Raises :class:`Missing` where it is not installed."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if program is None:
        raise Missing("smtp-sink is not installed: apt-get install postfix")
    port = _free_port()
    as_user = ["-u", _UNPRIVILEGED] if os.geteuid() == 0 else []  # it refuses to run as root
    with running([program, *as_user, f"127.0.0.1:{port}", "200"], ready=False):
        _await_open(port)
        yield port


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await_open(port: int) -> None:
    until = perf_counter() + 10
    while perf_counter() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            sleep(0.02)
        else:
            return
    raise Failed("smtp-sink did not open its port")

"""OpenDKIM as a milter on a unix socket, signing with one RSA-2048 key, without a log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench import machine
from bench.programs import Failed, Missing, Program, running

_USER = "opendkim"
_CONFIG = """\
Socket local:{socket}
PidFile {place}/pid
UserID {user}
UMask 000
RequireSafeKeys no
Syslog no
Mode s
Domain {domain}
Selector bench
KeyFile {key}
Canonicalization relaxed/relaxed
SignatureAlgorithm rsa-sha256
OversignHeaders From
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDkim:
    """One running signer. ``milter``: how Postfix calls it."""

    milter: str
    pid: int

    def cpu_seconds(self) -> float:
        """What it used so far."""
        return machine.tree_cpu_seconds(self.pid)


@contextmanager
def opendkim(place: Path, domain: str) -> Iterator[OpenDkim]:
    """Until the block ends. Raises :class:`Missing` where it is not installed."""
    program = shutil.which("opendkim", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise Missing("OpenDKIM is not installed: apt-get install opendkim")
    place.mkdir(mode=0o755)
    socket, key, config = place / "socket", place / "key.pem", place / "opendkim.conf"
    key.touch(mode=0o600)
    made = rsa.generate_private_key(65537, 2048)
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    for mine in (place, key):
        shutil.chown(mine, _USER)
    config.write_text(_CONFIG.format(socket=socket, place=place, user=_USER, domain=domain, key=key))
    with running([program, "-f", "-x", str(config)], ready=False) as (signer, _):
        _await_socket(socket, signer)
        yield OpenDkim(milter=f"unix:{socket}", pid=signer.pid)


def _await_socket(socket: Path, signer: Program) -> None:
    until = perf_counter() + 20
    while not socket.exists():
        if perf_counter() > until:
            raise Failed(f"OpenDKIM did not start: {signer.words()}")
        sleep(0.05)

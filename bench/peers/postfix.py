"""Postfix as Debian has it, in directories of its own, on loopback: what it takes is held, or relayed to one receiver.

Stock settings but for what the comparison needs: nobody's alias tables, no second copy of anything, larger messages. It
writes no log where no syslog daemon listens, which favours it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from bench import machine
from bench.programs import Failed, Missing
from bench.sink import await_open, free_port

_SEARCHED = "/usr/sbin:/usr/lib/postfix/sbin"
_ROOT_ONLY = "Postfix is measured by root only (its processes change their user): run the bench as root"
_MASTER = """\
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{secure} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""
_MAIN = {
    "compatibility_level": "3.6",
    "command_directory": "/usr/sbin",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "myhostname": "peer.test",
    "mydestination": "",
    "alias_maps": "",
    "alias_database": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "message_size_limit": "60000000",
    "mailbox_size_limit": "0",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
}
HOLD = {"smtpd_recipient_restrictions": "check_recipient_access static:HOLD, permit_mynetworks"}
"""Accept, make durable, deliver never."""


def relay_to(port: int, milter: str) -> dict[str, str]:
    """Sign by a milter and hand on to one receiver; what the milter does not sign is not taken."""
    return {
        "relayhost": f"[127.0.0.1]:{port}", "smtp_tls_security_level": "none", "smtpd_milters": milter,
        "non_smtpd_milters": milter, "milter_default_action": "tempfail",
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """One running instance. ``secure``: the port with implicit TLS."""

    plain: int
    secure: int
    place: Path
    pid: int

    def cpu_seconds(self) -> float:
        """What all its processes used so far, the ended ones included."""
        return machine.tree_cpu_seconds(self.pid)

    def await_empty(self, patience: float) -> float:
        """Waits until nothing is under way; the time on ``perf_counter`` when that was so."""
        until = perf_counter() + patience
        while any(self._holds(queue) for queue in ("incoming", "active", "deferred")):
            if perf_counter() > until:
                raise Failed(f"Postfix still has mail under way after {patience:g} s")
            sleep(0.02)
        return perf_counter()

    def discard_held(self) -> int:
        """Empties the hold queue; how many mails there were."""
        command = [_found("postsuper"), "-c", str(self.place), "-d", "ALL", "hold"]
        held = sum(1 for _ in (self.place / "queue" / "hold").iterdir())
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return held

    def _holds(self, queue: str) -> bool:
        return any(files for _, _, files in os.walk(self.place / "queue" / queue))


@contextmanager
def postfix(place: Path, certificate: Path, settings: dict[str, str], roots: list[int]) -> Iterator[Postfix]:
    """Until the block ends; its process is in ``roots`` meanwhile. Raises :class:`Missing` where it cannot run."""
    program = _found("postfix")
    if os.geteuid() != 0:
        raise Missing(_ROOT_ONLY)
    plain, secure = free_port(), free_port()
    _write(place, certificate, settings, plain, secure)
    _order(program, place, "start")
    try:
        pid = int((place / "queue" / "pid" / "master.pid").read_text())
        roots.append(pid)
        await_open(plain, "Postfix")
        yield Postfix(plain=plain, secure=secure, place=place, pid=pid)
        roots.remove(pid)
    finally:
        _order(program, place, "stop")


def _write(place: Path, certificate: Path, settings: dict[str, str], plain: int, secure: int) -> None:
    queue, own = place / "queue", place / "data"
    for directory in (place, queue, own):
        directory.mkdir(mode=0o755)
    shutil.chown(own, "postfix")
    main = {
        **_MAIN, "queue_directory": str(queue), "data_directory": str(own), "smtpd_tls_chain_files": str(certificate),
        "smtpd_tls_security_level": "may", **settings,
    }  # fmt: skip
    (place / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in main.items()))
    (place / "master.cf").write_text(_MASTER.format(plain=plain, secure=secure))


def _order(program: str, place: Path, order: str) -> None:
    """It starts as a daemon, because nothing in its foreground passes on that it should end."""
    done = subprocess.run([program, "-c", str(place), order], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Failed(f"postfix {order}: {done.stderr[-2000:]}")


def _found(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_SEARCHED}")
    if found is None:
        raise Missing("Postfix is not installed: apt-get install postfix")
    return found

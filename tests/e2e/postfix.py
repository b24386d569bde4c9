"""A real Postfix as the mail exchanger of guests.test: it takes, puts off, refuses, or takes and bounces later.

    with receiving_postfix(sink_port=…, reports_port=…) as postfix:
        ... the program delivers to postfix.port ...

What it takes goes on to a sink, so that tests can see the octets; its own reports (RFC 3464) go to ``reports_port``,
where the program's inbound door is. It runs on loopback, in directories of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from sendwright.doors.self_signed import make_pem
from tests.e2e.sink import Sink

DOMAIN = "guests.test"
TAKEN = ("anna", "berta", "carla", "zoë", "greylisted", "later", "vanished")
FULL, GREYLISTED, LATER = f"full@{DOMAIN}", f"greylisted@{DOMAIN}", f"later@{DOMAIN}"
UNKNOWN = f"nobody@{DOMAIN}"

_SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin"
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
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


def why_not() -> str | None:
    """Why it cannot run here."""
    if shutil.which("postfix", path=_SEARCHED) is None:
        return "Postfix is not installed: apt-get install postfix"
    return None if os.geteuid() == 0 else "Postfix runs as root only: its processes change their user"


@dataclass
class Greylist:
    """A policy server (Postfix's policy delegation): who is asked about the first time is put off. On loopback."""

    met: set[str] = field(default_factory=set)
    port: int = 0

    def __enter__(self) -> Self:
        greylist = self

        class Answering(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                greylist.converse(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def converse(self, talk: socketserver.StreamRequestHandler) -> None:
        """Attributes until an empty line, an action for each such block."""
        recipient = ""
        for line in talk.rfile:
            name, _, value = line.decode().strip().partition("=")
            if name == "recipient":
                recipient = value
            elif not name:
                talk.wfile.write(f"action={self._action(recipient)}\n\n".encode())

    def _action(self, recipient: str) -> str:
        if recipient != GREYLISTED or recipient in self.met:
            return "DUNNO"
        self.met.add(recipient)
        return "450 4.7.1 Greylisted, try again later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """One running instance."""

    port: int
    greylist: Greylist


@contextmanager
def receiving_postfix(*, sink_port: int, reports_port: int) -> Iterator[Postfix]:
    """Until the block ends. It lives in a directory that its own user may enter, as those of the tests are not."""
    program = shutil.which("postfix", path=_SEARCHED)
    assert program is not None
    port = free_port()
    with (
        Greylist() as greylist,
        tempfile.TemporaryDirectory(prefix="sendwright-mx-") as folder,
        ExitStack() as ends,
    ):
        place = Path(folder)
        closed = ends.enter_context(Sink(place / "closed"))
        closed.script |= {"RCPT": "550 5.1.1 this mailbox was closed yesterday", "DATA": "554 5.5.1 nobody to take it"}
        _write(place, _settings(place, sink_port, reports_port, greylist.port, closed.port), port)
        _order(program, place, "start")
        try:
            _await_open(port)
            yield Postfix(port=port, greylist=greylist)
        finally:
            _order(program, place, "stop")


def _settings(place: Path, sink_port: int, reports_port: int, policy_port: int, closed_port: int) -> dict[str, str]:
    known = " ".join(f"{{ {name}@{DOMAIN} = ok }}" for name in TAKEN if name.isascii())
    routes = (
        f"{{ {LATER} = smtp:[127.0.0.1]:{closed_port} }} "
        f"{{ {DOMAIN} = smtp:[127.0.0.1]:{sink_port} }} {{ * = smtp:[127.0.0.1]:{reports_port} }}"
    )
    return {
        "compatibility_level": "3.6",
        "command_directory": "/usr/sbin",
        "daemon_directory": "/usr/lib/postfix/sbin",
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "queue_directory": str(place / "queue"),
        "data_directory": str(place / "own"),
        "myhostname": f"mx.{DOMAIN}",
        "mydestination": "",
        "alias_maps": "",
        "alias_database": "",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "mynetworks": "192.0.2.0/24",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": str(place / "tls.pem"),
        "smtp_tls_security_level": "none",
        "virtual_mailbox_domains": DOMAIN,
        "virtual_mailbox_maps": f"inline:{{ {known} {{ {FULL} = ok }} }}",
        "virtual_transport": f"smtp:[127.0.0.1]:{sink_port}",
        "transport_maps": f"inline:{{ {routes} }}",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_recipient_restrictions": (
            f"reject_unlisted_recipient, check_recipient_access inline:{{ {{ {FULL} = 452 4.2.2 Mailbox full }} }}, "
            f"check_policy_service inet:127.0.0.1:{policy_port}"
        ),
    }


def _write(place: Path, settings: dict[str, str], port: int) -> None:
    place.chmod(0o755)
    for directory in (place / "queue", place / "own"):
        directory.mkdir(mode=0o755)
    shutil.chown(place / "own", "postfix")
    (place / "tls.pem").touch(mode=0o600)
    (place / "tls.pem").write_bytes(make_pem((f"mx.{DOMAIN}",)))
    (place / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    (place / "master.cf").write_text(_MASTER.format(port=port))


def _order(program: str, place: Path, order: str) -> None:
    done = subprocess.run([program, "-c", str(place), order], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"postfix {order}: {done.stderr[-2000:]}"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _await_open(port: int) -> None:
    ends = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert time.monotonic() < ends, "Postfix did not open its port"
        else:
            return

"""The installed program, held from outside: started, asked, stopped, killed, started again on the same data and port.

    with Program(data=tmp_path / "data", route=f"smtp://{sink.address}") as program:
        boot = program.bootstrap()
        with program.client(boot) as client:
            email_id = email_for_single_send(client)
            client.post("/marketing/v4/email/single-send", json=a_send(email_id))

What a test starts it also ends, by its process id, whatever happens.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import httpx

from tests.e2e.nursery import Child, Nursery

T = TypeVar("T")

EXECUTABLE = Path(sys.executable).with_name("sendwright")
SINGLE_SEND = "/marketing/v4/email/single-send"
STATUSES = "/marketing/v3/email/send-statuses"
_READY_SECONDS = 60.0
_STOP_SECONDS = 60.0


class DidNotStart(AssertionError):
    """The program ended, or said nothing in time. The text has what it wrote on standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What ``sendwright bootstrap --json`` gave."""

    portal_id: int
    token: str
    email: str
    password: str
    domain: str


class Program:
    """``sendwright serve`` with the given flags. ``start`` waits until all doors are open.

    ``settings``: further settings by name, such as ``in_doubt_wait="PT1S"``. ``before``: what runs the program, such as
    ``["strace", …]``. ``nursery``: where it is forked from, for fast starts. The ports that the first start got are
    kept by later ones.
    """

    def __init__(
        self,
        *,
        data: Path,
        database: str | None = None,
        http: str = "127.0.0.1:0",
        route: str = "sandbox",
        roles: str | None = None,
        settings: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
        nursery: Nursery | None = None,
    ) -> None:
        self.data, self.database, self.http, self.route, self.roles = data, database, http, route, roles
        self.settings, self.before, self.nursery = dict(settings or {}), tuple(before), nursery
        data.mkdir(parents=True, exist_ok=True)
        self.stderr_file = data.parent / f"{data.name}.{id(self):x}.stderr"
        self.ready: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | Child | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """Where the HTTP door is."""
        return str(self.ready["http"])

    @property
    def port(self) -> int:
        """The HTTP door's port."""
        return int(self.url.rpartition(":")[2])

    @property
    def pid(self) -> int:
        """The running process, which is the program itself unless ``before`` put another in front of it."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    @property
    def stderr(self) -> str:
        """All that the program wrote on standard error so far, over all starts."""
        return self.stderr_file.read_text(errors="replace") if self.stderr_file.exists() else ""

    @property
    def log(self) -> list[dict[str, Any]]:
        """The same as structured log lines; what is not one is left out."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]

    # --- life

    def start(self) -> Self:
        """Starts it and waits for the ready line. Raises :class:`DidNotStart`."""
        self.begin()
        return self.await_ready()

    def await_ready(self) -> Self:
        """After ``begin``: waits until all doors are open. Raises :class:`DidNotStart`."""
        try:
            self.ready = self._ready_line()
        except BaseException:
            self.kill()
            raise
        if self.ready.get("http"):
            self.http = str(self.ready["http"]).removeprefix("http://")
        for door in ("submission", "submissions", "inbound"):
            if self.ready.get(door):
                self.settings[door] = str(self.ready[door])
        return self

    def begin(self) -> None:
        """Starts it and does not wait."""
        assert self._process is None, "it runs already"
        words = ["serve", *self._flags()]
        with self.stderr_file.open("ab") as stderr:
            self._process = self._from_nursery(words, stderr) if self.nursery else self._cold(words, stderr)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, at once. Nothing happens if it does not run."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Killed if it still runs, and started on the same data and ports."""
        self.kill()
        return self.start()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal and does not wait."""
        assert self._process is not None
        self._process.send_signal(number)

    def await_end(self) -> int:
        """Waits for an end that somebody else brought about; the exit code."""
        assert self._process is not None
        code = self._process.wait(_STOP_SECONDS)
        self._forget()
        return code

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        process = self._process
        try:
            process.send_signal(number)
            code = process.wait(_STOP_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            self._forget()
        return code

    def _forget(self) -> None:
        assert self._process is not None
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def _cold(self, words: Sequence[str], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self.before, str(EXECUTABLE), *words],
            stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, env=self._environment(),
        )  # fmt: skip

    def _from_nursery(self, words: Sequence[str], stderr: IO[bytes]) -> Child:
        assert self.nursery is not None
        ours, theirs = os.pipe()
        child = self.nursery.start(words, theirs, stderr.fileno(), self._environment())
        os.close(theirs)
        child.stdout = os.fdopen(ours, "rb")
        return child

    def _flags(self) -> list[str]:
        given = {"--data": str(self.data), "--http": self.http, "--route": self.route}
        given |= {"--database": self.database} if self.database else {}
        given |= {"--roles": self.roles} if self.roles else {}
        return [part for flag, value in given.items() for part in (flag, value)]

    def _environment(self) -> dict[str, str]:
        ours = {f"SENDWRIGHT_{name.upper()}": value for name, value in self.settings.items()}
        return {**_clean_environment(), "SENDWRIGHT_BALLAST": "0", **ours}  # hundreds of ballasts would fill a disk

    def _ready_line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        told, _, _ = select.select([self._process.stdout], [], [], _READY_SECONDS)
        line = self._process.stdout.readline() if told else b""
        if not line:
            raise DidNotStart(f"no ready line; exit code {self._process.poll()}; it wrote:\n{self.stderr}")
        found: dict[str, Any] = json.loads(line)
        return found

    # --- use

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another ``sendwright`` command on the same data, beside the server or without it."""
        where = ["--database", self.database] if self.database else ["--data", str(self.data)]
        if self.nursery is not None:
            return self._forked_command([*words, *where], self.nursery)
        return subprocess.run(
            [str(EXECUTABLE), *words, *where],
            capture_output=True, text=True, timeout=60, check=False, env=_clean_environment(),
        )  # fmt: skip

    def operate(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command under the settings that the server has, as the docs tell operators to give them. Needs a nursery.

        Not for programs that are told to fail at some point: the command would, too.
        """
        assert self.nursery is not None
        return self._forked_command([*words, "--data", str(self.data)], self.nursery, self._environment())

    def _forked_command(
        self, words: Sequence[str], nursery: Nursery, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = nursery.start(words, out.fileno(), err.fileno(), dict(environment or _clean_environment()))
            code = child.wait(60)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())

    def bootstrap(self, account: str = "Shop", domain: str = "example.com") -> Boot:
        """An account that can send."""
        done = self.command("bootstrap", "--account", account, "--domain", domain, "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        return Boot(
            portal_id=told["portalId"], token=told["token"], domain=told["domain"],
            email=told["user"]["email"], password=told["user"]["password"],
        )  # fmt: skip

    def verify_ledger(self) -> list[dict[str, Any]]:
        """The books of all accounts; fails the test when they do not balance."""
        done = self.command("verify-ledger", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        books: list[dict[str, Any]] = json.loads(done.stdout)["accounts"]
        return books

    def client(self, boot: Boot) -> httpx.Client:
        """An HTTP client with the account's token; relative addresses go to this program."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {boot.token}"}, timeout=30)


def until(found: Callable[[], T | None], seconds: float = 20) -> T:
    """What ``found`` gives as soon as that is true, asked every few hundredths of a second; else the test fails."""
    never, ends = threading.Event(), time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < ends, f"did not come true within {seconds} s: {found}"
        never.wait(0.03)
    return answer


def email_for_single_send(client: httpx.Client, html: str = "<p>Order {{ custom.order_no }}</p>") -> int:
    """A published single-send e-mail from shop@example.com; its id."""
    made = client.post(
        "/marketing/v3/emails/",
        json={
            "name": "Receipt",
            "subject": "Order {{ custom.order_no }}",
            "subcategory": "single_send_api",
            "from": {"fromName": "Shop", "replyTo": "shop@example.com"},
            "content": {"widgets": {"hs_email_body": {"body": {"html": html}}}},
        },
    )
    assert made.status_code == 201, made.text
    email_id = int(made.json()["id"])
    published = client.post(f"/marketing/v3/emails/{email_id}/publish")
    assert published.status_code < 300, published.text
    return email_id


def a_send(email_id: int, *, to: str = "ann@example.org", send_id: str | None = None, **custom: Any) -> dict[str, Any]:
    """The body of a single send. ``custom``: further customProperties; order_no is always there."""
    message = {"to": to} | ({} if send_id is None else {"sendId": send_id})
    return {"emailId": email_id, "message": message, "customProperties": {"order_no": "4711", **custom}}


def _clean_environment() -> dict[str, str]:
    """Ours, without the settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SENDWRIGHT_")}

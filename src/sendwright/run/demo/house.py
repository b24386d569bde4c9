"""The program under the demo: an account made once, a server for as long as the demo runs."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

KEPT = "welcome.json"
_HOST, _PORT = "127.0.0.1", 8080
_START_SECONDS = 60.0
_STOP_SECONDS = 45.0


class CannotShow(Exception):
    """The demo cannot go on. The text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What ``sendwright bootstrap`` gave, and the receipt that was published with it (``template`` is its hash)."""

    token: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    email_id: int | None
    template: str | None
    submitter: Submitter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """An SMTP token: what a program logs in with."""

    user: str
    password: str = field(repr=False)


def welcome(data: Path) -> Welcome | None:
    """What an earlier run kept; None if there was none, or its database is gone."""
    file = data / KEPT
    if not file.exists() or not (data / "sendwright.db").exists():
        return None
    try:
        kept = json.loads(file.read_text())
        user, email_id, smtp = kept["user"], kept.get("emailId"), kept.get("smtp")
        return Welcome(
            token=kept["token"], email=user["email"], password=user["password"],
            email_id=None if email_id is None else int(email_id), template=kept.get("template"),
            submitter=Submitter(user=smtp["id"], password=smtp["password"]) if smtp else None,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise CannotShow(f"{file} cannot be read: delete {data} and run the demo again") from fault


def bootstrap(data: Path) -> Welcome:
    """A new account that may send from example.com."""
    _make_folder(data)
    asked = ["--data", str(data), "--account", "Demo shop", "--domain", "example.com", "--json"]
    done = subprocess.run(  # noqa: S603 - our own program
        [str(program()), "bootstrap", *asked], capture_output=True, text=True, check=False, env=_environment()
    )
    if done.returncode:
        raise CannotShow(_last_line(done.stderr) or "the account could not be made")
    write_secret(data / KEPT, done.stdout)
    made = welcome(data)
    if made is None:
        raise CannotShow(f"{data} holds no database after sendwright bootstrap: delete it and run the demo again")
    return made


def remember_receipt(data: Path, email_id: int, template: str) -> None:
    """For the next run."""
    _remember(data, {"emailId": email_id, "template": template})


def remember_submitter(data: Path, submitter: Submitter) -> None:
    """For the next run."""
    _remember(data, {"smtp": {"id": submitter.user, "password": submitter.password}})


def _remember(data: Path, more: dict[str, object]) -> None:
    kept = json.loads((data / KEPT).read_text())
    write_secret(data / KEPT, json.dumps({**kept, **more}, indent=2))


def write_secret(file: Path, text: str) -> None:
    """For its owner's eyes alone, and whole or not at all."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    new.replace(file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running ``sendwright serve``. ``starttls`` and ``tls``: HOST:PORT of the submission doors."""

    url: str
    starttls: str
    tls: str
    log: Path
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Until it ends by itself, which it should not."""
        self.process.wait()
        raise CannotShow(f"the server ended by itself: see {self.log}")


@contextmanager
def served(data: Path) -> Iterator[Server]:
    """The server, ready; ended in order."""
    log = data / "serve.log"
    process = _start(data, log, _free_port())
    try:
        try:
            ready = _await_ready(process, log)
        except CannotShow:
            if _free_port() == _PORT:
                raise
            _end(process)
            process = _start(data, log, 0)  # somebody took the port between our look and the server's
            ready = _await_ready(process, log)
        yield Server(
            url=ready["http"], starttls=ready["submission"], tls=ready["submissions"], log=log, process=process
        )
    finally:
        _end(process)


def _start(data: Path, log: Path, port: int) -> subprocess.Popen[bytes]:
    doors = ["--http", f"{_HOST}:{port}", "--submission", f"{_HOST}:0", "--submissions", f"{_HOST}:0"]
    words = [str(program()), "serve", "--data", str(data), *doors]
    with log.open("ab") as errors:
        # in the demo's process group: Ctrl-C and a closed terminal reach it too, whatever becomes of the demo
        return subprocess.Popen(  # noqa: S603 - our own program
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=_environment()
        )


def program() -> Path:
    """The command, which lies beside the Python that runs this."""
    return Path(sys.executable).with_name("sendwright")


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)  # mails and a token lie in it
    except OSError as fault:
        raise CannotShow(f"the folder {data} cannot be made: {fault.strerror}") from fault


def _await_ready(process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    told = process.stdout
    line = told.readline() if told is not None and select.select([told], [], [], _START_SECONDS)[0] else b""
    if not line:
        raise CannotShow(_last_line(log.read_text(errors="replace")) or f"the server did not start: see {log}")
    ready: dict[str, str] = json.loads(line)
    return ready


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _free_port() -> int:
    """8080, or 0 for any if that is taken."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((_HOST, _PORT))
        except OSError:
            return 0
    return _PORT


def _environment() -> dict[str, str]:
    """Ours, without settings: the demo is the same for everybody."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SENDWRIGHT_")}


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("sendwright: ") if lines else ""

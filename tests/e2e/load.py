"""Submitters that keep their own books: what was promised to them, to hold against what became of it.

Every send goes to a recipient of its own, so that a mail can be told apart whatever became of its request. Every other
one has a ``sendId`` and is repeated, with the same ``sendId``, until it gets an answer; the rest are tried once.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from tests.e2e.program import SINGLE_SEND, Boot, a_send, until

_PAUSE = 0.02
_POSTS_A_LINE = 25
_REFUSED = (OSError, http.client.HTTPException)


@dataclass(slots=True)
class Books:
    """What one run was told. ``promised``: status ids by recipient. ``strange``: answers other than 2xx and 503.

    ``asked_back``: status ids that were to be canceled; ``taken_back``: those of which it was said that they are.
    ``reported``: who had a report of a bounce handed in that was taken.
    """

    promised: dict[str, list[str]] = field(default_factory=dict)
    by_send_id: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    put_off: int = 0
    strange: list[str] = field(default_factory=list)
    asked_back: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)

    @property
    def status_ids(self) -> set[str]:
        """All that were promised."""
        return {status_id for ids in self.promised.values() for status_id in ids}


class Submitters(ABC):
    """``count`` threads that submit until the block ends, and one set of books.

    ``label``: keeps the recipients and ids of several loads on one program apart.
    """

    def __init__(self, count: int, label: str = "") -> None:
        self.books = Books()
        self._label = label
        self._numbers = itertools.count(1)
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(n,), name=f"submitter-{n}") for n in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def pause(self, seconds: float) -> None:
        """Lets the load go on for so long."""
        self._done.wait(seconds)

    def await_promise(self, seconds: float = 20) -> None:
        """Until one more mail was promised; fails the test when none is in time."""
        before = len(self.books.promised)
        until(lambda: len(self.books.promised) > before, seconds)

    @abstractmethod
    def _run(self, which: int) -> None:
        """What each thread does."""


class Load(Submitters):
    """Submits by HTTP. ``ports``: asked anew for every connection."""

    def __init__(
        self, ports: Callable[[], Sequence[int]], boot: Boot, email_id: int, *, count: int = 6, label: str = ""
    ) -> None:
        super().__init__(count, label)
        self._ports, self._boot, self._email_id = ports, boot, email_id

    def _run(self, which: int) -> None:
        line = Line(self._ports, which)
        while not self._done.is_set():
            number = next(self._numbers)
            recipient = f"n{self._label}{number}@example.org"
            self._submit(line, recipient, f"order-{self._label}{number}" if number % 2 else None)
        line.hang_up()

    def _submit(self, line: Line, recipient: str, send_id: str | None) -> None:
        body = json.dumps(a_send(self._email_id, to=recipient, send_id=send_id)).encode()
        while True:
            status, text = line.post(body, self._boot.token)
            with self._lock:
                self._note(recipient, send_id, status, text)
            if 200 <= status < 300:
                return
            self._done.wait(_PAUSE)
            if send_id is None or self._done.is_set():
                return

    def _note(self, recipient: str, send_id: str | None, status: int, text: str) -> None:
        books = self.books
        if send_id is not None:
            books.by_send_id.add(recipient)
        if 200 <= status < 300:
            books.promised.setdefault(recipient, []).append(json.loads(text)["statusId"])
        elif status == 503:
            books.put_off += 1
        elif status == 0:
            books.unanswered.add(recipient)
        else:
            books.strange.append(f"{status} {text}")


class Line:
    """One kept connection to one of the processes, and every few posts to the next; or where one does not answer."""

    def __init__(self, ports: Callable[[], Sequence[int]], turn: int) -> None:
        self._ports, self._turn, self._posts = ports, turn, 0
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, token: str, path: str = SINGLE_SEND) -> tuple[int, str]:
        """Status and text; status 0 when no answer came."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._posts += 1
        if self._posts % _POSTS_A_LINE == 0:
            self.hang_up()
        try:
            connection = self._connected()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except _REFUSED as fault:
            self.hang_up()
            return 0, str(fault)

    def hang_up(self) -> None:
        """The next post begins a new connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            ports = self._ports()
            self._turn += 1
            self._connection = http.client.HTTPConnection("127.0.0.1", ports[self._turn % len(ports)], timeout=30)
        return self._connection

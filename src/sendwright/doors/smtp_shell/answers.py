"""What a door is asked about a client, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from sendwright import smtp


@dataclass(frozen=True, slots=True)
class Yes:
    """Yes, in these words, after the code."""

    text: str


@dataclass(frozen=True, slots=True)
class Last:
    """No, and with this reply the conversation is over."""

    reply: smtp.Reply


class Silence(Enum):
    """No answer at all: the connection is cut."""

    HANG_UP = "hang up"


Answer = Yes | smtp.Reply | Last | Silence | None
"""None is yes in the usual words; a reply (4xx or 5xx) is no."""

Asked = Answer | Coroutine[Any, Any, Answer]
"""Answered at once, or later: input waits meanwhile, other clients do not.

The first step of a coroutine, up to where it really waits, runs outside any task, so that an answer that needs no wait
costs no task. `asyncio.timeout` and `TaskGroup` need one: they come after the first wait, or in a task of their own.
"""


class Questions(Protocol):
    """One client's questions, answered. Made for each connection; what it knows of the client it keeps itself.

    A fault of ours that gets out is logged, and the client is told to come again: 451 4.3.0, at AUTH 454 4.7.0.
    """

    def auth(self, auth: smtp.events.Auth) -> Asked:
        """Is this who it says? What the password was is forgotten afterwards."""

    def mail(self, mail: smtp.events.Mail) -> Asked:
        """May this sender begin?"""

    def rcpt(self, rcpt: smtp.events.Rcpt) -> Asked:
        """Is this recipient ours to take?"""

    def message(self, message: smtp.events.Message) -> Asked:
        """Is the message taken? Yes only when it is durable."""


class Begun(Coroutine[Any, Any, None]):
    """A coroutine whose first step is done and gave `waits_for`; a task goes on with it from there."""

    __slots__ = ("_is_first", "_rest", "_waits_for")

    def __init__(self, rest: Coroutine[Any, Any, Any], waits_for: object) -> None:
        self._rest = rest
        self._waits_for: object | None = waits_for
        self._is_first = True

    def send(self, value: Any, /) -> Any:
        if self._is_first:
            self._is_first = False
            waits_for, self._waits_for = self._waits_for, None
            return waits_for
        return self._rest.send(value)

    def throw(self, *fault: Any) -> Any:
        return self._rest.throw(*fault)

    def close(self) -> None:
        self._rest.close()

    def __await__(self) -> Any:
        raise TypeError("this is for a task only")


MakeCore = Callable[[bool], smtp.Server]
"""A fresh server core; told whether the connection begins inside TLS."""

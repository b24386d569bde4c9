"""Failpoints: named places at which a test lets the process die or freeze, to prove that nothing is lost there.

``SENDWRIGHT_FAILPOINT=S5`` makes ``sendwright serve`` kill itself (SIGKILL: no clean-up of any kind) when it comes to
the point S5 for the first time, ``S5:7`` for the seventh, ``S5:1:stop`` freezes it (SIGSTOP) instead. Not armed, which
is always but in tests, a point costs one comparison. Points are never named but here and where they stand; a house test
keeps both equal.

It never decides anything, and it knows no room. Start at :func:`failpoint`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

VARIABLE: Final = "SENDWRIGHT_FAILPOINT"

POINTS: Final[Mapping[str, str]] = {
    "A1": "submission: a recipient was asked about, nothing is answered",
    "A2": "submission: some of the message is here, the rest is not",
    "A3": "submission: the whole message is here, nothing is written",
    "A4": "accept: the rows are written, not committed",
    "A5": "submission: committed, 250 not sent",
    "A6": "submission: 250 sent",
    "H1": "single send: the request is read, nothing is written",
    "H2": "single send: committed, the response not sent",
    "C1": "worker: sends are claimed, not composed",
    "C2": "worker: deliveries are composed and leased, not begun",
    "T1": "worker: deliveries that are due again are claimed, not begun",
    "T2": "steering: deliveries are canceled, not committed",
    "S1": "attempt: the envelope is sent, nothing is answered",
    "S2": "attempt: sender, recipient and DATA are answered, nothing of the message is sent",
    "S3": "attempt: half of the message is sent",
    "S4": "attempt: the intent is committed, nothing of the message is sent",
    "S5": "attempt: the final dot is sent, the reply is not read",
    "S6": "attempt: the reply is read, the outcome is not committed",
    "S7": "attempt: the outcome is committed",
    "B1": "feedback: a report is stored and answered, not read",
    "B2": "feedback: what follows from a report is written, not committed",
    "M1": "maintenance: before a checkpoint (SQLite)",
    "M2": "maintenance: the tables are migrated, not committed",
}
"""Every point, and where the process is then.

The letters are areas: accept, HTTP, claim, time, send, bounces, maintenance."""

_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
_LOOPS_TO_THE_WIRE = 3
"""After so many turns of the event loop what was given to a transport has gone to the system (uvloop needs one)."""
_SOON = 0.02  # seconds


class BadFailpoint(ValueError):
    """There is no such failpoint. The text says how to write one."""


@dataclass(slots=True)
class _Armed:
    name: str
    passes: int
    """So many more, and it happens."""
    signal: signal.Signals


_armed: _Armed | None = None


def arm(text: str | None) -> None:
    """Arms the point named as in the variable; None or "" disarms. Raises :class:`BadFailpoint`."""
    global _armed
    _armed = _parse(text) if text else None


def armed(name: str) -> bool:
    """Whether this point is armed: for places that must be prepared."""
    return _armed is not None and _armed.name == name


def failpoint(name: str) -> None:
    """Here the process dies, or freezes, if the point is armed and it is its turn."""
    if _armed is not None and _armed.name == name:
        _pass(_armed)


async def failpoint_once_written(name: str) -> None:
    """Like :func:`failpoint`, after what was just written to connections has left the process."""
    if _armed is not None and _armed.name == name:
        for _ in range(_LOOPS_TO_THE_WIRE):
            await asyncio.sleep(0)
        failpoint(name)


def failpoint_soon(name: str) -> None:
    """Like :func:`failpoint`, some milliseconds later: what is answered now still gets out."""
    if _armed is not None and _armed.name == name:
        asyncio.get_running_loop().call_later(_SOON, failpoint, name)


def _pass(point: _Armed) -> None:
    point.passes -= 1
    if point.passes == 0:
        os.kill(os.getpid(), point.signal)


def _parse(text: str) -> _Armed:
    name, nth, action = (*text.split(":"), "", "")[:3]
    if name not in POINTS or not (nth or "1").isdigit() or int(nth or "1") < 1 or (action or "kill") not in _SIGNALS:
        raise BadFailpoint(
            f"{VARIABLE}={text}: write NAME[:NTH[:kill|stop]] with one of these names: {', '.join(POINTS)}"
        )
    return _Armed(name=name, passes=int(nth or "1"), signal=_SIGNALS[action or "kill"])

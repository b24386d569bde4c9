"""A send whose composing is over: it goes out, or it ends."""

from __future__ import annotations

from dataclasses import dataclass

from sendwright import crm, egresses, ledger
from sendwright.composing.workshop import Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A send that goes out: what is written, and what is handed over once it is.

    `grants`: what is counted with it under the caps of egresses that are warmed up.
    """

    composed: ledger.Composed
    activity: crm.Activity | None
    ready: tuple[Ready, ...]
    lease_ms: int
    grants: tuple[egresses.Grant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A send that is dropped, and the notice that its sender asked for."""

    dropped: ledger.Dropped
    notice: ledger.NewSend | None = None

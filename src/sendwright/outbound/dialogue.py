"""Takes down what is said in one attempt, with times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sendwright.outbound.model import DialogueLine, Direction

_DIRECTIONS: dict[str, Direction] = {"client": "out", "server": "in"}


class Said(Protocol):
    """A line as the client core gives it."""

    @property
    def by(self) -> str: ...

    @property
    def text(self) -> str: ...


class Dialogue:
    """As much as the paper holds: `most` lines, so that a talkative peer costs nothing."""

    def __init__(self, monotonic: Callable[[], float], most: int = 400) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        self._room = most
        self._kept: list[tuple[int, Sequence[Said] | str]] = []

    def note(self, text: str) -> None:
        """Something that happened beside what was said."""
        self._room -= 1
        if self._room >= 0:
            self._kept.append((self._ms(), text))

    def take(self, said: Sequence[Said]) -> None:
        """What was just said, by either side."""
        self._room -= len(said)
        if self._room >= 0:
            self._kept.append((self._ms(), said))

    @property
    def lines(self) -> tuple[DialogueLine, ...]:
        """All lines, oldest first."""
        lines: list[DialogueLine] = []
        for at_ms, kept in self._kept:
            if isinstance(kept, str):
                lines.append(DialogueLine(at_ms, "note", kept))
            else:
                lines += [DialogueLine(at_ms, _DIRECTIONS[line.by], line.text) for line in kept]
        if self._room < 0:
            lines.append(DialogueLine(lines[-1].at_ms, "note", "the rest of this conversation was not kept"))
        return tuple(lines)

    def _ms(self) -> int:
        return int((self._monotonic() - self._began) * 1000)

"""What is remembered of a site: how many connections it may bear, which of them wait for the next message, who rests.

A site is a set of mail exchangers, or our smart host. Domains that share their exchangers share the site.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from sendwright.outbound.dial import Conversation
from sendwright.outbound.model import Answered, Outcome, Trouble, Unreachable
from sendwright.outbound.settings import Manners

HOST_REST = 300.0
"""Seconds a host is left alone after it said 421 instead of a greeting."""
SITE_RESTS = (300.0, 600.0, 1200.0, 2400.0)
"""Seconds a site is left alone after none of its hosts could be reached, once, twice …"""


class Site:
    """Slots and idle connections of one site. A delivery `enter`s, and `leave`s whatever happens."""

    def __init__(self, manners: Manners, monotonic: Callable[[], float]) -> None:
        self.manners = manners
        self.allowed = min(manners.start, manners.most)
        self.busy = 0
        self._monotonic = monotonic
        self._clean = 0
        self._idle: list[Conversation] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._resting: dict[str, tuple[float, Outcome]] = {}
        self._silent = 0
        self._silent_until = 0.0

    # --- slots

    @property
    def free(self) -> int:
        """How many more deliveries would begin at once."""
        return max(0, self.allowed - self.busy - len(self._waiting))

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way and nothing need be remembered."""
        resting = self._silent_until > self._monotonic() or self._resting
        return not (self.busy or self._idle or self._waiting or resting)

    async def enter(self, limit: float) -> bool:
        """Takes a slot, in order of arrival; False when none came free within `limit` seconds."""
        if self.busy < self.allowed and not self._waiting:
            self.busy += 1
            return True
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(limit):
                await turn
        except TimeoutError:
            return self._withdraw(turn)
        except asyncio.CancelledError:
            if self._withdraw(turn):
                self.leave()
            raise
        return True

    def leave(self) -> None:
        """Gives the slot back."""
        self.busy -= 1
        self._call_next()

    def _withdraw(self, turn: asyncio.Future[None]) -> bool:
        """Whether the slot had been given all the same."""
        if turn.done() and not turn.cancelled():
            return True
        if turn in self._waiting:
            self._waiting.remove(turn)
        return False

    def _call_next(self) -> None:
        while self._waiting and self.busy < self.allowed:
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)

    def went_well(self) -> None:
        """One delivery without trouble; a full round of them earns one connection more."""
        self._clean += 1
        if self._clean >= self.allowed:
            self._clean = 0
            self.allowed = min(self.allowed + 1, self.manners.most)
            self._call_next()

    def went_badly(self) -> None:
        """The site broke off: half as many connections from now on."""
        self._clean = 0
        self.allowed = max(1, self.allowed // 2)

    # --- idle connections

    def take_idle(self, fits: Callable[[Conversation], bool]) -> Conversation | None:
        """The connection used last that is of use."""
        for place in range(len(self._idle) - 1, -1, -1):
            if fits(self._idle[place]):
                return self._idle.pop(place)
        return None

    def keep(self, conversation: Conversation) -> None:
        """Keeps it for the next message, if it is good for one."""
        if conversation.usable and conversation.messages < self.manners.messages and len(self._idle) < self.allowed:
            if self._forget not in conversation.when_gone:
                conversation.when_gone.append(self._forget)
            self._idle.append(conversation)
        else:
            conversation.retire()

    def _forget(self, conversation: Conversation) -> None:
        if conversation in self._idle:
            self._idle.remove(conversation)

    # --- rest

    def rest(self, host: str, said: Answered) -> None:
        """The host said 421 instead of a greeting."""
        self._resting[host] = (self._monotonic() + HOST_REST, said)

    def what_rests(self, host: str) -> Outcome | None:
        """Why the host is left alone now, if it is."""
        if self._silent_until > self._monotonic():
            return Unreachable(who=host, trouble=Trouble.RESTING, detail="none of the servers there answered")
        until, said = self._resting.get(host, (0.0, None))
        if until <= self._monotonic():
            self._resting.pop(host, None)
            return None
        return said

    def was_silent(self) -> None:
        """None of its hosts could be reached."""
        rest = SITE_RESTS[min(self._silent, len(SITE_RESTS) - 1)]
        if self._silent_until <= self._monotonic():
            self._silent += 1
            self._silent_until = self._monotonic() + rest

    def spoke(self) -> None:
        """A host could be reached."""
        self._silent = 0
        self._silent_until = 0.0

"""What is remembered of a site by one way: who may begin, which connections wait for the next message, who rests.

A site is a set of mail exchangers, or a relay. Domains that share their exchangers share the site.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta

from sendwright.outbound import heed
from sendwright.outbound.dial import Conversation
from sendwright.outbound.manners import Manners
from sendwright.outbound.model import Answered, Outcome, Room
from sendwright.outbound.pace import Pace
from sendwright.outbound.rests import Rest, Rests

CROWDED_WAIT = 5.0
"""Seconds after which it is worth asking again where all connections are busy."""
_AHEAD = 5.0
"""Turns that come within so many seconds are waited for at the door, later ones in the queue."""
_SAME_BREATH = 60.0
"""Refusals within so many seconds are one: they answer what was under way when the first of them came."""
_BROKEN_OFF_MOST = 3
_RECIPIENTS = 3
_RECIPIENTS_WITHIN = 600.0


class Site:
    """Slots and idle connections of one site by one way. A delivery `enter`s, and `leave`s whatever happens."""

    def __init__(self, manners: Manners, monotonic: Callable[[], float], hosts: Sequence[str] = ()) -> None:
        self.manners = manners
        self.hosts = tuple(hosts)
        self.allowed = min(manners.start, manners.most)
        self.busy = 0
        self.pace = Pace(per_minute=manners.per_minute)
        self.rests = Rests()
        self.alert = False
        self.refused: tuple[float, Answered] | None = None
        self._monotonic = monotonic
        self._clean = 0
        self._broken_off = 0
        self._flows = False
        self._slowed_at = 0.0
        self._slowed = 0
        self._complained: deque[tuple[float, str]] = deque(maxlen=_RECIPIENTS)
        self._idle: list[Conversation] = []
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    # --- what is asked

    @property
    def free(self) -> int:
        """How many more deliveries would begin at once, as far as connections go."""
        return max(0, self.allowed - self.in_hand)

    @property
    def in_hand(self) -> int:
        """Deliveries that are there or wait at the door."""
        return self.busy + len(self._waiting)

    @property
    def connections(self) -> int:
        """Connections that are open or being opened."""
        return self.busy + len(self._idle)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way and nothing need be remembered."""
        return not (self.in_hand or self._idle or self.rests.any(self._monotonic()))

    def room(self) -> Room:
        """How many deliveries may set out now, or when it is worth asking again."""
        now = self._look_at_the_clock()
        closed = self.rests.closed(self.hosts, now)
        if closed is not None:
            return Room(now=0, wait=timedelta(seconds=closed.until - now), why=closed.why)
        turns = self._turns(now)
        # Where it flows some wait at the door, so that no connection waits for the queue.
        places = (max(self.allowed, self.manners.in_hand) if self._flows else self.allowed) - self.in_hand
        if turns <= 0:
            return self._not_yet(self.pace.wait(now) + len(self._waiting) * self.pace.interval)
        if places <= 0:
            return Room(now=0, wait=timedelta(seconds=CROWDED_WAIT), why=f"all {self.allowed} connections are busy")
        return Room(now=min(turns, places), every=timedelta(seconds=self.pace.interval))

    def put_off(self) -> Room:
        """For one that was not let in: when it may come again. Each is given another time."""
        room, now = self.room(), self._monotonic()
        if self.rests.closed(self.hosts, now) is None and self.pace.interval:
            return self._not_yet(self.pace.promise(now))
        return room if room.wait else Room(now=0, wait=timedelta(seconds=CROWDED_WAIT), why="its turn did not come")

    def _not_yet(self, seconds: float) -> Room:
        every = self.pace.interval
        slow = self.rests.slow
        why = f"one message every {every:g} s is sent there"
        return Room(
            now=0, wait=timedelta(seconds=max(seconds, 0.001)), every=timedelta(seconds=every),
            why=f"{why}: {slow.why}" if slow is not None and slow.until > self._monotonic() else why,
        )  # fmt: skip

    def _turns(self, now: float) -> int:
        wait, every = self.pace.wait(now), self.pace.interval
        if not every:
            return self.manners.in_hand
        return 0 if wait > _AHEAD else int((_AHEAD - wait) / every) + 1 - len(self._waiting)

    # --- slots

    async def enter(self, limit: float) -> bool:
        """Takes a slot, in order of arrival; False when there is none to be had within `limit` seconds."""
        now = self._look_at_the_clock()
        if self.rests.closed(self.hosts, now) is not None:
            return False
        if not self._waiting and self.busy < self.allowed and not self.pace.wait(now):
            self._begin(now)
            return True
        due = self.pace.wait(now) + len(self._waiting) * self.pace.interval
        if due > limit or self.in_hand >= max(self.manners.in_hand, self.allowed):
            return False
        return await self._wait_at_the_door(limit)

    async def _wait_at_the_door(self, limit: float) -> bool:
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._call_next()
        try:
            async with asyncio.timeout(limit):
                return await turn
        except TimeoutError:
            return self._withdraw(turn)
        except asyncio.CancelledError:
            if self._withdraw(turn):
                self.leave()
            raise

    def leave(self) -> None:
        """Gives the slot back."""
        self.busy -= 1
        self._call_next()

    def _begin(self, now: float) -> None:
        self.busy += 1
        self.pace.take(now)

    def _withdraw(self, turn: asyncio.Future[bool]) -> bool:
        """Whether the slot had been given all the same."""
        if turn.done() and not turn.cancelled():
            return turn.result()
        if turn in self._waiting:
            self._waiting.remove(turn)
        return False

    def _call_next(self) -> None:
        while self._waiting and self.busy < self.allowed:
            now = self._look_at_the_clock()
            wait = self.pace.wait(now)
            if wait:
                return self._call_later(wait)
            turn = self._waiting.popleft()
            if not turn.done():
                self._begin(now)
                turn.set_result(True)
        return None

    def _call_later(self, wait: float) -> None:
        if self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._call_next()

    def _send_away(self) -> None:
        """Who waits at the door goes back to the queue."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(False)

    # --- what is heeded

    def heed(self, outcome: Outcome, recipient: str) -> heed.Sign:
        """Learns from what came of one conversation."""
        now = self._look_at_the_clock()
        if isinstance(outcome, Answered) and not outcome.local and outcome.reply.code >= 400:
            self.refused = (now, outcome)
        sign = heed.sign(outcome, self.manners)
        if self.manners.relay:
            sign = heed.through_a_relay(sign)
        match sign:
            case heed.Clean():
                self.went_well()
            case heed.BrokeOff():
                self.went_badly()
            case heed.TooFast():
                self._slow_down(now)
            case heed.TooFastForOne():
                self._hear_complaint(recipient, now)
            case heed.Stop(rest=rest, alert=alert):
                self._stop(rest, now, alert=alert)
            case heed.Neutral():  # pragma: no branch - mypy proves that none is left
                self._broken_off = 0
        return sign

    def wants_more(self, outcome: Outcome) -> bool:
        """Whether a message that it broke off may be offered again at once: not when it said that this is too much."""
        return not isinstance(heed.sign(outcome, self.manners), heed.TooFast | heed.Stop)

    def went_well(self) -> None:
        """One delivery without trouble; a full round of them earns one connection more."""
        self._clean += 1
        self._broken_off, self._flows, self.alert = 0, True, False
        if self._clean >= self.allowed:
            self._clean = 0
            slow = self.rests.slow
            if slow is None or slow.until <= self._monotonic():
                self.allowed = min(self.allowed + 1, self.manners.most)
            self._call_next()

    def went_badly(self) -> None:
        """The site broke off: half as many connections from now on; if it never does otherwise, none for a while."""
        self._clean, self._flows = 0, False
        self._broken_off += 1
        if self.allowed == 1 and self._broken_off >= _BROKEN_OFF_MOST:
            self._broken_off = 0
            self.was_silent("it broke off every conversation")
        self.allowed = max(1, self.allowed // 2)

    def _slow_down(self, now: float) -> None:
        self._clean, self._flows, self.allowed = 0, False, 1
        slow, manners = self.rests.slow, self.manners
        if slow is not None and now < self._slowed_at + _SAME_BREATH:
            return
        lasting = slow is not None and now < slow.until + manners.slow_for.total_seconds()
        self._slowed = self._slowed + 1 if lasting else 1
        self._slowed_at = now
        rest = min(manners.slow_for * 2 ** min(self._slowed - 1, 10), manners.slow_most)
        self.rests.slow = Rest(until=now + rest.total_seconds(), why=f"it asked for less{self._quoted()}")
        self.pace.change(min(manners.slow_per_minute, manners.per_minute or manners.slow_per_minute), now)
        self._send_away()

    def _stop(self, rest: timedelta, now: float, *, alert: bool) -> None:
        self._clean, self._flows, self.allowed = 0, False, 1
        self.alert = self.alert or alert
        why = "it refuses our address or domain" if alert else "it asked for nothing more"
        self.rests.stop = Rest(until=now + rest.total_seconds(), why=why + self._quoted())
        self._send_away()

    def _hear_complaint(self, recipient: str, now: float) -> None:
        """One recipient who gets too much is no reason to starve the others there: it takes several."""
        if recipient not in (known for _, known in self._complained):
            self._complained.append((now, recipient))
        if len(self._complained) == _RECIPIENTS and now - self._complained[0][0] <= _RECIPIENTS_WITHIN:
            self._complained.clear()
            self._slow_down(now)

    def _quoted(self) -> str:
        return "" if self.refused is None else f" ({str(self.refused[1].reply)[:200]})"

    def _look_at_the_clock(self) -> float:
        """The time; what was slowed for a while is as fast as before."""
        now = self._monotonic()
        slow = self.rests.slow
        if slow is not None and slow.until <= now and self.pace.per_minute != self.manners.per_minute:
            self.pace.change(self.manners.per_minute, now)
        return now

    # --- rest

    def rest(self, host: str, said: Answered) -> None:
        """The host said 421 instead of a greeting."""
        self.rests.host(host, said, self._monotonic())

    def what_rests(self, host: str) -> Outcome | None:
        """Why the host is left alone now, if it is."""
        return self.rests.of(host, self._monotonic())

    def was_silent(self, why: str = "none of the servers there answered") -> None:
        """None of its hosts could be reached."""
        self._flows = False
        self.rests.silent(why, self._monotonic())

    def spoke(self) -> None:
        """A host could be reached."""
        self.rests.spoke()

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

    def make_room(self) -> None:
        """Before a new connection is opened: idle ones beyond what is allowed are closed, oldest first."""
        while self._idle and self.connections > self.allowed:
            self._idle.pop(0).retire()

    def retire(self) -> None:
        """Closes what is idle: the site is forgotten."""
        while self._idle:
            self._idle.pop().retire()

    def _forget(self, conversation: Conversation) -> None:
        if conversation in self._idle:
            self._idle.remove(conversation)

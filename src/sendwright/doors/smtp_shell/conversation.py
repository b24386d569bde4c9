"""One client's conversation: the socket around a server core."""

from __future__ import annotations

import asyncio
from asyncio import Task, TimerHandle
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog

from sendwright import smtp
from sendwright.doors.smtp_shell import words
from sendwright.doors.smtp_shell.answers import Answer, Asked, Begun, Last, Questions, Silence, Yes
from sendwright.doors.smtp_shell.rules import SMALL_OCTETS, Pace, network_of
from sendwright.doors.smtp_shell.wire import News, Stop, Wire
from sendwright.failpoints import failpoint

if TYPE_CHECKING:
    from sendwright.doors.smtp_shell.door import SmtpDoor

_log = structlog.get_logger()

_State = smtp.ServerState
_NO_MAIL = frozenset({_State.STRANGER, _State.IDLE, _State.AUTH_TALK, _State.AUTH_ASKED, _State.CLOSED})
_UNFINISHED = frozenset({_State.AUTH_TALK, _State.CHUNK_COMING, _State.CHUNKED})
"""Here an answer is one step of a request: its time runs on."""


_Question = TypeVar("_Question", bound=smtp.events.ServerEvent)


class Conversation(asyncio.Protocol):
    """Asks the door's questions when the core asks, keeps time and room, and writes. It decides nothing about mail."""

    __slots__ = (
        "_core", "_door", "_errors", "_has_end", "_inside_tls", "_is_in", "_is_leaving", "_is_lost", "_is_over",
        "_messages", "_pace", "_questions", "_received", "_room", "_since", "_slow", "_task", "_why", "_wire", "ip",
        "network",
    )  # fmt: skip

    _core: smtp.Server
    _questions: Questions
    _wire: Wire

    def __init__(self, door: SmtpDoor, *, inside_tls: bool) -> None:
        self._door = door
        self._inside_tls = inside_tls
        self._pace = Pace(door.patience)
        self._task: Task[None] | None = None
        self._slow: TimerHandle | None = None
        self._errors = self._messages = 0
        self._received = self._room = 0
        self._is_in = self._is_leaving = self._is_lost = self._is_over = self._has_end = False
        self._since = door.time()
        self._why = "the connection was lost"
        self.ip = self.network = ""

    # --- what the door and its answers see

    @property
    def helo(self) -> str:
        return self._core.helo

    @property
    def protocol(self) -> str:
        """For the Received header."""
        return self._core.protocol

    @property
    def tls(self) -> str | None:
        """Like "TLSv1.3"; None in clear."""
        return self._wire.tls

    @property
    def is_busy(self) -> bool:
        """Whether an answer is owed."""
        return self._task is not None

    @property
    def deadline(self) -> float:
        return self._pace.deadline

    def expire(self) -> None:
        """The deadline has passed."""
        if self._wire.is_closing or self._wire.is_shaking_hands or self._wire.is_stopped_for(Stop.UNREAD):
            self._wire.abort()
        elif self._wire.is_stopped_for(Stop.ROOM):
            self._heed(self._core.hang_up(words.NO_ROOM_LEFT))
        else:
            self._heed(self._core.hang_up(words.TOO_SLOW if self._pace.in_request else words.IDLE_TOO_LONG))

    def there_is_room(self) -> None:
        """Goes on with the message that had to wait."""
        self._pace.goes_on(self._door.time())
        self._wire.let_go(Stop.ROOM)

    def say_goodbye(self) -> None:
        """Ends as soon as the message in hand, if any, is answered."""
        self._is_leaving = True
        if self._task is None:
            self._heed(self._core.hang_up(words.CLOSING))

    def cut(self) -> None:
        """Ends now, whatever is in hand."""
        if self._task is not None:
            self._task.cancel()
        self._wire.abort()

    # --- what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = Wire(transport)
        self.ip = self._wire.ip
        self.network = network_of(self.ip, ipv4_bits=32)
        self._is_in = self._door.enter(self)
        if not self._is_in:
            self._turn_away()
            return
        self._core = self._door.make_core(self._inside_tls)
        self._questions = self._door.meet(self)
        if self._inside_tls:
            self._begin_tls()
        else:
            self._heed(self._core.accept())

    def data_received(self, received: bytes) -> None:
        if self._wire.is_in_clear:
            self._hear(received)
            return
        said, news = self._wire.read(received)
        if news is News.TLS_STANDS:
            self._pace.answered(self._door.time())
            self._heed(self._core.accept() if self._inside_tls else self._core.tls_started())
        elif news is News.TLS_FAILED:
            self._why = self._wire.fault
        if said:
            self._hear(said)
        if news is News.ENDED:
            self._hear_end()

    def eof_received(self) -> bool:
        """Who closes its half after the last word still gets the answer that is owed."""
        self._hear_end()
        return self._wire.is_in_clear

    def pause_writing(self) -> None:
        self._wire.stop(Stop.UNREAD)

    def resume_writing(self) -> None:
        self._wire.let_go(Stop.UNREAD)

    def connection_lost(self, fault: Exception | None) -> None:
        self._is_lost = True
        if self._is_in:
            self._forget_delay()
            self._core.eof()
            self._log_session()
            self._leave_when_done()

    # --- listening

    def _hear(self, said: bytes) -> None:
        if self._task is None:
            self._pace.heard(len(said), self._door.time())
        else:
            self._wire.stop(Stop.OWED)
        self._heed(self._core.feed(said))
        if self._core.state not in _NO_MAIL:
            self._count(len(said))

    def _hear_end(self) -> None:
        self._has_end = True
        if self._task is None:
            self._heed(self._core.eof())

    def _heed(self, events: list[smtp.events.ServerEvent]) -> None:
        """A loop, not a recursion: one packet may hold thousands of commands."""
        while events:
            events.extend(self._answer(events.pop(0)))
        self._speak()

    def _answer(self, event: smtp.events.ServerEvent) -> list[smtp.events.ServerEvent]:
        match event:
            case smtp.events.Rcpt():
                return self._ask(self._questions.rcpt, event)
            case smtp.events.Message():
                self._messages += 1
                self._take_room(event.envelope.size)
                return self._ask(self._questions.message, event)
            case smtp.events.Mail():
                return self._ask_about_mail(event)
            case smtp.events.Auth():
                return self._ask(self._questions.auth, event)
            case smtp.events.StartTls():
                self._wire.write(self._core.outgoing())
                self._begin_tls()
            case smtp.events.Closed(why=why):
                self._is_over, self._why = True, why
        return []

    def _ask_about_mail(self, mail: smtp.events.Mail) -> list[smtp.events.ServerEvent]:
        if not self._door.room.has(mail.size):
            return self._core.refuse(words.NO_ROOM)
        self._received = 0
        self._take_room(mail.size)
        return self._ask(self._questions.mail, mail)

    # --- asking

    def _ask(self, question: Callable[[_Question], Asked], event: _Question) -> list[smtp.events.ServerEvent]:
        try:
            asked = question(event)
        except Exception as fault:  # noqa: BLE001 - a fault barrier: a bug met by one client stops no other
            asked = words.excuse(fault, event)
        if not isinstance(asked, Coroutine):
            return self._settle(asked)
        pondering = self._ponder(asked, event)
        try:
            waits_for = pondering.send(None)
        except StopIteration as done:
            return self._settle(cast(Answer, done.value))
        self._pace.waits_for_us()
        self._task = self._door.start(Begun(pondering, waits_for))
        return []

    async def _ponder(self, asked: Coroutine[Any, Any, Answer], event: smtp.events.ServerEvent) -> Answer:
        """The answer; if it had to be waited for, it is given here, as whoever asked is gone."""
        try:
            answer = await asked
        except asyncio.CancelledError:
            self._task = None
            self._leave_when_done()
            raise
        except Exception as fault:  # noqa: BLE001 - a fault barrier: a bug met by one mail stops no other
            answer = words.excuse(fault, event)
        if self._task is not None:
            self._go_on(answer)
        return answer

    def _settle(self, answer: Answer) -> list[smtp.events.ServerEvent]:
        match answer:
            case None:
                return self._core.accept()
            case Yes(text=text):
                return self._core.accept(text)
            case Last(reply=reply):
                return self._core.hang_up(reply)
            case Silence.HANG_UP:
                self._wire.abort()
                return []
            case _:
                return self._core.refuse(answer)

    def _go_on(self, answer: Answer) -> None:
        self._task = None
        try:
            self._give(answer)
        except Exception:  # noqa: BLE001 - a fault barrier: it would end the task group, and with it the door
            _log.exception("smtp_conversation_failed", door=self._door.name)
            self._wire.abort()
        self._leave_when_done()

    def _give(self, answer: Answer) -> None:
        """Gives an answer that was waited for, and what the client said meanwhile its turn."""
        self._heed(self._settle(answer))
        if self.is_busy:
            return
        if self._is_leaving:
            self._heed(self._core.hang_up(words.CLOSING))
        elif self._has_end:
            self._heed(self._core.eof())
        self._wire.let_go(Stop.OWED)

    # --- speaking

    def _speak(self) -> None:
        errors, self._errors = self._errors, self._core.errors
        if self._errors > errors and not self._is_over:
            delay = self._door.patience.delay_after(self._errors)
            if delay:
                self._slow_down(delay)
                return
        self._say()

    def _say(self) -> None:
        core = self._core
        out = core.outgoing()
        if out:
            self._write(out)
        if self._room and core.state in _NO_MAIL:
            self._give_room_back()
        if self._is_over and not self._wire.is_closing:
            self._close()

    def _write(self, out: bytes) -> None:
        is_written = self._wire.write(out)
        if is_written and self._task is None and self._core.state not in _UNFINISHED:
            self._pace.answered(self._door.time())

    def _close(self) -> None:
        self._pace.allow(self._door.patience.farewell, self._door.time())
        self._forget_delay()
        self._wire.close()

    def _turn_away(self) -> None:
        # Inside TLS the words would cost a handshake, which is what whoever floods us wants us to pay.
        if not self._inside_tls:
            self._wire.write(smtp.render_reply(words.CROWDED))
        self._wire.close()

    def _slow_down(self, seconds: float) -> None:
        self._wire.stop(Stop.SLOWED)
        self._pace.waits_for_us()
        self._slow = self._door.later(seconds, self._end_delay)

    def _end_delay(self) -> None:
        self._slow = None
        self._say()
        self._wire.let_go(Stop.SLOWED)

    def _forget_delay(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _begin_tls(self) -> None:
        self._wire.begin_tls(self._door.context())
        self._pace.allow(self._door.patience.handshake, self._door.time())

    # --- room

    def _count(self, octets: int) -> None:
        """More of a message is here; what is larger than it said waits while there is no room."""
        self._received += octets
        failpoint("A2")
        if self._received <= self._room:
            return
        self._take_room(self._received)
        if self._received > SMALL_OCTETS and self._task is None and self._door.room.is_tight:
            self._wire.stop(Stop.ROOM)
            self._pace.allow(self._door.patience.crowded, self._door.time())
            self._door.wait_for_room(self)

    def _take_room(self, octets: int) -> None:
        """Has room for a message of so many octets."""
        more = octets - self._room
        if more > 0:
            self._room += more
            self._door.room.take(more)

    def _give_room_back(self) -> None:
        octets, self._room = self._room, 0
        self._door.give_room_back(octets)

    # --- the end

    def _leave_when_done(self) -> None:
        """A client that is gone still counts while its message is in hand, or it could pile up work without end."""
        if self._is_lost and self._is_in and self._task is None:
            self._is_in = False
            self._give_room_back()
            self._door.see_off(self)

    def _log_session(self) -> None:
        core = self._core
        _log.debug(
            "smtp_session", door=self._door.name, ip=self.ip, helo=core.helo, user=core.username, tls=self.tls,
            messages=self._messages, errors=self._errors, seconds=round(self._door.time() - self._since, 3),
            why=self._why,
        )  # fmt: skip

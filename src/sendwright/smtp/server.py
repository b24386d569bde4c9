"""The server core: one client's conversation (RFC 5321, 1870, 2034, 2920, 3030, 3207, 4954, 6152, 6531)."""

from collections.abc import Callable, Mapping

from sendwright.smtp import server_words as words
from sendwright.smtp.events import Closed, ServerEvent
from sendwright.smtp.misuse import Misuse
from sendwright.smtp.obeying import READERS
from sendwright.smtp.replies import Kind, Reply, reply
from sendwright.smtp.server_life import ASKED, IN_TRANSACTION, LIFE, Signal, State
from sendwright.smtp.session import Limits, Session, Terms, Turn, said


class Server:
    """One conversation. Nothing is read while the shell owes an answer: then `wants_input` is false.

    `hostname`: ours, for the greeting. `starttls`: offer the upgrade. `auth`: offer AUTH, inside TLS only.
    `auth_required`: no MAIL without it. `dsn`: offer DSN. `secure`: the connection began inside TLS.
    """

    def __init__(
        self,
        *,
        hostname: str,
        limits: Limits | None = None,
        starttls: bool = False,
        auth: bool = False,
        auth_required: bool = False,
        dsn: bool = False,
        secure: bool = False,
    ) -> None:
        terms = Terms(
            hostname=hostname,
            limits=limits or Limits(),
            starttls=starttls,
            auth=auth,
            auth_required=auth_required,
            dsn=dsn,
        )
        self._session = Session(terms=terms, secure=secure)
        self._state = State.CONNECTED_ASKED
        self._out: list[bytes] = []
        self._events: list[ServerEvent] = []

    @property
    def state(self) -> State:
        return self._state

    @property
    def wants_input(self) -> bool:
        """False while an answer is owed or the end has come: stop reading, let TCP hold the client back."""
        return self._state not in ASKED and self._state is not State.CLOSED

    @property
    def helo(self) -> str:
        """The name the client gave, printable ASCII, not verified; empty before EHLO or HELO."""
        return self._session.helo

    @property
    def username(self) -> str | None:
        """Who proved to be whom; None without AUTH."""
        return self._session.username

    @property
    def secure(self) -> bool:
        return self._session.secure

    @property
    def protocol(self) -> str:
        """For the Received header (RFC 3848, RFC 6531 section 4.3): SMTP, ESMTP, ESMTPSA, UTF8SMTPS and so on."""
        return self._session.protocol

    @property
    def errors(self) -> int:
        """Commands refused 5xx since the last message was taken: whoever makes many is answered slowly."""
        return self._session.errors

    def feed(self, received: bytes) -> list[ServerEvent]:
        """Takes any piece of what the client sent."""
        state = self._state
        if state is State.CLOSED or not received:
            return []
        if state is State.UPGRADING:
            return self.hang_up(words.INJECTED)
        session = self._session
        session.lines.feed(received)
        if state in ASKED and session.lines.pending > session.terms.limits.waiting_octets:
            return self.hang_up(words.FLOOD)
        return self._advance()

    def outgoing(self) -> bytes:
        """What is to be written."""
        out = self._out
        if len(out) == 1:
            return out.pop()
        self._out = []
        return b"".join(out)

    def accept(self, text: str = "") -> list[ServerEvent]:
        """Answers the open question, or greets a new connection; `text` replaces our words.

        After the end it does nothing: what the shell had to ask may outlast the client.
        """
        state = self._state
        if state is State.CLOSED:
            return []
        say_yes = _YES.get(state)
        if say_yes is None:
            raise _misuse(state, Signal.ACCEPTED)
        turn = say_yes(self._session)
        if text and turn.reply is not None:
            turn = said(reply(turn.reply.code, turn.reply.enhanced, text), Signal.ACCEPTED)
        self._apply(turn)
        return self._advance()

    def refuse(self, answer: Reply) -> list[ServerEvent]:
        """Answers the open question with a 4xx or 5xx. 421 ends the conversation, as does refusing to greet."""
        if answer.kind not in (Kind.TEMPORARY, Kind.PERMANENT):
            raise Misuse("a refusal is a 4xx or a 5xx")
        if self._state is State.CLOSED:
            return []
        self._require(Signal.REFUSED)
        if not answer.enhanced:
            # RFC 2034 section 4: once the extension is offered every refusal has a code.
            answer = reply(answer.code, f"{answer.code // 100}.0.0", *answer.lines)
        if self._state is State.AUTH_ASKED and answer.kind is Kind.PERMANENT:
            self._session.auth_failures += 1
            if self._session.auth_failures >= self._session.terms.limits.auth_failures:
                answer = words.TOO_MANY_FAILURES
        self._apply(said(answer, Signal.CUT if answer.code == 421 else Signal.REFUSED))
        return self._advance()

    def tls_started(self) -> list[ServerEvent]:
        """TLS stands: the client is a stranger again (RFC 3207 section 4.2)."""
        self._require(Signal.UPGRADED)
        self._session.secure = True
        self._session.forget_client()
        self._apply(Turn(signal=Signal.UPGRADED))
        return []

    def eof(self) -> list[ServerEvent]:
        """The client closed the connection. A message that is not whole is forgotten."""
        return self._cut(None, "the client closed the connection")

    def hang_up(self, answer: Reply) -> list[ServerEvent]:
        """Ends the conversation with these last words, at any time: a time limit, a shutdown (421)."""
        return self._cut(answer, str(answer))

    def _require(self, signal: Signal) -> None:
        if signal not in LIFE[self._state]:
            raise _misuse(self._state, signal)

    def _advance(self) -> list[ServerEvent]:
        session = self._session
        # Without octets only a chunk of none of them can go on.
        while session.lines.buffer or self._state is State.CHUNK_COMING:
            reader = READERS.get(self._state)
            turn = reader(session, self._state) if reader is not None else None
            if turn is None:
                break
            self._apply(turn)
        events, self._events = self._events, []
        return events

    def _apply(self, turn: Turn) -> None:
        """The one place that writes and moves."""
        if turn.wire:
            self._out.append(turn.wire)
        if turn.event is not None:
            self._events.append(turn.event)
        if turn.signal is None:
            return
        self._state = state = LIFE[self._state][turn.signal]
        if state not in IN_TRANSACTION:
            self._session.forget_transaction()
            if state is State.CLOSED:
                self._session.lines.clear()
                self._events.append(Closed(why=str(turn.reply or "closed")))

    def _cut(self, answer: Reply | None, why: str) -> list[ServerEvent]:
        if self._state is State.CLOSED:
            return []
        self._apply(Turn(signal=Signal.CUT) if answer is None else said(answer, Signal.CUT))
        self._events.clear()
        return [Closed(why=why)]


def _misuse(state: State, signal: Signal) -> Misuse:
    return Misuse(f"{signal.value} cannot be while {state.value}")


_SENDER_OK = said(words.SENDER_OK, Signal.ACCEPTED)
_RECIPIENT_OK = said(words.RECIPIENT_OK, Signal.ACCEPTED)
_MESSAGE_OK = said(words.MESSAGE_OK, Signal.ACCEPTED)


def _greet(session: Session) -> Turn:
    return said(words.greeting(session.terms.hostname), Signal.ACCEPTED)


def _welcome(session: Session) -> Turn:
    session.username = session.claimed
    return said(words.AUTH_OK, Signal.ACCEPTED)


def _take_sender(session: Session) -> Turn:
    return _SENDER_OK


def _take_recipient(session: Session) -> Turn:
    session.recipients.append(session.asked)
    return _RECIPIENT_OK


def _take_message(session: Session) -> Turn:
    # Whoever brings mail has earned new patience.
    session.idle_commands = session.errors = 0
    return _MESSAGE_OK


_YES: Mapping[State, Callable[[Session], Turn]] = {
    State.CONNECTED_ASKED: _greet,
    State.AUTH_ASKED: _welcome,
    State.MAIL_ASKED: _take_sender,
    State.FIRST_RCPT_ASKED: _take_recipient,
    State.RCPT_ASKED: _take_recipient,
    State.MESSAGE_ASKED: _take_message,
}

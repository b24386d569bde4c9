"""The client core: speaks to one server, one envelope after the other (RFC 5321, 2920, 3207, 4954)."""

from collections.abc import Callable, Mapping
from typing import Literal

from sendwright.smtp.client_life import FITTING, IN_TRANSACTION, LIFE, STAGES, Signal, State
from sendwright.smtp.dots import BadMessage, Prepared, prepare
from sendwright.smtp.envelope import Envelope
from sendwright.smtp.events import (
    ClientEvent,
    Closed,
    MayTransmit,
    ProtocolError,
    Ready,
    Stage,
    StartTls,
    Unusable,
)
from sendwright.smtp.extensions import Extensions, read_extensions
from sendwright.smtp.misuse import Misuse
from sendwright.smtp.replies import Garbage, Reply, ReplyReader, reply
from sendwright.smtp.speech import Credentials, auth_lines, checked_name, mail_command
from sendwright.smtp.transaction import Transaction, refusal_here
from sendwright.smtp.transcript import Line, Transcript, shown_text

TlsWish = Literal["never", "opportunistic", "required"]

# By the first digit, whatever the others are (RFC 5321 section 4.3.2).
_SIGNALS = {2: Signal.POSITIVE, 3: Signal.INTERMEDIATE, 4: Signal.TEMPORARY, 5: Signal.PERMANENT}
_REFUSED = frozenset({Signal.TEMPORARY, Signal.PERMANENT})
_ASKED_FOR = reply(250, "", "closed on our side")
_ENDING = frozenset({State.QUITTING, State.CLOSED})


class Client:
    """One conversation. Give what came to `feed`, write what `outgoing` returns after every call.

    `starttls`: "never" (also for a connection that began inside TLS, then with `secure=True`), "opportunistic" (in
    clear when the server has no TLS), "required" (the session is unusable without). `credentials` are never shown in
    clear after "opportunistic": a man in the middle could strip the offer.
    """

    def __init__(
        self,
        *,
        ehlo_name: str,
        starttls: TlsWish = "never",
        secure: bool = False,
        credentials: Credentials | None = None,
    ) -> None:
        self._ehlo_name = checked_name(ehlo_name)
        self._starttls = starttls
        self._secure = secure
        self._credentials = credentials
        self._state = State.CONNECTED
        self._extensions = Extensions()
        self._pipelines = False
        self._reader = ReplyReader()
        self._transcript = Transcript()
        self._out: list[bytes] = []
        self._events: list[ClientEvent] = []
        self._secrets: list[tuple[str, str]] = []
        self._transaction: Transaction | None = None
        self._agreement: Ready | None = None
        self._was_ready = False

    # --- what the shell may ask

    @property
    def state(self) -> State:
        return self._state

    @property
    def is_ready(self) -> bool:
        """Whether an envelope may be sent now."""
        return self._state is State.READY

    @property
    def stage(self) -> Stage | None:
        """What is waited for, which is what time limit applies; None when nothing is (ready, closed)."""
        return STAGES.get(self._state)

    @property
    def extensions(self) -> Extensions:
        return self._extensions

    def feed(self, received: bytes) -> list[ClientEvent]:
        """Takes any piece of what the server sent."""
        if self._state is State.CLOSED or not received:
            return []
        if self._state is State.UPGRADING:
            self._break("bytes in clear after the answer to STARTTLS", repr(received[:40]))
            return self._take_events()
        self._reader.feed(received)
        try:
            self._take_replies()
        except Garbage as garbage:
            self._break(garbage.why, garbage.said)
        return self._take_events()

    def outgoing(self) -> bytes:
        """What is to be written; once taken it counts as written."""
        out = self._out
        if len(out) == 1:
            return out.pop()
        self._out = []
        return b"".join(out)

    def outgoing_pieces(self) -> list[bytes]:
        """The same, not joined: so that a large message costs no copy."""
        out, self._out = self._out, []
        return out

    def take_transcript(self) -> tuple[Line, ...]:
        """What was said since the last call. Secrets are "***", a message is its size. Long talk is cut at 64 kB."""
        return self._transcript.take()

    def tls_started(self) -> list[ClientEvent]:
        """TLS stands. All that was learned before is forgotten (RFC 3207 section 4.2)."""
        self._require(Signal.UPGRADED)
        self._secure = True
        self._extensions = Extensions()
        self._pipelines = False
        self._reader = ReplyReader()
        return self._ask(Signal.UPGRADED)

    def send(self, envelope: Envelope) -> list[ClientEvent]:
        """Offers an envelope. What this server cannot take ends at once in a local Outcome; else MayTransmit comes."""
        self._require(Signal.SEND)
        transaction = Transaction(envelope, dsn="DSN" in self._extensions)
        refusal = refusal_here(envelope, self._extensions)
        if refusal is not None:
            transaction.settle(Stage.MAIL, refusal, local=True, in_doubt=False)
        if refusal is not None or not transaction.has_more_to_ask:
            self._events += [transaction.outcome(dot_written=False), self._ready()]
            return self._take_events()
        self._transaction = transaction
        return self._ask(Signal.SEND)

    def transmit(self, message: bytes | Prepared) -> list[ClientEvent]:
        """Gives the message after MayTransmit; CRLF is added when the last line has none.

        Raises BadMessage, and changes nothing, for what may never leave (gate G7) and for octets over 127 that the
        envelope does not declare. A large message is better prepared before, and taken with `outgoing_pieces`.
        """
        self._require(Signal.TRANSMIT)
        envelope = self._open.envelope
        made = message if isinstance(message, Prepared) else prepare(message)
        if not (envelope.body_8bit or envelope.smtputf8 or made.is_ascii):
            raise BadMessage("the message has octets over 127 and the envelope does not say so")
        self._out += made.pieces
        self._note(f"<{made.octets} bytes>")
        return self._ask(Signal.TRANSMIT)

    def abandon(self) -> list[ClientEvent]:
        """Instead of `transmit`: the connection is closed without the dot, so the server has to forget all."""
        self._require(Signal.ABANDON)
        return self._ask(Signal.ABANDON, reply(451, "4.3.0", "given up here before the message was sent"))

    def quit(self) -> list[ClientEvent]:
        """Says goodbye; Closed comes with the answer. No status depends on it."""
        self._require(Signal.QUIT)
        return self._ask(Signal.QUIT)

    def eof(self) -> list[ClientEvent]:
        """The server closed the connection."""
        return self.lost("the server closed the connection")

    def lost(self, why: str) -> list[ClientEvent]:
        """The connection is gone, or its time limit passed; `why` becomes the words of the local reply."""
        if self._state is not State.CLOSED:
            self._step(Signal.GONE, reply(451, "4.4.2", why), local=True)
        return self._take_events()

    # --- moving through the table

    @property
    def _open(self) -> Transaction:
        if self._transaction is None:
            raise Misuse("no envelope is under way")
        return self._transaction

    def _require(self, signal: Signal) -> None:
        if signal not in LIFE[self._state]:
            raise Misuse(f"{signal.value} cannot be while {self._state.value}")

    def _ask(self, signal: Signal, answer: Reply = _ASKED_FOR) -> list[ClientEvent]:
        self._step(signal, answer, local=True)
        return self._take_events()

    def _take_replies(self) -> None:
        while (heard := self._reader.next()) is not None:
            for line in heard.lines:
                self._transcript.add(line)
            self._answered(heard.reply)
            if self._state is State.CLOSED:
                break

    def _answered(self, answer: Reply) -> None:
        if answer.code == 421:
            return self._step(Signal.CLOSING, answer, local=False)
        if self._out:
            # Whoever answers a question that was not put yet cannot have read it: someone else is talking (A3).
            return self._break("an answer came before its command was written", str(answer)[:100])
        state, signal = self._state, _SIGNALS[answer.code // 100]
        meaning = _MEANINGS.get(state)
        if meaning is not None:
            signal = meaning(self, answer, signal)
        if signal not in FITTING[state]:
            return self._break(f"this answer cannot be: {state.value}", str(answer)[:100])
        if signal is Signal.UNFIT:
            # Always temporary: a 5xx to STARTTLS says nothing about the message.
            return self._step(signal, reply(451, "4.7.4", f"{self._unfitness()} (it said: {answer})"), local=True)
        return self._step(signal, answer, local=False)

    def _break(self, why: str, said: str) -> None:
        if self._state is not State.QUITTING:
            self._events.append(ProtocolError(why=why, said=said))
        self._step(Signal.GARBAGE, reply(451, "4.5.0", f"the server broke the protocol: {why}"), local=True)

    def _step(self, signal: Signal, answer: Reply, *, local: bool) -> None:
        """Moves, because of this answer; `local` when it is our own word."""
        before = self._state
        self._state = state = LIFE[before][signal]
        if self._transaction is not None and state not in IN_TRANSACTION:
            self._finish(self._transaction, before, answer, local=local)
        if state in _ENDING and not self._was_ready:
            self._was_ready = True  # said once: what follows is only the goodbye
            self._events.append(Unusable(stage=STAGES[before], reply=answer, local=local))
        if state is State.CLOSED:
            self._out.clear()
            self._events.append(Closed(why=str(answer)))
        else:
            _ENTER[state](self)

    def _finish(self, transaction: Transaction, before: State, answer: Reply, *, local: bool) -> None:
        written = before is State.DOT_WRITTEN
        transaction.settle(STAGES[before], answer, local=local, in_doubt=written and local)
        self._events.append(transaction.outcome(dot_written=written))
        self._transaction = None

    def _take_events(self) -> list[ClientEvent]:
        events, self._events = self._events, []
        return events

    # --- what is written on entering a state

    def _write(self, line: str) -> None:
        self._out.append(f"{line}\r\n".encode())
        self._transcript.add(Line("client", shown_text(line)))

    def _note(self, line: str) -> None:
        self._transcript.add(Line("client", shown_text(line)))

    def _enter_greeted(self) -> None:
        self._write(f"EHLO {self._ehlo_name}")

    def _enter_old_fashioned(self) -> None:
        self._write(f"HELO {self._ehlo_name}")

    def _enter_tls_asked(self) -> None:
        self._write("STARTTLS")

    def _enter_upgrading(self) -> None:
        if self._reader.pending:
            return self._break("bytes in clear after the answer to STARTTLS", "")
        return self._events.append(StartTls())

    def _enter_proving(self) -> None:
        line, as_shown = self._secrets.pop(0)
        self._out.append(f"{line}\r\n".encode())
        self._note(as_shown)

    def _enter_ready(self) -> None:
        self._was_ready = True
        self._events.append(self._ready())

    def _ready(self) -> Ready:
        if self._agreement is None:
            self._agreement = Ready(extensions=self._extensions, secure=self._secure)
        return self._agreement

    def _enter_mail_sent(self) -> None:
        self._write(mail_command(self._open.envelope, self._extensions))
        if self._pipelines:
            for question in self._open.questions:
                self._write(question)
            self._write("DATA")

    def _enter_rcpt_sent(self) -> None:
        if not self._pipelines:
            self._write(self._open.question)

    def _enter_data_sent(self) -> None:
        if not self._pipelines:
            self._write("DATA")

    def _enter_holding(self) -> None:
        self._events.append(MayTransmit(recipients=tuple(self._open.accepted)))

    def _enter_dot_written(self) -> None:
        """`transmit` has written everything."""

    def _enter_dot_for_nobody(self) -> None:
        self._write(".")

    def _enter_resetting(self) -> None:
        self._write("RSET")

    def _enter_quitting(self) -> None:
        self._write("QUIT")

    # --- what an answer means for this conversation

    def _hears_ehlo(self, answer: Reply, signal: Signal) -> Signal:
        if signal is not Signal.POSITIVE:
            return signal
        self._extensions = read_extensions(answer)
        self._pipelines = "PIPELINING" in self._extensions
        if self._starttls != "never" and not self._secure and "STARTTLS" in self._extensions:
            return Signal.TLS_NEXT
        return self._agreed()

    def _hears_helo(self, answer: Reply, signal: Signal) -> Signal:
        return self._agreed() if signal is Signal.POSITIVE else signal

    def _hears_starttls(self, answer: Reply, signal: Signal) -> Signal:
        return self._agreed() if signal in _REFUSED else signal

    def _agreed(self) -> Signal:
        if self._unfitness():
            return Signal.UNFIT
        if self._credentials is None:
            return Signal.SETTLED
        self._secrets = list(auth_lines(self._credentials, self._extensions.mechanisms))
        return Signal.AUTH_NEXT

    def _unfitness(self) -> str:
        if self._starttls == "required" and not self._secure:
            return "TLS is required here and the server does not give it"
        if self._credentials is None:
            return ""
        if self._starttls != "never" and not self._secure:
            return "the password is not shown without TLS, and the server does not give it"
        if not self._extensions.mechanisms & {"PLAIN", "LOGIN"}:
            return "the server offers neither AUTH PLAIN nor AUTH LOGIN"
        return ""

    def _hears_auth(self, answer: Reply, signal: Signal) -> Signal:
        # A server that asks for more than the mechanism has would ask for ever.
        return Signal.GARBAGE if signal is Signal.INTERMEDIATE and not self._secrets else signal

    def _hears_mail(self, answer: Reply, signal: Signal) -> Signal:
        if signal is Signal.INTERMEDIATE:
            return signal
        transaction = self._open
        transaction.mail_taken = signal is Signal.POSITIVE
        if not transaction.mail_taken:
            transaction.settle(Stage.MAIL, answer, local=False, in_doubt=False)
        return Signal.GOES_ON if transaction.mail_taken or self._pipelines else Signal.OVER

    def _hears_rcpt(self, answer: Reply, signal: Signal) -> Signal:
        if signal is Signal.INTERMEDIATE:
            return signal
        transaction = self._open
        transaction.answer_rcpt(answer)
        if transaction.has_more_to_ask:
            return Signal.MORE
        return Signal.GOES_ON if transaction.accepted or self._pipelines else Signal.OVER

    def _hears_data(self, answer: Reply, signal: Signal) -> Signal:
        # RFC 2920 section 3.1: DATA was written before anyone knew that nobody was accepted.
        return Signal.OVER if signal is Signal.INTERMEDIATE and not self._open.accepted else signal


_MEANINGS: Mapping[State, Callable[[Client, Reply, Signal], Signal]] = {
    State.GREETED: Client._hears_ehlo,
    State.OLD_FASHIONED: Client._hears_helo,
    State.TLS_ASKED: Client._hears_starttls,
    State.PROVING: Client._hears_auth,
    State.MAIL_SENT: Client._hears_mail,
    State.RCPT_SENT: Client._hears_rcpt,
    State.DATA_SENT: Client._hears_data,
}
_ENTER: Mapping[State, Callable[[Client], None]] = {
    State.GREETED: Client._enter_greeted,
    State.OLD_FASHIONED: Client._enter_old_fashioned,
    State.TLS_ASKED: Client._enter_tls_asked,
    State.UPGRADING: Client._enter_upgrading,
    State.PROVING: Client._enter_proving,
    State.READY: Client._enter_ready,
    State.MAIL_SENT: Client._enter_mail_sent,
    State.RCPT_SENT: Client._enter_rcpt_sent,
    State.DATA_SENT: Client._enter_data_sent,
    State.HOLDING: Client._enter_holding,
    State.DOT_WRITTEN: Client._enter_dot_written,
    State.DOT_FOR_NOBODY: Client._enter_dot_for_nobody,
    State.RESETTING: Client._enter_resetting,
    State.QUITTING: Client._enter_quitting,
}

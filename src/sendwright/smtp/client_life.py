"""The life of a client as a table: state -> what happened -> next state.

Two rules of this file: whatever can change the state is here, and nothing here reads or writes. What happened is either
what the server did (`FROM_SERVER`), what the shell asked (`FROM_SHELL`), or what an answer means for this conversation
(the rest), where the answer alone does not decide. A pair that is not listed: from the server it breaks the protocol
and closes the session; from the shell it is misuse and changes nothing; of the rest it cannot arise.
"""

from collections.abc import Mapping
from enum import Enum

from sendwright.smtp.events import Stage


class State(Enum):
    __hash__ = object.__hash__
    """Named by what is true."""

    CONNECTED = "the greeting has not come"
    GREETED = "EHLO is written"
    OLD_FASHIONED = "HELO is written, because EHLO was refused"
    TLS_ASKED = "STARTTLS is written"
    UPGRADING = "the shell negotiates TLS"
    PROVING = "AUTH is written"
    READY = "an envelope may be sent"
    MAIL_SENT = "MAIL is written, its answer is next"
    RCPT_SENT = "at least one RCPT is written, its answer is next"
    DATA_SENT = "DATA is written, its answer is next"
    HOLDING = "the server waits for the message, the shell has not given it"
    DOT_WRITTEN = "the whole message is written"
    DOT_FOR_NOBODY = "the server waits for a message that has no recipient: a lone dot is written"
    RESETTING = "RSET is written"
    QUITTING = "QUIT is written"
    CLOSED = "nothing more is said"


class Signal(Enum):
    __hash__ = object.__hash__
    """What happened."""

    POSITIVE = "2xx"
    INTERMEDIATE = "3xx"
    TEMPORARY = "4xx"
    PERMANENT = "5xx"
    CLOSING = "421"
    GARBAGE = "no reply at all"
    GONE = "connection lost"

    SEND = "send()"
    TRANSMIT = "transmit()"
    ABANDON = "abandon()"
    UPGRADED = "tls_started()"
    QUIT = "quit()"

    TLS_NEXT = "TLS wanted and offered"
    AUTH_NEXT = "credentials to show"
    SETTLED = "nothing left to agree on"
    UNFIT = "what we need is not offered"
    GOES_ON = "the next command has an answer to come"
    MORE = "more recipients"
    OVER = "nobody left to send to"


FROM_SERVER = frozenset(
    {
        Signal.POSITIVE,
        Signal.INTERMEDIATE,
        Signal.TEMPORARY,
        Signal.PERMANENT,
        Signal.CLOSING,
        Signal.GARBAGE,
        Signal.GONE,
    }
)
FROM_SHELL = frozenset({Signal.SEND, Signal.TRANSMIT, Signal.ABANDON, Signal.UPGRADED, Signal.QUIT})

_AGREED = {Signal.AUTH_NEXT: State.PROVING, Signal.SETTLED: State.READY, Signal.UNFIT: State.QUITTING}
_EXPECTED: Mapping[State, Mapping[Signal, State]] = {
    State.CONNECTED: {
        Signal.POSITIVE: State.GREETED,
        Signal.TEMPORARY: State.QUITTING,
        Signal.PERMANENT: State.QUITTING,
    },
    State.GREETED: {
        **_AGREED,
        Signal.TLS_NEXT: State.TLS_ASKED,
        Signal.TEMPORARY: State.QUITTING,
        Signal.PERMANENT: State.OLD_FASHIONED,
    },
    State.OLD_FASHIONED: {**_AGREED, Signal.TEMPORARY: State.QUITTING, Signal.PERMANENT: State.QUITTING},
    # A refused STARTTLS is settled (in clear) or unfit, by what the caller wants.
    State.TLS_ASKED: {
        Signal.POSITIVE: State.UPGRADING,
        Signal.SETTLED: State.READY,
        Signal.UNFIT: State.QUITTING,
    },
    State.UPGRADING: {Signal.UPGRADED: State.GREETED},
    State.PROVING: {
        Signal.POSITIVE: State.READY,
        Signal.INTERMEDIATE: State.PROVING,
        Signal.TEMPORARY: State.QUITTING,
        Signal.PERMANENT: State.QUITTING,
    },
    State.READY: {Signal.SEND: State.MAIL_SENT, Signal.QUIT: State.QUITTING},
    State.MAIL_SENT: {Signal.GOES_ON: State.RCPT_SENT, Signal.OVER: State.READY},
    State.RCPT_SENT: {
        Signal.MORE: State.RCPT_SENT,
        Signal.GOES_ON: State.DATA_SENT,
        Signal.OVER: State.RESETTING,
    },
    State.DATA_SENT: {
        Signal.INTERMEDIATE: State.HOLDING,
        Signal.OVER: State.DOT_FOR_NOBODY,
        Signal.TEMPORARY: State.RESETTING,
        Signal.PERMANENT: State.RESETTING,
    },
    State.HOLDING: {Signal.TRANSMIT: State.DOT_WRITTEN, Signal.ABANDON: State.CLOSED},
    # RFC 5321 section 4.1.1.4 ends the transaction with any answer to the dot; after a refusal RSET makes sure of it.
    State.DOT_WRITTEN: {
        Signal.POSITIVE: State.READY,
        Signal.TEMPORARY: State.RESETTING,
        Signal.PERMANENT: State.RESETTING,
    },
    State.DOT_FOR_NOBODY: {
        Signal.POSITIVE: State.RESETTING,
        Signal.TEMPORARY: State.RESETTING,
        Signal.PERMANENT: State.RESETTING,
    },
    State.RESETTING: {
        Signal.POSITIVE: State.READY,
        Signal.TEMPORARY: State.QUITTING,
        Signal.PERMANENT: State.QUITTING,
    },
    State.QUITTING: {},
    State.CLOSED: {},
}

UNEXPECTED = dict.fromkeys(FROM_SERVER, State.CLOSED)
LIFE: Mapping[State, Mapping[Signal, State]] = {state: {**UNEXPECTED, **row} for state, row in _EXPECTED.items()}


_DEAF = frozenset({State.QUITTING, State.CLOSED})
FITTING: Mapping[State, frozenset[Signal]] = {
    state: FROM_SERVER if state in _DEAF else frozenset(row) for state, row in _EXPECTED.items()
}
"""What an answer may come to in a state without breaking the protocol. After QUIT anything is a goodbye."""

STAGES: Mapping[State, Stage] = {
    State.CONNECTED: Stage.GREETING,
    State.GREETED: Stage.EHLO,
    State.OLD_FASHIONED: Stage.EHLO,
    State.TLS_ASKED: Stage.TLS,
    State.UPGRADING: Stage.TLS,
    State.PROVING: Stage.AUTH,
    State.MAIL_SENT: Stage.MAIL,
    State.RCPT_SENT: Stage.RCPT,
    State.DATA_SENT: Stage.DATA,
    State.HOLDING: Stage.DATA,
    State.DOT_WRITTEN: Stage.FINAL,
    State.DOT_FOR_NOBODY: Stage.FINAL,
    State.RESETTING: Stage.RESET,
    State.QUITTING: Stage.QUIT,
}
IN_TRANSACTION = frozenset(
    {State.MAIL_SENT, State.RCPT_SENT, State.DATA_SENT, State.HOLDING, State.DOT_WRITTEN},
)

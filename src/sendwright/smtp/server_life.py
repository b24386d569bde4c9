"""The life of a server's conversation as a table: state -> what happened -> next state.

A command that is not listed in a state is answered 503 and changes nothing; one whose words are wrong is answered 501
and never reaches this table. The rest of the signals arise only where they are listed. From every state `CUT` leads to
CLOSED: a limit was passed, the shell hung up, or the client is gone.
"""

from collections.abc import Mapping
from enum import Enum


class State(Enum):
    __hash__ = object.__hash__
    """Named by what is true. In a state that ends in ASKED the shell owes an answer and input waits."""

    CONNECTED_ASKED = "the shell has not decided to greet"
    STRANGER = "greeted, EHLO or HELO has to come"
    IDLE = "a transaction may begin"
    AUTH_TALK = "the client owes a line of AUTH"
    AUTH_ASKED = "the shell is asked about credentials"
    MAIL_ASKED = "the shell is asked about the sender"
    SENDER_KNOWN = "the sender is taken, no recipient yet"
    FIRST_RCPT_ASKED = "the shell is asked about a recipient, none is taken yet"
    RECIPIENTS_KNOWN = "at least one recipient is taken"
    RCPT_ASKED = "the shell is asked about another recipient"
    RECEIVING = "the message comes, up to the lone dot"
    CHUNK_COMING = "the octets of a chunk come"
    CHUNKED = "a chunk is here, more have to come"
    MESSAGE_ASKED = "the shell is asked to take the message"
    UPGRADING = "the shell negotiates TLS"
    CLOSED = "nothing more is said"


class Signal(Enum):
    __hash__ = object.__hash__
    """What happened: first the commands, then the rest."""

    HELO = "HELO"
    EHLO = "EHLO"
    AUTH = "AUTH"
    STARTTLS = "STARTTLS"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BDAT = "BDAT"
    RSET = "RSET"
    NOOP = "NOOP"
    VRFY = "VRFY"
    EXPN = "EXPN"
    HELP = "HELP"
    QUIT = "QUIT"

    ACCEPTED = "accept()"
    REFUSED = "refuse()"
    UPGRADED = "tls_started()"
    CREDENTIALS = "credentials complete"
    NO_CREDENTIALS = "AUTH given up"
    CHUNK = "chunk complete"
    MESSAGE = "message complete"
    SPOILED = "message cannot be taken"
    CUT = "cut"


COMMANDS: Mapping[bytes, Signal] = {signal.value.encode(): signal for signal in Signal if signal.value.isupper()}

_ALWAYS = {
    Signal.NOOP: None,
    Signal.VRFY: None,
    Signal.EXPN: None,
    Signal.HELP: None,
    Signal.QUIT: State.CLOSED,
    Signal.CUT: State.CLOSED,
}


def _commands(state: State, moves: Mapping[Signal, State]) -> Mapping[Signal, State]:
    """A state in which commands are read: what is always possible, and its own moves."""
    return {**{signal: to or state for signal, to in _ALWAYS.items()}, **moves}


def _question(accepted: State, refused: State) -> Mapping[Signal, State]:
    return {Signal.ACCEPTED: accepted, Signal.REFUSED: refused, Signal.CUT: State.CLOSED}


_RESET = {Signal.HELO: State.IDLE, Signal.EHLO: State.IDLE, Signal.RSET: State.IDLE}

LIFE: Mapping[State, Mapping[Signal, State]] = {
    State.CONNECTED_ASKED: _question(State.STRANGER, State.CLOSED),
    State.STRANGER: _commands(State.STRANGER, {**_RESET, Signal.RSET: State.STRANGER}),
    State.IDLE: _commands(
        State.IDLE,
        {
            **_RESET,
            Signal.MAIL: State.MAIL_ASKED,
            Signal.AUTH: State.AUTH_TALK,
            Signal.CREDENTIALS: State.AUTH_ASKED,
            Signal.NO_CREDENTIALS: State.IDLE,
            Signal.STARTTLS: State.UPGRADING,
        },
    ),
    State.AUTH_TALK: {
        Signal.AUTH: State.AUTH_TALK,
        Signal.CREDENTIALS: State.AUTH_ASKED,
        Signal.NO_CREDENTIALS: State.IDLE,
        Signal.CUT: State.CLOSED,
    },
    State.AUTH_ASKED: _question(State.IDLE, State.IDLE),
    State.MAIL_ASKED: _question(State.SENDER_KNOWN, State.IDLE),
    State.SENDER_KNOWN: _commands(State.SENDER_KNOWN, {**_RESET, Signal.RCPT: State.FIRST_RCPT_ASKED}),
    State.FIRST_RCPT_ASKED: _question(State.RECIPIENTS_KNOWN, State.SENDER_KNOWN),
    State.RECIPIENTS_KNOWN: _commands(
        State.RECIPIENTS_KNOWN,
        {
            **_RESET,
            Signal.RCPT: State.RCPT_ASKED,
            Signal.DATA: State.RECEIVING,
            Signal.BDAT: State.CHUNK_COMING,
            Signal.SPOILED: State.IDLE,
        },
    ),
    State.RCPT_ASKED: _question(State.RECIPIENTS_KNOWN, State.RECIPIENTS_KNOWN),
    State.RECEIVING: {Signal.MESSAGE: State.MESSAGE_ASKED, Signal.SPOILED: State.IDLE, Signal.CUT: State.CLOSED},
    State.CHUNK_COMING: {
        Signal.CHUNK: State.CHUNKED,
        Signal.MESSAGE: State.MESSAGE_ASKED,
        Signal.SPOILED: State.IDLE,
        Signal.CUT: State.CLOSED,
    },
    # RFC 3030 section 3: DATA and BDAT are not mixed.
    State.CHUNKED: _commands(State.CHUNKED, {**_RESET, Signal.BDAT: State.CHUNK_COMING, Signal.SPOILED: State.IDLE}),
    State.MESSAGE_ASKED: _question(State.IDLE, State.IDLE),
    # RFC 3207 section 4.2: after TLS the server knows nothing of the client.
    State.UPGRADING: {Signal.UPGRADED: State.STRANGER, Signal.CUT: State.CLOSED},
    State.CLOSED: {Signal.CUT: State.CLOSED},
}

ASKED = frozenset(state for state, row in LIFE.items() if Signal.ACCEPTED in row)
IN_TRANSACTION = frozenset(
    {
        State.MAIL_ASKED,
        State.SENDER_KNOWN,
        State.FIRST_RCPT_ASKED,
        State.RECIPIENTS_KNOWN,
        State.RCPT_ASKED,
        State.RECEIVING,
        State.CHUNK_COMING,
        State.CHUNKED,
        State.MESSAGE_ASKED,
    }
)

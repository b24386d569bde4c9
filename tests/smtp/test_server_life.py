"""Every pair of a server's state and what can happen in it."""

from collections.abc import Callable

import pytest

from sendwright import smtp
from sendwright.smtp.server_life import ASKED, COMMANDS, LIFE, Signal, State
from tests.smtp.servers import codes, in_state

_LATER = smtp.Reply(code=451, enhanced="4.3.0", lines=("later",))


def line(text: bytes) -> Callable[[smtp.Server], object]:
    return lambda server: server.feed(text + b"\r\n")


ACTS: dict[str, Callable[[smtp.Server], object]] = {
    "EHLO": line(b"EHLO a.example.com"),
    "MAIL": line(b"MAIL FROM:<a@example.com>"),
    "RCPT": line(b"RCPT TO:<b@example.org>"),
    "DATA": line(b"DATA"),
    "BDAT": line(b"BDAT 1"),
    "RSET": line(b"RSET"),
    "STARTTLS": line(b"STARTTLS"),
    "AUTH": line(b"AUTH LOGIN"),
    "QUIT": line(b"QUIT"),
    "accept": lambda server: server.accept(),
    "refuse": lambda server: server.refuse(_LATER),
    "tls": lambda server: server.tls_started(),
    "eof": lambda server: server.eof(),
}

# Written by hand, not taken from the table under test. "503" and the like: answered so, and nothing changes. ".":
# nothing changes, as input waits or is part of the message. "-" is misuse. The server offers neither TLS nor AUTH, but
# where the state itself needs them. In AUTH_TALK a command is a response: "RSET" and "QUIT" happen to be good base64.
EXPECTED = """
                  EHLO   MAIL       RCPT             DATA      BDAT         RSET     STARTTLS AUTH      QUIT   accept           refuse       tls      eof
CONNECTED_ASKED   .      .          .                .         .            .        .        .         .      STRANGER         CLOSED       -        CLOSED
STRANGER          IDLE   503        503              503       503          250      503      503       CLOSED -                -            -        CLOSED
IDLE              IDLE   MAIL_ASKED 503              503       503          250      454      502       CLOSED -                -            -        CLOSED
AUTH_TALK         IDLE   IDLE       IDLE             IDLE      IDLE         334      IDLE     IDLE      334    -                -            -        CLOSED
AUTH_ASKED        .      .          .                .         .            .        .        .         .      IDLE             IDLE         -        CLOSED
MAIL_ASKED        .      .          .                .         .            .        .        .         .      SENDER_KNOWN     IDLE         -        CLOSED
SENDER_KNOWN      IDLE   503        FIRST_RCPT_ASKED 503       503          IDLE     503      503       CLOSED -                -            -        CLOSED
FIRST_RCPT_ASKED  .      .          .                .         .            .        .        .         .      RECIPIENTS_KNOWN SENDER_KNOWN -        CLOSED
RECIPIENTS_KNOWN  IDLE   503        RCPT_ASKED       RECEIVING CHUNK_COMING IDLE     503      503       CLOSED -                -            -        CLOSED
RCPT_ASKED        .      .          .                .         .            .        .        .         .      RECIPIENTS_KNOWN RECIPIENTS_KNOWN -    CLOSED
RECEIVING         .      .          .                .         .            .        .        .         .      -                -            -        CLOSED
CHUNK_COMING      .      .          .                .         .            .        .        .         .      -                -            -        CLOSED
CHUNKED           IDLE   503        503              503       CHUNK_COMING IDLE     503      503       CLOSED -                -            -        CLOSED
MESSAGE_ASKED     .      .          .                .         .            .        .        .         .      IDLE             IDLE         -        CLOSED
UPGRADING         CLOSED CLOSED     CLOSED           CLOSED    CLOSED       CLOSED   CLOSED   CLOSED    CLOSED -                -            STRANGER CLOSED
CLOSED            .      .          .                .         .            .        .        .         .      .                .            -        .
"""  # noqa: E501 - a table is read across
PAIRS = [
    pytest.param(State[name], act, to, id=f"{name}-{act}")
    for name, *row in (line.split() for line in EXPECTED.strip().splitlines()[1:])
    for act, to in zip(ACTS, row, strict=True)
]


@pytest.mark.parametrize(("state", "act", "to"), PAIRS)
def test_every_pair_of_state_and_act_leads_where_the_plan_says(state: State, act: str, to: str) -> None:
    server = in_state(state)
    if to == "-":
        with pytest.raises(smtp.Misuse):
            ACTS[act](server)
        assert server.state is state
        return
    ACTS[act](server)
    if to == ".":
        assert (server.state, server.outgoing()) == (state, b"")
    elif to.isdigit():
        assert (server.state, codes(server)) == (state, [to])
    else:
        assert server.state.name == to


def test_the_plan_has_every_state() -> None:
    assert {pair.values[0] for pair in PAIRS} == set(State) == set(LIFE)


@pytest.mark.parametrize("state", State)
def test_from_every_state_a_cut_leads_to_the_end(state: State) -> None:
    assert LIFE[state][Signal.CUT] is State.CLOSED


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_a_server_hangs_up_in_any_state_with_its_last_words(state: State) -> None:
    server = in_state(state)
    (closed,) = server.hang_up(smtp.Reply(code=421, enhanced="4.4.2", lines=("idle for too long",)))
    assert (closed, server.outgoing()) == (
        smtp.events.Closed(why="421 4.4.2 idle for too long"),
        b"421 4.4.2 idle for too long\r\n",
    )


def test_input_is_not_wanted_exactly_while_an_answer_is_owed_and_after_the_end() -> None:
    unwilling = {state for state in State if not in_state(state).wants_input}
    assert unwilling == ASKED | {State.CLOSED}


@pytest.mark.parametrize("state", [state for state in State if state in ASKED and state is not State.CONNECTED_ASKED])
def test_421_as_an_answer_ends_the_conversation(state: State) -> None:
    server = in_state(state)
    server.refuse(smtp.Reply(code=421, enhanced="4.3.2", lines=("shutting down",)))
    assert (server.state, codes(server)) == (State.CLOSED, ["421"])


def test_a_refusal_must_be_4xx_or_5xx() -> None:
    with pytest.raises(smtp.Misuse):
        in_state(State.MAIL_ASKED).refuse(smtp.Reply(code=250, lines=("ok",)))


def test_every_signal_is_used_in_the_table() -> None:
    assert {signal for row in LIFE.values() for signal in row} == set(Signal)


def test_the_commands_are_those_of_rfc_5321_and_the_extensions_offered() -> None:
    assert sorted(COMMANDS) == sorted(
        b"HELO EHLO MAIL RCPT DATA RSET NOOP QUIT VRFY EXPN HELP AUTH STARTTLS BDAT".split()
    )

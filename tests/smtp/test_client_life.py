"""Every pair of a client's state and what can happen in it."""

from collections.abc import Callable

import pytest

from sendwright import smtp
from sendwright.smtp.client_life import FROM_SERVER, FROM_SHELL, LIFE, STAGES, Signal, State
from tests.smtp.clients import ENVELOPE, PLAIN, holding, in_state, ready

ACTS: dict[str, Callable[[smtp.Client], object]] = {
    "2xx": lambda client: client.feed(b"250 ok\r\n"),
    "3xx": lambda client: client.feed(b"354 go\r\n"),
    "4xx": lambda client: client.feed(b"450 later\r\n"),
    "5xx": lambda client: client.feed(b"550 no\r\n"),
    "421": lambda client: client.feed(b"421 closing\r\n"),
    "garbage": lambda client: client.feed(b"HTTP/1.1 400 Bad Request\r\n"),
    "eof": lambda client: client.eof(),
    "send": lambda client: client.send(ENVELOPE),
    "transmit": lambda client: client.transmit(b"hello\r\n"),
    "abandon": lambda client: client.abandon(),
    "tls_started": lambda client: client.tls_started(),
    "quit": lambda client: client.quit(),
}

# Written by hand, not taken from the table under test. "-" is misuse: refused, and nothing changes.
EXPECTED = """
                2xx       3xx       4xx       5xx            421     garbage eof     send       transmit    abandon tls     quit
CONNECTED       GREETED   CLOSED    QUITTING  QUITTING       CLOSED  CLOSED  CLOSED  -          -           -       -       -
GREETED         READY     CLOSED    QUITTING  OLD_FASHIONED  CLOSED  CLOSED  CLOSED  -          -           -       -       -
OLD_FASHIONED   READY     CLOSED    QUITTING  QUITTING       CLOSED  CLOSED  CLOSED  -          -           -       -       -
TLS_ASKED       UPGRADING CLOSED    READY     READY          CLOSED  CLOSED  CLOSED  -          -           -       -       -
UPGRADING       CLOSED    CLOSED    CLOSED    CLOSED         CLOSED  CLOSED  CLOSED  -          -           -       GREETED -
PROVING         READY     PROVING   QUITTING  QUITTING       CLOSED  CLOSED  CLOSED  -          -           -       -       -
READY           CLOSED    CLOSED    CLOSED    CLOSED         CLOSED  CLOSED  CLOSED  MAIL_SENT  -           -       -       QUITTING
MAIL_SENT       RCPT_SENT CLOSED    READY     READY          CLOSED  CLOSED  CLOSED  -          -           -       -       -
RCPT_SENT       RCPT_SENT CLOSED    RCPT_SENT RCPT_SENT      CLOSED  CLOSED  CLOSED  -          -           -       -       -
DATA_SENT       CLOSED    HOLDING   RESETTING RESETTING      CLOSED  CLOSED  CLOSED  -          -           -       -       -
HOLDING         CLOSED    CLOSED    CLOSED    CLOSED         CLOSED  CLOSED  CLOSED  -          DOT_WRITTEN CLOSED  -       -
DOT_WRITTEN     READY     CLOSED    RESETTING RESETTING      CLOSED  CLOSED  CLOSED  -          -           -       -       -
DOT_FOR_NOBODY  RESETTING CLOSED    RESETTING RESETTING      CLOSED  CLOSED  CLOSED  -          -           -       -       -
RESETTING       READY     CLOSED    QUITTING  QUITTING       CLOSED  CLOSED  CLOSED  -          -           -       -       -
QUITTING        CLOSED    CLOSED    CLOSED    CLOSED         CLOSED  CLOSED  CLOSED  -          -           -       -       -
CLOSED          CLOSED    CLOSED    CLOSED    CLOSED         CLOSED  CLOSED  CLOSED  -          -           -       -       -
"""  # noqa: E501 - a table is read across
PAIRS = [
    pytest.param(State[name], act, to, id=f"{name}-{act}")
    for name, *row in (line.split() for line in EXPECTED.strip().splitlines()[1:])
    for act, to in zip(ACTS, row, strict=True)
]


@pytest.mark.parametrize(("state", "act", "to"), PAIRS)
def test_every_pair_of_state_and_act_leads_where_the_plan_says(state: State, act: str, to: str) -> None:
    client = in_state(state)
    if to == "-":
        with pytest.raises(smtp.Misuse):
            ACTS[act](client)
        assert client.state is state
    else:
        ACTS[act](client)
        assert client.state.name == to


def test_the_plan_has_every_state() -> None:
    assert {pair.values[0] for pair in PAIRS} == set(State) == set(LIFE)


@pytest.mark.parametrize("state", State)
def test_whatever_a_server_does_has_a_next_state(state: State) -> None:
    assert set(LIFE[state]) >= FROM_SERVER


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_a_session_that_breaks_off_ends_with_closed(state: State) -> None:
    assert isinstance(in_state(state).lost("time is over")[-1], smtp.events.Closed)


@pytest.mark.parametrize("act", ["2xx", "eof", "garbage"])
def test_after_the_end_nothing_happens(act: str) -> None:
    assert ACTS[act](in_state(State.CLOSED)) == []


@pytest.mark.parametrize("state", [state for state in State if state in STAGES])
def test_each_state_that_waits_says_which_stage_it_waits_in(state: State) -> None:
    assert in_state(state).stage is STAGES[state]


def test_a_ready_client_waits_for_nothing() -> None:
    assert ready().stage is None


def test_every_signal_is_used_in_the_table() -> None:
    assert {signal for row in LIFE.values() for signal in row} == set(Signal)


def test_a_shell_signal_that_is_misused_leaves_the_message_waiting() -> None:
    client = holding()
    with pytest.raises(smtp.BadMessage):
        client.transmit(b"bare\nline feed\r\n")
    assert (client.state, client.outgoing()) == (State.HOLDING, b"")


def test_an_envelope_without_recipients_is_misuse() -> None:
    with pytest.raises(smtp.Misuse):
        ready(PLAIN).send(smtp.Envelope(mail_from="", rcpt_to=()))


def test_the_shell_can_ask_five_things() -> None:
    assert len(FROM_SHELL) == 5

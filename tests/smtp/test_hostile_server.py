"""Servers that misbehave (attacks A3 and A13): the right outcome, in bounded memory."""

import pytest

from sendwright import smtp
from sendwright.smtp.client_life import State
from sendwright.smtp.replies import REPLY_OCTETS
from tests.smtp.clients import ENVELOPE, TO_TWO, hears, holding, in_state, ready, sending

events = smtp.events


def kinds(happened: list[events.ClientEvent]) -> list[type]:
    return [type(event) for event in happened]


def test_a_reply_without_end_is_cut_off_after_100_lines() -> None:
    client = in_state(State.GREETED)
    happened = client.feed(b"250-X\r\n" * 100)
    assert kinds(happened) == [events.ProtocolError, events.Unusable, events.Closed]


def test_a_reply_of_99_lines_and_a_last_one_is_taken() -> None:
    client = in_state(State.GREETED)
    assert kinds(client.feed(b"250-X\r\n" * 99 + b"250 X\r\n")) == [events.Ready]


def test_a_line_without_end_is_cut_off_at_64_kilobytes() -> None:
    client = in_state(State.CONNECTED)
    assert client.feed(b"220 " + b"x" * (REPLY_OCTETS - 4)) == []
    assert kinds(client.feed(b"x")) == [events.ProtocolError, events.Unusable, events.Closed]


def test_what_was_said_wrong_is_shown_shortened() -> None:
    broken = in_state(State.CONNECTED).feed(b"220-" + b"\x1b" * 70_000)[0]
    assert isinstance(broken, events.ProtocolError)
    assert broken.said.startswith("220-\\x1b")
    assert len(broken.said) <= 400


def test_a_long_line_is_cut_to_one_kilobyte_and_still_counts() -> None:
    client = in_state(State.CONNECTED)
    (unusable,) = client.feed(b"554 " + b"x" * 5_000 + b"\r\n")
    assert isinstance(unusable, events.Unusable)
    assert unusable.reply.text == "x" * 1_020


def test_a_reply_that_comes_octet_by_octet_is_taken() -> None:
    client = in_state(State.CONNECTED)
    for place in range(10):
        client.feed(b"220 hello\r\n"[place : place + 1])
    assert client.state is State.CONNECTED
    client.feed(b"\n")
    assert client.state is State.GREETED


@pytest.mark.parametrize(
    "said",
    [
        b"250 ok\n",
        b"250 o\rk\r\n",
        b"250\rok\r\n",
        b"\r\n",
        b"25\r\n",
        b"2500 ok\r\n",
        b"150 wait\r\n",
        b"650 what\r\n",
        b"250-one\r\n251 two\r\n",
        b"\xb250 ok\r\n",
    ],
)
def test_what_is_no_reply_ends_the_session(said: bytes) -> None:
    happened = in_state(State.GREETED).feed(said)
    assert kinds(happened) == [events.ProtocolError, events.Unusable, events.Closed]


def test_an_answer_before_the_question_was_written_ends_the_session() -> None:
    client = smtp.Client(ehlo_name="a.example.com")
    happened = client.feed(b"220 mx.example.org\r\n250 mx.example.org\r\n")
    assert kinds(happened) == [events.ProtocolError, events.Unusable, events.Closed]


def test_421_counts_even_before_the_question_was_written() -> None:
    client = smtp.Client(ehlo_name="a.example.com")
    happened = client.feed(b"220 mx.example.org\r\n421 closing\r\n")
    assert kinds(happened) == [events.Unusable, events.Closed]


def test_after_421_nothing_is_written() -> None:
    client = smtp.Client(ehlo_name="a.example.com")
    client.feed(b"220 mx.example.org\r\n421 closing\r\n")
    assert client.outgoing() == b""


def test_text_behind_the_answer_to_starttls_in_one_piece_ends_the_session() -> None:
    client = in_state(State.TLS_ASKED)
    happened = client.feed(b"220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n")
    assert kinds(happened) == [events.ProtocolError, events.Unusable, events.Closed]


def test_text_behind_the_answer_to_starttls_in_the_next_piece_ends_the_session() -> None:
    client = in_state(State.UPGRADING)
    happened = client.feed(b"250-mx\r\n250 AUTH PLAIN\r\n")
    assert kinds(happened) == [events.ProtocolError, events.Unusable, events.Closed]


def test_nothing_offered_before_tls_counts_after_it() -> None:
    client = smtp.Client(ehlo_name="a.example.com", starttls="required")
    hears(client, b"220 hi\r\n", b"250-mx\r\n250-SIZE 10\r\n250-PIPELINING\r\n250 STARTTLS\r\n", b"220 go\r\n")
    client.tls_started()
    assert client.extensions.offered == {}


def test_starttls_offered_again_inside_tls_is_not_asked_again() -> None:
    client = in_state(State.UPGRADING)
    client.tls_started()
    (event,) = hears(client, b"250-mx\r\n250 STARTTLS\r\n")
    assert event == events.Ready(extensions=client.extensions, secure=True)


def test_recipients_taken_and_then_refused_at_the_end_are_refused() -> None:
    client = holding()
    client.transmit(b"hello\r\n")
    outcome, *_ = hears(client, b"554 5.7.1 no\r\n")
    assert isinstance(outcome, events.Outcome)
    assert [(answer.stage, answer.kind, answer.in_doubt) for answer in outcome.answers] == [
        (smtp.Stage.FINAL, smtp.Kind.PERMANENT, False)
    ]


def test_an_answer_while_the_message_is_held_back_is_not_taken_for_the_final_one() -> None:
    happened = holding().feed(b"250 delivered\r\n")
    outcome = happened[1]
    assert isinstance(outcome, events.Outcome)
    assert (outcome.dot_written, outcome.answers[0].local, outcome.in_doubt) == (False, True, False)


def test_garbage_after_the_dot_leaves_the_message_in_doubt() -> None:
    client = holding()
    client.transmit(b"hello\r\n")
    client.outgoing()
    outcome = client.feed(b"<html>\r\n")[1]
    assert isinstance(outcome, events.Outcome)
    assert outcome.in_doubt


def test_421_after_the_dot_is_an_answer_and_leaves_no_doubt() -> None:
    client = holding()
    client.transmit(b"hello\r\n")
    client.outgoing()
    outcome = client.feed(b"421 4.3.2 shutting down\r\n")[0]
    assert isinstance(outcome, events.Outcome)
    assert (outcome.dot_written, outcome.in_doubt) == (True, False)


def test_a_server_that_asks_for_ever_during_auth_is_left() -> None:
    client = in_state(State.PROVING)
    happened = hears(client, b"334 a\r\n", b"334 b\r\n", b"334 c\r\n")
    assert kinds(happened) == [events.ProtocolError, events.Unusable, events.Closed]


def test_garbage_as_goodbye_is_a_goodbye() -> None:
    assert kinds(in_state(State.QUITTING).feed(b"so long\r\n")) == [events.Closed]


def test_a_session_lost_before_the_envelope_was_asked_about_answers_every_recipient() -> None:
    client = sending(TO_TWO)
    outcome, _closed = client.lost("timed out")
    assert isinstance(outcome, events.Outcome)
    assert [(answer.recipient, answer.reply.text, answer.stage) for answer in outcome.answers] == [
        ("b@example.org", "timed out", smtp.Stage.MAIL),
        ("c@example.org", "timed out", smtp.Stage.MAIL),
    ]


def test_552_to_a_recipient_counts_like_452() -> None:
    client = ready()
    client.send(ENVELOPE)
    outcome = hears(client, b"250 ok\r\n552 5.2.2 too many\r\n554 none\r\n")[0]
    assert isinstance(outcome, events.Outcome)
    assert (outcome.answers[0].kind, outcome.answers[0].reply.code) == (smtp.Kind.TEMPORARY, 552)


def test_a_talkative_server_does_not_fill_the_transcript() -> None:
    client = ready()
    for _ in range(200):
        client.send(ENVELOPE)
        client.outgoing()
        client.feed(b"550-" + b"x" * 1_000 + b"\r\n550 no\r\n503 no\r\n503 no\r\n")
        client.outgoing()
        client.feed(b"250 ok\r\n")
    lines = client.take_transcript()
    assert sum(len(line.text) for line in lines) < 70_000
    assert lines[-1].text == "... the rest of this conversation was not kept"

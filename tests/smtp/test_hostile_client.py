"""Clients that misbehave (attacks A2, A10, A11, A12): refused, counted, cut, in bounded memory."""

import itertools
import random

import pytest

from sendwright import smtp
from sendwright.smtp.server_life import State
from tests.smtp.servers import MAIL, RCPT, codes, greeted, in_state, messages, obliging, says, senders

events = smtp.events
LIMITS = smtp.Limits(message_octets=1_000, text_line_octets=200)


def kept(server: smtp.Server) -> int:
    """Octets that the server holds of what the client sent."""
    return server._session.lines.pending + server._session.text.octets


def test_a_command_in_the_same_piece_as_starttls_is_never_run() -> None:
    server = greeted(starttls=True)
    happened = server.feed(b"STARTTLS\r\nMAIL FROM:<evil@example.net>\r\n")
    assert (server.state, codes(server), senders(happened)) == (State.CLOSED, ["421"], [])


def test_a_command_after_starttls_in_clear_is_never_run() -> None:
    server = in_state(State.UPGRADING)
    assert server.feed(b"MAIL FROM:<evil@example.net>\r\n") == [
        events.Closed(why="421 4.7.0 text came in clear after STARTTLS, closing")
    ]


def test_what_was_said_in_clear_is_forgotten_inside_tls() -> None:
    server = in_state(State.UPGRADING)
    server.tls_started()
    assert (server.helo, server.username, server.secure, server.protocol) == ("", None, True, "SMTP")


def test_twenty_errors_end_the_conversation() -> None:
    server = greeted()
    server.feed(b"BOO\r\n" * 30)
    assert codes(server) == ["500"] * 19 + ["421"]


def test_a_thousand_noops_end_the_conversation() -> None:
    server = greeted()
    server.feed(b"NOOP\r\n" * 1_000)
    answers = codes(server)
    assert (answers[-1], len(answers), server.state) == ("421", 119, State.CLOSED)


def test_whoever_brings_mail_may_go_on_with_noops() -> None:
    server = greeted()
    for _ in range(10):
        says(server, b"NOOP\r\n" * 90, MAIL, RCPT, b"DATA\r\n", b"hello\r\n.\r\n")
    assert server.state is State.IDLE


def test_a_client_that_quits_after_many_errors_hears_goodbye() -> None:
    server = greeted(limits=smtp.Limits(errors=1))
    says(server, b"QUIT\r\n")
    assert codes(server) == ["221"]


def test_recipients_over_the_limit_are_put_off_not_refused() -> None:
    server = greeted()
    says(server, MAIL)
    server.outgoing()
    says(server, RCPT * 5_000)
    answers = codes(server)
    assert (answers.count("250"), answers.count("452"), server.state) == (100, 4_900, State.RECIPIENTS_KNOWN)


@pytest.mark.parametrize("piece", [1_000, 65_536])
def test_ten_megabytes_without_a_line_end_are_not_kept_as_a_command(piece: int) -> None:
    server = greeted()
    for _ in range(10_000_000 // piece):
        server.feed(b"x" * piece)
    assert kept(server) <= 12_288 + piece
    server.feed(b"\r\nNOOP\r\n")
    assert codes(server) == ["500", "250"]


def test_ten_megabytes_without_a_line_end_are_not_kept_as_a_message() -> None:
    server = greeted()
    says(server, MAIL, RCPT, b"DATA\r\n")
    server.outgoing()
    for _ in range(200):
        server.feed(b"x" * 50_000)
    assert kept(server) < 200_000
    assert messages(says(server, b"\r\n.\r\nNOOP\r\n")) == []
    assert codes(server) == ["554", "250"]


def test_a_message_over_the_limit_is_not_kept_and_the_connection_stays_usable() -> None:
    server = greeted(limits=LIMITS)
    says(server, MAIL, RCPT, b"DATA\r\n")
    server.outgoing()
    for _ in range(100):
        server.feed(b"x" * 98 + b"\r\n")
    assert kept(server) < 2_000
    assert messages(says(server, b".\r\nNOOP\r\n")) == []
    assert codes(server) == ["552", "250"]


def test_a_long_line_in_a_message_that_came_at_once_is_refused() -> None:
    server = greeted(limits=LIMITS)
    says(server, MAIL, RCPT, b"DATA\r\n")
    server.outgoing()
    says(server, b"a\r\n" + b"x" * 199 + b"\r\nb\r\n.\r\n")
    assert codes(server) == ["554"]


def test_a_size_that_is_declared_too_large_is_refused_at_once() -> None:
    server = greeted(limits=LIMITS)
    says(server, b"MAIL FROM:<a@example.com> SIZE=1001\r\n")
    assert (codes(server), server.state) == (["552"], State.IDLE)


@pytest.mark.parametrize(
    "command",
    [b"NOOP " + b"x" * 506, b"MAIL FROM:<a@example.com> SIZE=" + b"1" * 1_970, b"AUTH PLAIN " + b"A" * 12_276],
)
def test_a_command_over_its_own_limit_is_refused(command: bytes) -> None:
    server = greeted(auth=True, secure=True)
    server.feed(command + b"\r\n")
    assert codes(server) == ["500"]


@pytest.mark.parametrize(
    "command", [b"MAIL FROM:<a@example.com> SIZE=" + b"1" * 1_967, b"AUTH PLAIN " + b"A" * 12_275], ids=["MAIL", "AUTH"]
)
def test_a_command_at_its_own_limit_is_read(command: bytes) -> None:
    server = greeted(auth=True, secure=True)
    server.feed(command + b"\r\n")
    assert codes(server) == ["501"]


def test_a_response_of_12288_octets_is_read_and_a_longer_one_is_not() -> None:
    for size, code in ((12_286, "501 5.5.2"), (12_287, "500 5.5.6")):
        server = in_state(State.AUTH_TALK)
        server.feed(b"!" * size + b"\r\n")
        assert server.outgoing()[:9].decode() == code


def test_a_command_of_512_octets_is_taken() -> None:
    server = greeted()
    server.feed(b"NOOP " + b"x" * 505 + b"\r\n")
    assert codes(server) == ["250"]


def test_an_endless_line_of_auth_gives_the_attempt_up() -> None:
    server = in_state(State.AUTH_TALK)
    server.feed(b"A" * 20_000 + b"\r\n")
    assert (codes(server), server.state) == (["500"], State.IDLE)


def test_a_bare_line_end_in_auth_ends_the_conversation() -> None:
    server = in_state(State.AUTH_TALK)
    server.feed(b"YXBw\n")
    assert (codes(server), server.state) == (["500"], State.CLOSED)


def test_three_wrong_passwords_end_the_conversation() -> None:
    server = greeted(auth=True, secure=True)
    for _ in range(3):
        server.feed(b"AUTH PLAIN AGEAYg==\r\n")
        server.refuse(smtp.Reply(code=535, enhanced="5.7.8", lines=("wrong",)))
    assert codes(server) == ["535", "535", "421"]


@pytest.mark.parametrize(
    "response",
    [b"AGEAYg", b"????", b"/w==", b"YQ==", b"YQBiAGM=", b"AABi", b"\xff\xfe"],
    ids=["padding", "alphabet", "not UTF-8", "no NUL", "another identity", "no name", "octets"],
)
def test_a_response_that_is_wrong_for_plain_is_refused(response: bytes) -> None:
    server = greeted(auth=True, secure=True)
    server.feed(b"AUTH PLAIN " + response + b"\r\n")
    assert (codes(server), server.state) == (["501"], State.IDLE)


def test_a_name_with_a_nul_is_refused_in_login() -> None:
    server = in_state(State.AUTH_TALK)
    server.feed(b"YQBi\r\nYg==\r\n")
    assert codes(server) == ["334", "501"]


def test_auth_that_is_not_offered_is_not_implemented() -> None:
    server = greeted(secure=True)
    server.feed(b"AUTH PLAIN\r\n")
    assert codes(server) == ["502"]


@pytest.mark.parametrize(("state", "command"), [("IDLE", b"MAIL FROM:me"), ("SENDER_KNOWN", b"RCPT TO:you")])
def test_an_address_without_brackets_is_refused(state: str, command: bytes) -> None:
    server = in_state(State[state])
    server.feed(command + b"\r\n")
    assert (codes(server), server.state) == (["501"], State[state])


ONE = MAIL + RCPT + b"DATA\r\n" + b"first\r\n.\r\n"
TWO = MAIL + RCPT + b"DATA\r\n" + b"..second\r\n.\r\nQUIT\r\n"


@pytest.mark.parametrize("piece", [1, 10_000])
def test_whoever_leaves_at_any_octet_leaves_only_whole_messages(piece: int) -> None:
    flight = ONE + TWO
    for at in range(len(flight)):
        server = greeted()
        happened = says(server, *(flight[start : min(start + piece, at)] for start in range(0, at, piece)))
        server.eof()
        whole = [b"first\r\n"] * (at >= len(ONE)) + [b".second\r\n"] * (at >= len(ONE + TWO) - len(b"QUIT\r\n"))
        assert messages(happened) == whole


def test_fifty_commands_in_one_flight_are_answered_in_order_wherever_it_is_cut() -> None:
    flight = (MAIL + RCPT + b"VRFY b\r\n" + RCPT + b"RSET\r\n") * 10
    dice = random.Random(2920)
    for _ in range(50):
        edges = [0, *sorted(dice.choices(range(len(flight)), k=6)), len(flight)]
        server = greeted()
        says(server, *(flight[start:end] for start, end in itertools.pairwise(edges)))
        assert codes(server) == ["250", "250", "252", "250", "250"] * 10


def test_errors_are_told_and_forgiven_whoever_brings_mail() -> None:
    server = greeted()
    server.feed(b"BOO\r\nRCPT\r\n")
    assert server.errors == 2
    says(server, ONE)
    assert server.errors == 0


def test_a_refusal_without_an_enhanced_code_gets_one() -> None:
    server = in_state(State.MAIL_ASKED)
    server.refuse(smtp.Reply(code=451, lines=("later",)))
    assert server.outgoing() == b"451 4.0.0 later\r\n"


def test_a_store_of_passwords_that_is_down_is_not_counted_against_the_client() -> None:
    server = greeted(auth=True, secure=True)
    for _ in range(5):
        server.feed(b"AUTH PLAIN AGEAYg==\r\n")
        server.refuse(smtp.Reply(code=454, enhanced="4.7.0", lines=("later",)))
    assert codes(server) == ["454"] * 5


def test_a_password_is_not_in_the_repr_of_its_question() -> None:
    assert "secret" not in repr(events.Auth(username="app", password="secret"))


@pytest.mark.parametrize("name", [b"x\0y", b"\x1b[2J", b"\xc3\xbc", b"a b", b"a" * 256])
def test_a_name_that_would_spoil_a_log_is_refused(name: bytes) -> None:
    server = smtp.Server(hostname="mx.example.org")
    server.accept()
    server.outgoing()
    server.feed(b"EHLO " + name + b"\r\n")
    assert codes(server) == ["501"]


def test_a_flood_while_an_answer_is_owed_ends_the_conversation() -> None:
    server = in_state(State.MAIL_ASKED)
    server.feed(b"x" * 1_000_000)
    assert server.state is State.MAIL_ASKED
    server.feed(b"x" * 100_000)
    assert (codes(server), kept(server)) == (["421"], 0)


def test_a_chunk_without_a_number_ends_the_conversation() -> None:
    server = in_state(State.RECIPIENTS_KNOWN)
    server.feed(b"BDAT many\r\nMAIL FROM:<evil@example.net>\r\n")
    assert (codes(server), server.state) == (["501"], State.CLOSED)


@pytest.mark.parametrize(("octets", "code"), [(b"a\0b\r\n", "554"), (b"x" * 300 + b"\r\n", "554")])
def test_a_chunk_with_a_nul_or_a_long_line_is_refused(octets: bytes, code: str) -> None:
    server = greeted(limits=LIMITS)
    says(server, MAIL, RCPT)
    server.outgoing()
    server.feed(b"BDAT %d LAST\r\n" % len(octets) + octets)
    assert (codes(server), server.state) == ([code], State.IDLE)


def test_a_nul_in_a_message_is_refused_and_the_connection_stays_usable() -> None:
    server = in_state(State.RECEIVING)
    server.feed(b"a\0b\r\n")
    server.feed(b"\0\r\n.\r\nNOOP\r\n")
    assert codes(server) == ["554", "250"]


def test_a_client_that_leaves_before_the_dot_leaves_no_message() -> None:
    server = in_state(State.RECEIVING)
    server.feed(b"hello\r\n")
    assert server.eof() == [events.Closed(why="the client closed the connection")]


def test_an_answer_that_comes_after_the_client_left_is_dropped() -> None:
    server = in_state(State.MESSAGE_ASKED)
    server.eof()
    assert (server.accept(), server.outgoing()) == ([], b"")


def test_the_words_of_an_acceptance_can_be_given() -> None:
    server = in_state(State.MESSAGE_ASKED)
    server.accept("queued as 17")
    assert server.outgoing() == b"250 2.0.0 queued as 17\r\n"


def test_an_empty_piece_changes_nothing() -> None:
    assert obliging(in_state(State.UPGRADING), in_state(State.UPGRADING).feed(b"")) == []

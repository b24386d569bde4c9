"""Attack A1: no end of data but CRLF.CRLF, on both sides, wherever the network cuts."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright import smtp
from sendwright.smtp.dots import TextReader, stuff
from sendwright.smtp.line_ends import has_long_line
from sendwright.smtp.server_life import State
from tests.smtp.clients import ENVELOPE, hears, ready
from tests.smtp.servers import MAIL, RCPT, codes, greeted, messages, says, senders

ODD_ENDS = [
    b"\n.\n",
    b"\n.\r",
    b"\r.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
    b"\r\n\0.\r\n",
]
SECOND = b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nevil\r\n.\r\n"


def receiving() -> smtp.Server:
    server = greeted()
    says(server, MAIL, RCPT, b"DATA\r\n")
    server.outgoing()
    return server


@pytest.mark.parametrize("end", ODD_ENDS)
def test_an_odd_end_neither_ends_the_message_nor_lets_it_through(end: bytes) -> None:
    server = receiving()
    happened = says(server, b"hello" + end + SECOND)
    assert (messages(happened), senders(happened)) == ([], [])
    assert codes(server)[0] == "554"


@pytest.mark.parametrize("end", ODD_ENDS)
def test_an_odd_end_is_seen_through_however_it_is_cut(end: bytes) -> None:
    flight = b"hello" + end + SECOND
    for at in range(len(flight)):
        happened = says(receiving(), flight[:at], flight[at:])
        assert (messages(happened), senders(happened)) == ([], [])


@pytest.mark.parametrize("end", [end for end in ODD_ENDS if b"\0" not in end])
def test_after_a_bare_line_end_nothing_more_is_read(end: bytes) -> None:
    server = receiving()
    says(server, b"hello" + end + SECOND)
    assert (server.state, codes(server)) == (State.CLOSED, ["554"])


@pytest.mark.parametrize("pieces", [(b"\r\n", b".\r\n"), (b"\r\n.", b"\r\n"), (b"\r", b"\n.\r", b"\n")])
def test_a_true_end_is_found_when_it_comes_in_pieces(pieces: tuple[bytes, ...]) -> None:
    happened = says(receiving(), b"hello", *pieces)
    assert messages(happened) == [b"hello\r\n"]


@pytest.mark.parametrize("pieces", [(b"\n", b".\n"), (b"\n.", b"\n"), (b"\r", b".\r", b"\n")])
def test_an_odd_end_in_pieces_is_no_end(pieces: tuple[bytes, ...]) -> None:
    happened = says(receiving(), b"hello", *pieces, SECOND)
    assert (messages(happened), senders(happened)) == ([], [])


def test_a_chunk_hides_no_second_envelope() -> None:
    server = greeted()
    says(server, MAIL, RCPT)
    body = b"hello\r\n.\r\n" + SECOND
    happened = says(server, b"BDAT %d LAST\r\n" % len(body) + body)
    assert (messages(happened), senders(happened)) == ([body], [])


@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"a\r"])
def test_a_bare_line_end_in_a_chunk_is_refused(octets: bytes) -> None:
    server = greeted()
    says(server, MAIL, RCPT)
    server.outgoing()
    assert messages(says(server, b"BDAT %d LAST\r\n" % len(octets) + octets)) == []
    assert codes(server) == ["554"]


@pytest.mark.parametrize(
    "command", [b"NOOP\n", b"NOOP\rRSET\r\n", b"NO\rOP\r\n", b"NOOP\r\r\n", b"NOOP\nMAIL FROM:<evil@x>\r\n"]
)
def test_a_bare_line_end_in_a_command_ends_the_conversation(command: bytes) -> None:
    server = greeted()
    happened = says(server, command, b"\nRSET\r\n")
    assert (server.state, senders(happened), codes(server)) == (State.CLOSED, [], ["500"])


LINES = st.lists(
    st.sampled_from([b"", b".", b"..", b"...", b".a", b"a.", b"From x", b"hello", b". .", b"x" * 200]), max_size=30
)
CUTS = st.lists(st.integers(min_value=0, max_value=500), max_size=5)


@given(lines=LINES, cuts=CUTS)
@settings(max_examples=200, deadline=None)
def test_what_the_client_sends_is_what_the_server_gets_however_it_is_cut(lines: list[bytes], cuts: list[int]) -> None:
    message = b"".join(line + b"\r\n" for line in lines)
    client = ready()
    client.send(ENVELOPE)
    hears(client, b"250 ok\r\n250 ok\r\n354 go\r\n")
    client.transmit(message)
    wire, server = client.outgoing(), receiving()
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[start:end] for start, end in itertools.pairwise(edges)]
    assert messages(says(server, *pieces)) == [message]


@given(text=st.text(alphabet="\r\n.\0a", max_size=12))
@settings(max_examples=300, deadline=None)
def test_whatever_is_said_after_354_is_one_message_at_most_and_never_an_unclean_one(text: str) -> None:
    happened = says(receiving(), text.encode() + b"\r\n.\r\n")
    assert all(smtp.fault_in(message) is None for message in messages(happened))


@given(lines=st.lists(st.integers(min_value=0, max_value=12), max_size=8), limit=st.integers(min_value=2, max_value=10))
def test_a_long_line_is_found_wherever_it_is(lines: list[int], limit: int) -> None:
    text = b"".join(b"x" * size + b"\r\n" for size in lines)
    assert has_long_line(text, limit) == any(size + 2 > limit for size in lines)


@pytest.mark.parametrize("piece_size", [1, 7, 1000, 100_000])
def test_a_message_at_the_limit_is_taken_and_one_octet_more_is_not(piece_size: int) -> None:
    for extra, fault in ((0, False), (1, True)):
        wire = b".." + b"x" * (997 + extra) + b"\r\n.\r\n"
        reader = TextReader(size_limit=1_000, line_limit=2_000)
        for at in range(0, len(wire), piece_size):
            reader.feed(wire[at : at + piece_size])
        assert (reader.fault is not None) == fault


@given(text=st.text(alphabet="\r\n.\0a", max_size=20), cuts=st.lists(st.integers(0, 25), max_size=4))
@settings(max_examples=300, deadline=None)
def test_where_the_network_cuts_changes_nothing_in_what_is_taken(text: str, cuts: list[int]) -> None:
    flight = text.encode() + b"\r\n.\r\n"
    edges = [0, *sorted(min(cut, len(flight)) for cut in cuts), len(flight)]
    pieces = [flight[start:end] for start, end in itertools.pairwise(edges)]
    assert messages(says(receiving(), *pieces)) == messages(says(receiving(), flight))


def random_body(dice: random.Random) -> bytes:
    words = [b".", b"..", b"\r\n", b"\r\n.", b"\r\n..\r\n", b"hello", b" ", b"=2E", b"\xff"]
    return b"".join(dice.choices(words, k=dice.randrange(40)))


def test_ten_thousand_random_bodies_come_back_as_they_went() -> None:
    dice = random.Random(5321)
    for _ in range(10_000):
        body = random_body(dice)
        reader = TextReader(size_limit=100_000, line_limit=100_000)
        wire = stuff(body)
        cut = dice.randrange(len(wire) + 1)
        end = reader.feed(wire[:cut])
        end = reader.feed(wire[cut:]) if end is None else end
        assert end is not None
        assert reader.message() == (body if body.endswith(b"\r\n") or not body else body + b"\r\n")


@pytest.mark.parametrize("piece_size", [1_000, 65_536, 65_537, 1_000_000])
def test_a_large_message_with_dots_everywhere_comes_back_as_it_went(piece_size: int) -> None:
    body = b"." + b"\r\n.x\r\n..\r\n" * 30_000
    wire, reader = stuff(body), TextReader(size_limit=1_000_000, line_limit=1_000)
    for at in range(0, len(wire), piece_size):
        reader.feed(wire[at : at + piece_size])
    assert (reader.message() == body, reader.fault) == (True, None)


@pytest.mark.parametrize("at", [0, 65_535, 65_536, 150_000])
def test_a_bare_line_end_is_found_anywhere_in_a_large_message(at: int) -> None:
    clean = b"x" * 63 + b"\r\n"
    body = bytearray(clean * 3_000)
    assert smtp.fault_in(bytes(body)) is None
    body[at : at + 1] = b"\n"
    assert smtp.fault_in(bytes(body)) is not None


def test_a_large_message_whose_last_octet_is_a_lone_cr_never_leaves() -> None:
    assert smtp.fault_in(b"x" * 70_000 + b"\r") is not None

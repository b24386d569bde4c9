"""A message costs at most two copies of itself at any moment, on both sides."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sendwright import smtp
from sendwright.smtp.dots import stuff
from tests.smtp.clients import holding
from tests.smtp.servers import MAIL, RCPT, greeted, says

OCTETS = 4_000_000
PLAIN = b"x" * 78 + b"\r\n"
DOTTED = b"." + b"x" * 6 + b"\r\n"


def message_of(line: bytes) -> bytes:
    return line * (OCTETS // len(line))


@contextmanager
def at_most(copies: float) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < copies * OCTETS


def pour(server: smtp.Server, wire: memoryview, piece: int) -> list[smtp.events.ServerEvent]:
    happened: list[smtp.events.ServerEvent] = []
    for at in range(0, len(wire), piece):
        happened += server.feed(bytes(wire[at : at + piece]))
    return happened


# The buffer grows in steps of an eighth, so the copy that is kept is at most so much larger than the message.
@pytest.mark.parametrize("line", [PLAIN, DOTTED], ids=["plain", "dotted"])
@pytest.mark.parametrize("piece", [65_536, 262_144])
def test_a_message_that_comes_by_data_is_kept_once(line: bytes, piece: int) -> None:
    server = greeted()
    says(server, MAIL, RCPT, b"DATA\r\n")
    wire = memoryview(stuff(message_of(line)))
    with at_most(1.5):
        (message,) = pour(server, wire, piece)
        assert isinstance(message, smtp.events.Message)
        server.accept()
    assert message.content == message_of(line)


@pytest.mark.parametrize("piece", [65_536, 262_144])
def test_a_message_that_comes_by_bdat_is_kept_once(piece: int) -> None:
    server = greeted()
    says(server, MAIL, RCPT, b"BDAT %d LAST\r\n" % OCTETS)
    wire = memoryview(message_of(PLAIN))
    with at_most(1.5):
        (message,) = pour(server, wire, piece)
        assert isinstance(message, smtp.events.Message)
        server.accept()


@pytest.mark.parametrize("line", [PLAIN, DOTTED], ids=["plain", "dotted"])
def test_a_message_that_leaves_costs_one_copy_beside_the_one_given(line: bytes) -> None:
    client, message = holding(), message_of(line)
    with at_most(1.5):
        client.transmit(message)
        client.outgoing()


def test_a_message_that_was_taken_is_not_held_any_longer() -> None:
    server = greeted()
    says(server, MAIL, RCPT, b"DATA\r\n")
    message = message_of(PLAIN)
    with at_most(1.5):
        for _ in range(3):
            says(server, message, b".\r\n", MAIL, RCPT, b"DATA\r\n")

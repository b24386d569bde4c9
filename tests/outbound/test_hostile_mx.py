"""Servers that mean ill, at any point: right outcome, bounded memory (A13). Exchangers that point inward (A14)."""

import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sendwright import outbound, smtp
from sendwright.outbound.model import Answered, DirectMx, Dns, Lost, NoRoute, SmartHost, Unreachable
from tests.fakes.name_server import Zone, name_server
from tests.fakes.smtp_peer import (
    EHLO,
    ENVELOPE,
    Expect,
    ExpectMessage,
    Hang,
    Say,
    SayRaw,
    Script,
    Step,
    Trickle,
    scripted,
)
from tests.outbound.made import SHORT, Clock, deliver, post_to
from tests.outbound.test_inward import INWARD

pytestmark = pytest.mark.anyio

MEGABYTE = 1_000_000
FLOODS = [
    SayRaw(b"250-endless\r\n" * (MEGABYTE // 13)),
    SayRaw(b"250 " + b"x" * MEGABYTE),
    SayRaw(b"250-" + b"x" * 400 + b"\r\n" + b"\0" * MEGABYTE),
    SayRaw(b"999 what\r\n"),
    SayRaw(b"250-one\r\n354 two\r\n"),
    Trickle(b"250-"),
]
NAMES = ["endless lines", "a line of a megabyte", "zeros", "no code", "two codes", "a trickle"]


def at(point: str, flood: Step) -> Script:
    """Behaves until then."""
    before: dict[str, Script] = {
        "greeting": [],
        "ehlo": [Say("220 mx"), Expect("EHLO")],
        "mail": [*EHLO, Expect("MAIL")],
        "rcpt": [*EHLO, *ENVELOPE[:3]],
        "final": [*EHLO, *ENVELOPE, ExpectMessage()],
    }
    return [*before[point], flood, Hang()]


async def made_of(script: Script) -> outbound.Handover:
    async with (
        scripted(script) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port), limits=SHORT) as post,
    ):
        return await deliver(post)


@pytest.mark.parametrize("flood", FLOODS, ids=NAMES)
@pytest.mark.parametrize("point", ["greeting", "ehlo"])
async def test_ill_will_before_the_message_is_no_session(point: str, flood: Step):
    assert isinstance((await made_of(at(point, flood))).outcome, Unreachable)


@pytest.mark.parametrize("flood", FLOODS, ids=NAMES)
@pytest.mark.parametrize("point", ["mail", "rcpt"])
async def test_ill_will_in_the_envelope_loses_the_message_before_it_was_sent(point: str, flood: Step):
    outcome = (await made_of(at(point, flood))).outcome
    assert isinstance(outcome, Lost)
    assert not outcome.dot_written


@pytest.mark.parametrize("flood", FLOODS, ids=NAMES)
async def test_ill_will_after_the_dot_leaves_us_in_doubt(flood: Step):
    outcome = (await made_of(at("final", flood))).outcome
    assert isinstance(outcome, Lost)
    assert outcome.dot_written


async def test_a_recipient_that_is_taken_and_a_message_that_is_refused_is_refused():
    outcome = (await made_of([*EHLO, *ENVELOPE, ExpectMessage(), Say("554 5.7.1 we changed our mind")])).outcome
    assert isinstance(outcome, Answered)
    assert (outcome.stage, outcome.reply.code) == (smtp.Stage.FINAL, 554)


@pytest.mark.parametrize("octets", [b"250-endless\r\n", b"250 " + b"x" * 1_000], ids=["lines", "one line"])
def test_a_flood_costs_no_more_than_its_bound(octets: bytes):
    client = smtp.Client(ehlo_name="mta.example.com")
    client.feed(b"220 mx\r\n")
    tracemalloc.start()
    try:
        for _ in range(MEGABYTE // len(octets)):
            client.feed(octets)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 65_536  # the reply, and what is made of it


# --- MX that point inward


@asynccontextmanager
async def looking_up(zone: Zone) -> AsyncIterator[outbound.Post]:
    clock = Clock()
    async with name_server(zone) as dns:
        resolver = outbound.Resolver(
            nameserver=dns.address, monotonic=clock.monotonic, own_addresses=["8.8.8.8"]
        )  # fmt: skip
        async with post_to(DirectMx(), limits=SHORT, resolver=resolver, mx_port=1) as post:
            yield post


@pytest.mark.parametrize("address", [*INWARD, "8.8.8.8"])
async def test_an_exchanger_that_points_inward_is_given_up_without_connecting(address: str):
    kind = "AAAA" if ":" in address else "A"
    zone: Zone = {("example.org", "MX"): ["10 mx.example.org."], ("mx.example.org", kind): [address]}
    async with looking_up(zone) as post:
        made = await deliver(post)
    assert isinstance(made.outcome, NoRoute)
    assert (made.outcome.dns, made.peer) == (Dns.INWARD, None)

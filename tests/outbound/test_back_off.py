"""What the post does when a server breaks off, asks for less or has enough: when, on which connection, how often."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from sendwright import outbound, smtp
from sendwright.outbound.model import Answered, Lost, SmartHost, Unreachable
from sendwright.outbound.settings import Limits, Manners
from tests.fakes.smtp_peer import BYE, EHLO, ENVELOPE, ONE_MESSAGE, Close, Expect, Hang, Peer, Say, Script, scripted
from tests.fakes.waiting import wait_for
from tests.outbound.made import PARCEL, SHORT, deliver, post_to, said

pytestmark = pytest.mark.anyio

GOOD: Script = [*EHLO, *ONE_MESSAGE * 3, *BYE]
CLOSES: Script = [*EHLO, Expect("MAIL"), Close()]
SAYS_421: Script = [*EHLO, Expect("MAIL"), Say("421 4.3.2 closing"), Close()]
TOO_FAST: Script = [*EHLO, Expect("MAIL"), Say("421 4.7.28 unusual rate of mail"), Close()]
ENOUGH = (Expect("MAIL"), Say("250 ok"), Expect("RCPT"), Say("452 4.5.3 too many recipients"), Expect("DATA"),
          Say("503 no recipients"), Expect("RSET"), Say("250 ok"))  # fmt: skip


def relay(peer: Peer) -> SmartHost:
    return SmartHost(host="127.0.0.1", port=peer.port)


def code_of(made: outbound.Handover) -> int:
    assert isinstance(made.outcome, Answered)
    return made.outcome.reply.code


@pytest.mark.parametrize("breaks", [CLOSES, SAYS_421], ids=["closes", "421"])
async def test_who_drops_the_conversation_before_the_message_is_offered_it_once_more_at_once(breaks: Script):
    async with scripted(breaks, GOOD) as peer, post_to(relay(peer)) as post:
        made = await deliver(post)
        assert (code_of(made), peer.connections) == (250, 2)
        assert post.free_slots("example.org") == 2  # one of two was taken away, and earned again


@pytest.mark.parametrize("breaks", [CLOSES, SAYS_421], ids=["closes", "421"])
async def test_it_is_offered_no_third_time(breaks: Script):
    async with scripted(breaks) as peer, post_to(relay(peer)) as post:
        await deliver(post)
        assert peer.connections == 2
        assert post.free_slots("example.org") == 1


async def test_who_finds_us_too_fast_is_not_asked_again_at_once():
    async with scripted(TOO_FAST, GOOD) as peer, post_to(relay(peer)) as post:
        made = await deliver(post)
        assert (code_of(made), peer.connections) == (421, 1)


async def test_who_lets_the_time_run_out_is_not_asked_again_at_once():
    async with (
        scripted([*EHLO, Expect("MAIL"), Hang()], GOOD) as peer,
        post_to(relay(peer), limits=SHORT) as post,
    ):
        made = await deliver(post)
        assert isinstance(made.outcome, Lost)
        assert made.outcome.timed_out
        assert peer.connections == 1


async def test_a_relay_that_is_too_busy_to_greet_is_not_asked_again_at_once():
    async with scripted([Say("421 busy"), Close()]) as peer, post_to(relay(peer)) as post:
        assert code_of(await deliver(post)) == 421
        assert peer.connections == 1


async def test_who_drops_it_after_the_dot_is_not_offered_it_again():
    async with scripted([*EHLO, *ENVELOPE, Expect("Subject"), Close()]) as peer, post_to(relay(peer)) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Lost)
        assert peer.connections == 1


async def test_a_server_with_enough_recipients_for_one_connection_is_offered_the_next_on_another():
    async with scripted([*EHLO, *ONE_MESSAGE, *ENOUGH, *BYE], GOOD) as peer, post_to(relay(peer)) as post:
        await deliver(post)
        made = await deliver(post)
        assert (code_of(made), peer.connections) == (250, 2)
        assert peer.wrong == []


async def test_a_server_with_enough_recipients_from_the_start_puts_the_message_off():
    async with scripted([*EHLO, *ENOUGH, *BYE]) as peer, post_to(relay(peer)) as post:
        made = await deliver(post)
        assert (code_of(made), peer.connections) == (452, 1)
        await wait_for(lambda: peer.heard[0][-1] == "QUIT")


async def test_who_is_not_let_in_is_told_when_to_come_again():
    one_a_minute = Manners(per_minute=1.0)
    async with scripted(GOOD) as peer, post_to(relay(peer), own_relay=one_a_minute) as post:
        await deliver(post)
        made = await deliver(post)
        assert isinstance(made.outcome, Unreachable)
        assert made.outcome.wait == timedelta(minutes=1)
        assert made.outcome.detail == "one message every 60 s is sent there"
        assert post.room("example.org").every == timedelta(minutes=1)


async def test_idle_connections_count_among_those_that_are_allowed():
    one = Manners(start=1, most=1)
    async with scripted(GOOD, [*EHLO, *BYE]) as peer, post_to(relay(peer), own_relay=one) as post:
        await deliver(post)
        await deliver(post, replace(PARCEL, tls_required=True))  # does not fit the one that is idle
        assert peer.heard[0][-1] == "QUIT"


async def test_a_provider_may_have_its_connections_closed_sooner():
    at_once = Manners(idle=0.05)
    async with scripted(GOOD) as peer, post_to(relay(peer), own_relay=at_once) as post:
        await deliver(post)
        await wait_for(lambda: peer.heard[0][-1] == "QUIT")


async def test_slots_that_are_asked_for_at_once_are_no_more_than_connections():
    going = asyncio.Event()

    async def hold(peer: outbound.Peer) -> bool:
        await going.wait()
        return True

    async with scripted(GOOD) as peer, post_to(relay(peer)) as post, asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(deliver(post, before_dot=hold))
        await wait_for(lambda: peer.connections == 2)
        assert (post.room("example.org").now, peer.connections) == (0, 2)
        going.set()


# --- patience (reliability 1.4)


@pytest.mark.parametrize(
    ("stage", "seconds"),
    [
        (smtp.Stage.GREETING, 120), (smtp.Stage.EHLO, 300), (smtp.Stage.MAIL, 300), (smtp.Stage.RCPT, 300),
        (smtp.Stage.DATA, 120), (smtp.Stage.FINAL, 600), (None, 30),
    ],
)  # fmt: skip
def test_each_answer_is_waited_for_as_long_as_the_standard_asks(stage: smtp.Stage | None, seconds: int):
    assert Limits().by_stage()[stage] == seconds


def test_connecting_takes_half_a_minute_and_a_block_of_the_message_three_minutes():
    assert (Limits().connect, Limits().block) == (30, 180)


def test_the_last_server_may_take_five_minutes_to_greet():
    assert Limits().at_the_last().by_stage()[smtp.Stage.GREETING] == 300


@pytest.mark.parametrize(("last", "waited"), [(0.1, "0.1 s"), (0.3, "0.3 s")])
async def test_a_server_without_another_behind_it_is_waited_for_longer(last: float, waited: str):
    limits = replace(SHORT, greeting=0.1, last_greeting=last)
    async with scripted([Hang()]) as peer, post_to(relay(peer), limits=limits) as post:
        made = await deliver(post)
    assert said(made, "note")[-1].endswith(f"within {waited}")

"""The route mx: which servers are asked, in which order, and who is left alone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from sendwright import outbound, smtp
from sendwright.outbound.model import Answered, DirectMx, Dns, Lost, NoRoute, Trouble, Unreachable
from sendwright.outbound.settings import Limits
from tests.fakes.name_server import SERVFAIL, Zone, name_server
from tests.fakes.smtp_peer import BYE, EHLO, ENVELOPE, ONE_MESSAGE, Close, Expect, Hang, Peer, Say, Script, scripted
from tests.outbound.made import PARCEL, SHORT, Clock, deliver, post_to

pytestmark = pytest.mark.anyio

BOTH: Zone = {
    ("example.org", "MX"): ["10 mx1.example.org.", "20 mx2.example.org."],
    ("mx1.example.org", "A"): ["127.0.0.1"],
    ("mx2.example.org", "A"): ["127.0.0.2"],
}
BAD_TLS = (Say("220 mx"), Expect("EHLO"), Say("250-mx\n250 STARTTLS"), Expect("STARTTLS"), Say("220 go"), Close())


@asynccontextmanager
async def posted(
    zone: Zone,
    port: int,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    allow_private: bool = True,
    own_names: Sequence[str] = (),
) -> AsyncIterator[outbound.Post]:
    time = clock or Clock()
    async with name_server(zone) as dns:
        resolver = outbound.Resolver(
            nameserver=dns.address, monotonic=time.monotonic, allow_private=allow_private, own_names=own_names
        )
        async with post_to(DirectMx(), limits=limits, clock=time, resolver=resolver, mx_port=port) as post:
            yield post


@asynccontextmanager
async def two(first: Sequence[Script], second: Sequence[Script]) -> AsyncIterator[tuple[Peer, Peer]]:
    """Two servers on one port, as two exchangers are."""
    async with scripted(*first) as one, scripted(*second, host="127.0.0.2", port=one.port) as other:
        yield one, other


GOOD: Script = [*EHLO, *ONE_MESSAGE, *BYE]


async def test_the_best_exchanger_gets_the_message():
    async with two([GOOD], [GOOD]) as (one, other), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.peer is not None
        assert (made.peer.host, made.peer.ip) == ("mx1.example.org", "127.0.0.1")
        assert other.connections == 0


async def test_the_next_exchanger_is_asked_when_the_first_is_not_there():
    async with scripted(GOOD, host="127.0.0.2") as other, posted(BOTH, other.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.peer is not None
        assert made.peer.host == "mx2.example.org"


async def test_the_next_exchanger_is_asked_when_the_first_is_busy():
    async with two([[Say("421 busy")]], [GOOD]) as (one, _), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.reply.code == 250


async def test_another_address_of_the_only_exchanger_is_asked_when_the_first_says_nothing():
    zone: Zone = {**BOTH, ("example.org", "MX"): ["10 mx1.example.org."],
                  ("mx1.example.org", "AAAA"): ["::1"]}  # fmt: skip
    async with (
        scripted([Hang()]) as one,
        scripted(GOOD, host="::1", port=one.port) as other,
        posted(zone, one.port, limits=SHORT) as post,
    ):
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert (one.connections, other.connections) == (1, 1)


async def test_a_busy_exchanger_is_left_alone_for_five_minutes():
    clock = Clock()
    async with (
        two([[Say("421 busy")]], [[*EHLO, *ONE_MESSAGE * 3]]) as (one, other),
        posted(BOTH, one.port, clock=clock) as post,
    ):
        await deliver(post)
        await other_messages(post, other)
        assert one.connections == 1
        clock.moved = 301
        await deliver(post, replace(PARCEL, tls_required=True))
        assert one.connections == 2


async def other_messages(post: outbound.Post, other: Peer) -> None:
    await deliver(post)
    assert len(other.messages) == 2


async def test_when_all_exchangers_are_busy_the_delivery_is_told_so():
    async with two([[Say("421 busy")]], [[Say("421 busy too")]]) as (one, _), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.before_the_message
        again = await deliver(post)
        assert isinstance(again.outcome, Unreachable)
        assert (again.outcome.trouble, again.outcome.wait) == (Trouble.CROWDED, timedelta(minutes=5))
        assert again.dialogue == ()
        assert one.connections == 1


async def test_after_the_dot_no_other_exchanger_is_asked():
    dropped = [*EHLO, *ENVELOPE, Close()]
    async with two([dropped], [GOOD]) as (one, other), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Lost)
        assert other.connections == 0


async def test_a_conversation_that_breaks_before_the_message_goes_on_with_the_next_exchanger():
    broken = [*EHLO, Expect("MAIL"), Close()]
    async with two([broken], [GOOD]) as (one, _), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.reply.code == 250


async def test_a_refused_recipient_is_refused_by_all():
    refused = [*EHLO, Expect("MAIL"), Say("250 ok"), Expect("RCPT"), Say("550 5.1.1 no"), Expect("DATA"), Say("554 no")]
    async with two([refused], [GOOD]) as (one, other), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.reply.code == 550
        assert other.connections == 0


async def test_a_domain_without_exchanger_is_its_own():
    async with scripted(GOOD) as peer, posted({("example.org", "A"): ["127.0.0.1"]}, peer.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.peer is not None
        assert made.peer.host == "example.org"


async def test_a_null_mx_is_told_without_connecting():
    async with posted({("example.org", "MX"): ["0 ."]}, 1) as post:
        made = await deliver(post)
    assert made.outcome == NoRoute(dns=Dns.NULL_MX)
    assert made.peer is None
    assert made.dialogue[0].text == "example.org says in DNS that it takes no mail (null MX)"


async def test_exchangers_that_point_inward_are_not_connected_to():
    async with scripted(GOOD) as peer, posted(BOTH, peer.port, allow_private=False) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, NoRoute)
        assert made.outcome.dns is Dns.INWARD
        assert peer.connections == 0


async def test_exchangers_without_an_address_are_temporary_trouble():
    async with posted({("example.org", "MX"): ["10 gone.example.org."]}, 1) as post:
        made = await deliver(post)
    assert isinstance(made.outcome, Unreachable)
    assert made.outcome.trouble is Trouble.DNS


async def test_an_exchanger_that_dns_cannot_find_now_is_temporary_trouble():
    zone: Zone = {
        ("example.org", "MX"): ["10 mx1.example.org."],
        ("mx1.example.org", "A"): SERVFAIL,
        ("mx1.example.org", "AAAA"): SERVFAIL,
    }
    async with posted(zone, 1) as post:
        made = await deliver(post)
    assert isinstance(made.outcome, Unreachable)
    assert "SERVFAIL" in made.outcome.detail


async def test_a_site_that_cannot_be_reached_rests_longer_each_time():
    clock = Clock()
    async with scripted(GOOD) as peer:
        port = peer.port
    async with posted(BOTH, port, clock=clock) as post:
        first = await deliver(post)
        assert isinstance(first.outcome, Unreachable)
        resting = await deliver(post)
        assert isinstance(resting.outcome, Unreachable)
        assert resting.outcome.trouble is Trouble.RESTING
        clock.moved = 301
        await deliver(post)  # still not there: now it rests for ten minutes
        clock.moved = 301 + 599
        resting = await deliver(post)
        assert isinstance(resting.outcome, Unreachable)
        assert resting.outcome.trouble is Trouble.RESTING


async def test_a_handshake_that_fails_is_not_answered_by_going_in_clear_at_once():
    async with two([BAD_TLS], [BAD_TLS]) as (one, other), posted(BOTH, one.port) as post:
        made = await deliver(post, tries=1)
        assert isinstance(made.outcome, Unreachable)
        assert made.outcome.trouble is Trouble.TLS
        assert (one.connections, other.connections) == (1, 1)


async def test_an_answer_in_clear_after_starttls_ends_the_session():
    injected = (*BAD_TLS[:4], Say("220 go\n250-mx\n250 AUTH PLAIN"), Hang())
    async with two([injected], [injected]) as (one, _), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Unreachable)
        assert made.outcome.trouble is Trouble.TLS
        assert one.heard[0][-1] == "STARTTLS"


async def test_from_the_third_try_a_server_whose_tls_fails_gets_the_message_in_clear():
    async with two([BAD_TLS, GOOD], [GOOD]) as (one, _), posted(BOTH, one.port) as post:
        made = await deliver(post, tries=2)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.reply.code == 250
        assert made.peer is not None
        assert made.peer.tls is None


async def test_a_connection_that_fell_back_to_clear_is_not_used_for_a_first_try():
    async with (
        two([BAD_TLS, [*EHLO, *ONE_MESSAGE * 2], BAD_TLS], [BAD_TLS]) as (one, _),
        posted(BOTH, one.port) as post,
    ):
        await deliver(post, tries=2)
        made = await deliver(post, tries=0)
        assert isinstance(made.outcome, Unreachable)
        assert len(one.messages) == 1


async def test_starttls_that_is_refused_counts_as_a_handshake_that_failed():
    refused = (*BAD_TLS[:4], Say("454 4.7.0 no certificate"), *BYE)
    async with two([refused], [refused]) as (one, _), posted(BOTH, one.port) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Unreachable)
        assert made.outcome.trouble is Trouble.TLS


async def test_domains_that_share_their_exchangers_share_their_slots():
    zone: Zone = {**BOTH, ("example.net", "MX"): ["10 mx1.example.org.", "20 mx2.example.org."]}
    async with scripted([*EHLO, *ONE_MESSAGE * 4]) as peer, posted(zone, peer.port) as post:
        await deliver(post)
        await deliver(post, replace(PARCEL, site_domain="example.net"))
        assert post.free_slots("example.org") == post.free_slots("example.net") == 3
        assert peer.connections == 1


async def test_an_address_literal_needs_no_dns():
    async with scripted(GOOD) as peer, posted({}, peer.port) as post:
        made = await deliver(post, replace(PARCEL, site_domain="[127.0.0.1]", rcpt_to="ada@[127.0.0.1]"))
        assert isinstance(made.outcome, Answered)
        assert made.outcome.stage is smtp.Stage.FINAL


async def test_a_server_that_hangs_is_not_held_against_the_next():
    async with two([[Hang()]], [GOOD]) as (one, _), posted(BOTH, one.port, limits=SHORT) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.reply.code == 250

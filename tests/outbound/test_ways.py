"""The way a message leaves by: its name, address and route; and that what happens on one way stays on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from sendwright import outbound
from sendwright.outbound.model import Answered, DirectMx, Dns, NoRoute, Route, SmartHost, Trouble, Unreachable, Way
from sendwright.outbound.paths import Paths
from sendwright.outbound.providers import read_providers
from sendwright.outbound.settings import PostSettings
from sendwright.outbound.sites import SITE_NAME_MOST, Sites, relay_name, site_name
from tests.fakes.name_server import SILENCE, Zone, name_server
from tests.fakes.smtp_peer import BYE, EHLO, ONE_MESSAGE, Expect, Say, Script, scripted
from tests.outbound.made import NOW, PARCEL, SHORT, Clock, deliver, post_to, said

pytestmark = pytest.mark.anyio

ZONE: Zone = {
    ("example.org", "MX"): ["10 mx.example.org."],
    ("mx.example.org", "A"): ["127.0.0.1"],
    ("mx.example.org", "AAAA"): ["::1"],
}
GOOD: Script = [*EHLO, *ONE_MESSAGE * 9, *BYE]
FIRST = Way(name="first", ehlo_name="out1.example.com", source_ip="127.0.0.5")
SECOND = Way(name="second", ehlo_name="out2.example.com", source_ip="127.0.0.6")


def by(way: Way, **more: str) -> outbound.Parcel:
    return replace(PARCEL, way=way, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def posted(
    port: int,
    *,
    zone: Zone = ZONE,
    clock: Clock | None = None,
    route: Route | None = None,
    look_up: float = 10,
    **settings: object,
) -> AsyncIterator[outbound.Post]:
    time = clock or Clock()
    async with name_server(zone) as dns:
        resolver = outbound.Resolver(
            nameserver=dns.address, monotonic=time.monotonic, allow_private=True, limit=timedelta(seconds=look_up)
        )  # fmt: skip
        async with post_to(
            route or DirectMx(), limits=SHORT, clock=time, resolver=resolver, mx_port=port, **settings
        ) as post:  # fmt: skip
            yield post


async def test_a_message_leaves_from_the_address_and_under_the_name_of_its_way():
    async with scripted(GOOD) as peer, posted(peer.port) as post:
        made = await deliver(post, by(FIRST))
        assert isinstance(made.outcome, Answered)
        assert peer.came_from == ["127.0.0.5"]
        assert said(made, "out")[0] == "EHLO out1.example.com"


async def test_no_connection_is_shared_between_ways():
    async with scripted(GOOD) as peer, posted(peer.port) as post:
        for way in (FIRST, SECOND, outbound.OWN_WAY, FIRST):
            await deliver(post, by(way))
        assert peer.came_from == ["127.0.0.5", "127.0.0.6", "127.0.0.1"]
        assert [heard[0] for heard in peer.heard] == [
            "EHLO out1.example.com", "EHLO out2.example.com", "EHLO mta.example.com",
        ]  # fmt: skip


async def test_a_way_may_have_a_route_of_its_own():
    async with scripted(GOOD) as peer, posted(1) as post:
        relay = Way(name="relay", route=SmartHost(host="127.0.0.1", port=peer.port))
        made = await deliver(post, by(relay))
        assert isinstance(made.outcome, Answered)
        assert made.site == f"127.0.0.1:{peer.port}"


async def test_a_way_may_go_straight_to_the_exchangers_past_the_relay_of_the_installation():
    async with scripted(GOOD) as peer, posted(peer.port, route=SmartHost(host="127.0.0.1", port=1)) as post:
        made = await deliver(post, by(Way(name="direct", route=DirectMx())))
        assert isinstance(made.outcome, Answered)
        assert made.site == "mx.example.org"


async def test_a_way_to_the_exchangers_without_a_resolver_is_temporary_trouble():
    async with post_to(SmartHost(host="127.0.0.1", port=1)) as post:
        made = await deliver(post, by(Way(name="direct", route=DirectMx())))
    assert made.outcome == NoRoute(dns=Dns.NO_ANSWER, detail="this process has no resolver")


async def test_an_ipv4_address_connects_to_no_ipv6_server():
    zone: Zone = {**ZONE, ("mx.example.org", "A"): []}
    async with posted(1, zone=zone) as post:
        made = await deliver(post, by(FIRST))
    assert isinstance(made.outcome, Unreachable)
    assert (made.outcome.trouble, made.outcome.detail) == (Trouble.DNS, "none of its addresses is IPv4, as ours is")


async def test_an_ipv6_address_connects_to_the_ipv6_server():
    async with scripted(GOOD, host="::1") as peer, posted(peer.port) as post:
        made = await deliver(post, by(Way(name="six", source_ip="::1")))
    assert isinstance(made.outcome, NoRoute)  # ::1 is the way's own address too
    assert made.outcome.dns is Dns.INWARD


async def test_both_families_are_tried_when_nothing_is_said_of_the_source():
    async with scripted(GOOD, host="::1") as peer, posted(peer.port) as post:
        made = await deliver(post)
    assert made.peer is not None
    assert made.peer.ip == "::1"


async def test_no_exchanger_at_our_own_source_address_is_connected_to():
    zone: Zone = {**ZONE, ("mx.example.org", "A"): ["127.0.0.5"]}
    async with scripted(GOOD) as peer, posted(peer.port, zone=zone) as post:
        made = await deliver(post, by(FIRST))
        assert made.outcome == NoRoute(dns=Dns.INWARD, detail="mx.example.org is at 127.0.0.5")
        assert peer.connections == 0


async def test_a_source_address_that_this_machine_has_not_is_said_so():
    async with posted(1) as post:
        made = await deliver(post, by(Way(name="gone", source_ip="192.0.2.9")))
    assert isinstance(made.outcome, Unreachable)
    assert "assign requested address" in made.outcome.detail


async def test_what_slows_one_way_does_not_slow_another():
    slow: Script = [*EHLO, Expect("MAIL"), Say("421 4.7.28 unusual rate of mail"), *BYE]
    async with scripted(slow, GOOD) as peer, posted(peer.port) as post:
        await deliver(post, by(FIRST))
        assert post.room("example.org", FIRST).wait == timedelta(minutes=1)
        assert post.room("example.org", SECOND).now == 2
        assert isinstance((await deliver(post, by(SECOND))).outcome, Answered)


async def test_a_provider_of_the_table_is_treated_as_it_says():
    table = read_providers(
        "[[provider]]\nname = 'Ours'\nexchangers = ['mx.example.org']\ntls = true\nconnections = 1\nidle_seconds = 0.05"
    )
    async with scripted([*EHLO, *BYE]) as peer, posted(peer.port, providers=table) as post:
        made = await deliver(post, tries=9)
        assert isinstance(made.outcome, Unreachable)
        assert made.outcome.trouble is Trouble.TLS
        (state,) = post.snapshot()
        assert (state.provider, state.connections_allowed) == ("Ours", 1)


async def test_the_snapshot_tells_how_it_stands_with_each_site():
    clock = Clock()
    blocked: Script = [*EHLO, Expect("MAIL"), Say("550 5.7.1 your IP address is on a blocklist"), Expect("RCPT"),
                       Say("503 no"), Expect("DATA"), Say("503 no"), Expect("RSET"), Say("250 ok"), *BYE]  # fmt: skip
    async with scripted(GOOD, blocked) as peer, posted(peer.port, clock=clock) as post:
        await deliver(post, by(SECOND))
        await deliver(post, by(FIRST))
        clock.moved = 60
        first, second = post.snapshot()
    assert (first.way, first.site, first.alert) == ("first", "mx.example.org", True)
    assert first.resting_until == NOW + timedelta(minutes=15)
    assert first.last_refusal == outbound.Refusal(
        code=550, words="550 5.7.1 your IP address is on a blocklist", at=NOW
    )  # fmt: skip
    assert (second.way, second.connections, second.connections_allowed, second.in_hand) == ("second", 1, 2, 0)
    assert (second.alert, second.why, second.resting_until, second.last_refusal) == (False, "", None, None)


async def test_a_site_that_refuses_us_by_name_gets_nothing_for_a_quarter_of_an_hour():
    clock = Clock()
    blocked: Script = [*EHLO, Expect("MAIL"), Say("550 5.7.1 your IP address is on a blocklist"), *BYE]
    async with scripted(blocked) as peer, posted(peer.port, clock=clock) as post:
        with capture_logs() as logged:
            first = await deliver(post)
        assert [(line["event"], line["log_level"], line["site"], line["code"]) for line in logged] == [
            ("site_refuses_us", "error", "mx.example.org", 550)
        ]
        second = await deliver(post, replace(PARCEL, rcpt_to="bob@example.org"))
        assert peer.connections == 1
    assert isinstance(first.outcome, Answered)
    assert second.outcome == Unreachable(
        who="example.org", trouble=Trouble.CROWDED, wait=timedelta(minutes=15),
        detail="it refuses our address or domain (550 5.7.1 your IP address is on a blocklist)",
    )  # fmt: skip


async def test_a_domain_whose_name_server_is_silent_holds_no_more_slots_than_a_new_site():
    zone: Zone = {("example.org", "MX"): SILENCE}
    async with posted(1, zone=zone, look_up=0.2) as post, asyncio.TaskGroup() as group:
        tasks = []
        for left in (2, 1):
            assert post.room("example.org").now == left
            tasks.append(group.create_task(deliver(post)))
            await asyncio.sleep(0)
        assert (post.room("example.org").now, post.room("example.net").now) == (0, 2)
        await asyncio.wait(tasks)
        assert post.room("example.org").now == 2


# --- names and the map


def test_a_site_is_named_by_its_servers_in_order():
    assert site_name(["mx2.example.org", "mx1.example.org", "mx2.example.org"]) == "mx1.example.org,mx2.example.org"


def test_a_site_of_many_servers_has_a_short_name_of_its_own():
    names = {site_name([f"mx{n}.{base}.example.org" for n in range(50)]) for base in ("a", "b")}
    assert len(names) == 2
    assert all(len(name) <= SITE_NAME_MOST for name in names)


@pytest.mark.parametrize(
    ("route", "name"),
    [
        (outbound.Sandbox(port=2525), "sandbox"),
        (SmartHost(host="relay.example.com", port=587), "relay.example.com:587"),
        (SmartHost(host="2001:db8::1", port=25), "[2001:db8::1]:25"),
        (DirectMx(), ""),
    ],
)
def test_a_relay_is_a_site(route: Route, name: str):
    assert relay_name(route) == name


def sites() -> Sites:
    return Sites(PostSettings(ehlo_name="mta.example.com"), Clock().monotonic)


def met(known: Sites, number: int) -> bool:
    return known.met(outbound.OWN_WAY, f"{number}.example") is not None


async def test_quiet_sites_are_forgotten_when_there_are_too_many():
    known = sites()
    for number in range(2_001):
        known.of_exchangers(outbound.OWN_WAY, f"{number}.example", str(number), (f"mx.{number}.example",))
    assert not met(known, 0)
    assert met(known, 2_000)


async def test_even_resting_sites_are_forgotten_when_all_rest_but_never_those_at_work():
    known = sites()
    for number in range(2_001):
        site = known.of_exchangers(outbound.OWN_WAY, f"{number}.example", str(number), (f"mx.{number}.example",))
        site.was_silent()
        if number == 0:
            await site.enter(1)
    assert met(known, 0)
    assert not met(known, 1)
    assert len(known.states(NOW)) <= 2_000


async def test_domains_are_forgotten_when_there_are_too_many():
    known = sites()
    for number in range(10_001):
        known.of_exchangers(outbound.OWN_WAY, f"{number}.example", "mx.example", ("mx.example",))
    assert not met(known, 0)
    assert met(known, 10_000)


async def test_ways_are_forgotten_when_there_are_too_many():
    paths = Paths(DirectMx(), PostSettings(ehlo_name="mta.example.com"), on_open=lambda talk: None)
    first = paths.of(Way(name="0"))
    assert paths.of(Way(name="0")) is first
    for number in range(1_001):
        paths.of(Way(name=str(number)))
    assert paths.of(Way(name="0")) is not first

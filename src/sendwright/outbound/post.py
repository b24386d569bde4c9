"""The post: takes a parcel to its site and says what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

import structlog

from sendwright.outbound import heed
from sendwright.outbound.converse import BeforeDot, Errand, breaks_off, converse, drops, has_enough_recipients
from sendwright.outbound.dial import Conversation
from sendwright.outbound.dialogue import Dialogue
from sendwright.outbound.model import (
    OWN_WAY,
    Answered,
    DirectMx,
    Dns,
    Handover,
    NoRoute,
    Outcome,
    Parcel,
    Room,
    Route,
    Sandbox,
    SiteState,
    Trouble,
    Unreachable,
    Way,
)
from sendwright.outbound.paths import Path, Paths
from sendwright.outbound.pool import Site
from sendwright.outbound.proxies import ProxyRests
from sendwright.outbound.resolve import MOST_ADDRESSES, Resolver
from sendwright.outbound.settings import PostSettings
from sendwright.outbound.sites import Sites, site_name
from sendwright.outbound.tls_policies import TlsPolicies
from sendwright.outbound.tls_policy import NO_POLICY, Policy

log = structlog.get_logger()

MOST_SESSIONS = 2
"""So many servers are spoken to in one attempt (RFC 5321 section 5.1 asks for at least two addresses)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    path: Path
    site: Site
    hosts: list[str]
    policy: Policy = NO_POLICY


class Post:
    """Hands parcels over, each as one attempt; keeps connections for the next. Use as `async with`, in one event loop.

    `resolver` is needed for the route mx only. `now` gives aware datetimes, `monotonic` seconds, `chance` 0 to 1.
    """

    def __init__(
        self,
        route: Route,
        settings: PostSettings,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        chance: Callable[[], float],
        resolver: Resolver | None = None,
        policies: TlsPolicies | None = None,
    ) -> None:
        if isinstance(route, DirectMx) and resolver is None:
            raise ValueError("the route mx needs a resolver")
        if isinstance(route, Sandbox) and route.port == 0:
            raise ValueError("the sandbox has no port yet: open its door first")
        self._route = route
        self._settings = settings
        self._now, self._monotonic, self._chance = now, monotonic, chance
        self._resolver = resolver
        self._policies = policies
        self._paths = Paths(route, settings, on_open=self._admit, policies=policies)
        self._sites = Sites(settings, monotonic)
        self._proxies = ProxyRests(monotonic)
        self._on_the_way: Counter[tuple[Way, str]] = Counter()  # their site is not found yet
        self._open: set[Conversation] = set()
        self._all_gone = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def deliver(self, parcel: Parcel, *, tries: int, before_dot: BeforeDot) -> Handover:
        """One attempt. What goes wrong with it is in the outcome; only what `before_dot` raises is raised.

        `tries`: charged tries before this one. `before_dot` is called at most once, when the server waits for the
        message; False closes the connection without it. When cancelled, the connection is closed: past `before_dot`
        the message may then have arrived.
        """
        started = self._now()
        errand = Errand(
            parcel=parcel, tries=tries, before_dot=before_dot, dialogue=Dialogue(self._monotonic),
            limits=self._settings.limits,
        )  # fmt: skip
        outcome = await self._deliver(errand)
        return Handover(
            domain=parcel.site_domain,
            outcome=outcome,
            peer=errand.peer,
            dialogue=errand.dialogue.lines,
            started=started,
            ended=self._now(),
            site=errand.site,
        )

    def by_site(self, way: Way = OWN_WAY) -> bool:
        """Whether each domain has servers of its own by this way; a relay takes everything."""
        return not self._paths.of(way).relay

    def free_slots(self, site_domain: str, way: Way = OWN_WAY) -> int:
        """How many deliveries to this domain would begin at once; a guess for a domain not met before."""
        site = self._met(site_domain, way)
        return self._settings.strangers.start if site is None else site.free

    def room(self, site_domain: str, way: Way = OWN_WAY) -> Room:
        """How many deliveries to this domain may set out by this way, or when it is worth asking again, and why.

        Of a domain not met before nothing is known until the first message looks for its servers, so only as many set
        out as a site has connections at first. A site that cannot be reached has room: what goes there learns so at
        once and keeps to its own schedule.
        """
        site = self._met(site_domain, way)
        room = Room(now=self._settings.strangers.start) if site is None else site.room()
        going = self._on_the_way[way, site_domain]
        if not going or not room.now:
            return room
        if room.now > going:
            return replace(room, now=room.now - going)
        return Room(now=0, wait=timedelta(seconds=1), why="its servers are being looked for")

    def snapshot(self) -> tuple[SiteState, ...]:
        """How this process stands with every site it remembers; first those that need a look."""
        return self._sites.states(self._now())

    async def close(self) -> None:
        """Says goodbye on idle connections, waits for the answers a moment, closes all."""
        for talk in list(self._open):
            talk.retire()
        try:
            async with asyncio.timeout(self._settings.limits.quit):
                while self._open:
                    self._all_gone.clear()
                    await self._all_gone.wait()
        except TimeoutError:
            for talk in list(self._open):
                talk.abort()

    async def _deliver(self, errand: Errand) -> Outcome:
        key = (errand.parcel.way, errand.parcel.site_domain)
        self._on_the_way[key] += 1
        try:
            place = await self._place(errand)
        finally:
            self._on_the_way[key] -= 1
            if not self._on_the_way[key]:
                del self._on_the_way[key]
        if not isinstance(place, _Place):
            return place
        manners = place.site.manners
        if manners.tls:
            errand.parcel = replace(errand.parcel, tls_required=True)
        if manners.idle is not None:
            errand.limits = replace(errand.limits, idle=manners.idle)
        if not await place.site.enter(self._settings.limits.slot):
            room = place.site.put_off()
            return Unreachable(
                who=errand.parcel.site_domain, trouble=Trouble.CROWDED, detail=room.why, wait=room.wait
            )  # fmt: skip
        try:
            return await self._at_site(errand, place)
        finally:
            place.site.leave()

    # --- where

    def _met(self, site_domain: str, way: Way) -> Site | None:
        path = self._paths.of(way)
        return self._sites.of_relay(way, path.relay) if path.relay else self._sites.met(way, site_domain)

    async def _place(self, errand: Errand) -> _Place | NoRoute:
        way, domain = errand.parcel.way, errand.parcel.site_domain
        path = self._paths.of(way)
        if path.relay:
            errand.site = path.relay
            return _Place(path=path, site=self._sites.of_relay(way, path.relay), hosts=[path.host])
        if self._resolver is None:
            return NoRoute(dns=Dns.NO_ANSWER, detail="this process has no resolver")
        found = await self._resolver.exchangers(domain)
        if isinstance(found, NoRoute):
            errand.note(f"{domain} {found.dns.value}" + (f": {found.detail}" if found.detail else ""))
            return found
        errand.site = site_name(found.site)
        policy = NO_POLICY
        if self._policies is not None:
            policy = await self._policies.of(domain, found, relaxed=errand.parcel.tls_relaxed)
        site = self._sites.of_exchangers(way, domain, errand.site, found.site)
        return _Place(path=path, site=site, hosts=found.in_turn(self._chance), policy=policy)

    async def _addresses(self, path: Path, host: str) -> list[str] | NoRoute | Unreachable:
        if self._resolver is None or path.relay:
            found = await path.look_up(host)
            return found if isinstance(found, Unreachable) else path.from_here(host, found)
        there = await self._resolver.addresses(host)
        if there.ips:
            return path.from_here(host, list(there.ips))
        if there.refused:
            return NoRoute(dns=Dns.INWARD, detail=f"{host} is at {there.refused[0]}")
        return Unreachable(who=host, trouble=Trouble.DNS, detail=there.failure or "it has no address")

    # --- there

    async def _at_site(self, errand: Errand, place: _Place) -> Outcome:
        talk = place.site.take_idle(lambda talk: _fits(talk, errand, place))
        if talk is not None:
            peer = f"{talk.peer.host} [{talk.peer.ip}]{errand.source}"
            errand.note(f"message {talk.messages + 1} on the connection to {peer}")
            outcome = await self._speak(errand, place.site, talk)
            breaks = errand.may_start_over(outcome) and place.site.wants_more(outcome)
            if not breaks and not has_enough_recipients(outcome):
                return outcome
        return await self._at_hosts(errand, place)

    async def _at_hosts(self, errand: Errand, place: _Place) -> Outcome:
        proxy, outcomes = place.path.settings.proxy, list[Outcome]()
        if why := self._proxies.why(proxy):
            return Unreachable(who=errand.parcel.site_domain, trouble=Trouble.PROXY, detail=why)
        alone = len(place.hosts) == 1
        for host in place.hosts * 2 if alone else place.hosts:
            if alone and outcomes and not drops(outcomes[-1]):
                break
            errand.last_server = host == place.hosts[-1] or errand.sessions == MOST_SESSIONS - 1
            resting = place.site.what_rests(host)
            outcome = resting or await self._at_host(errand, place, host)
            outcomes.append(outcome)
            if not _goes_on(errand, outcome) or not place.site.wants_more(outcome):
                break
        if proxy is not None and isinstance(outcome, Unreachable) and outcome.trouble is Trouble.PROXY:
            self._proxies.failed(proxy, outcome.detail)
        if not place.path.relay and all(_had_no_session(outcome) for outcome in outcomes):
            place.site.was_silent()
        # An address that may not be used decides only when there was no other server.
        return next((outcome for outcome in reversed(outcomes) if not isinstance(outcome, NoRoute)), outcomes[-1])

    async def _at_host(self, errand: Errand, place: _Place, host: str) -> Outcome:
        site, path = place.site, place.path
        addresses = await self._addresses(path, host)
        if not isinstance(addresses, list):
            errand.note(f"{host}: {addresses.detail}")
            return addresses
        outcome: Outcome = Unreachable(who=host, trouble=Trouble.DNS, detail="it has no address")
        for ip in addresses[: MOST_ADDRESSES - errand.addresses]:
            errand.addresses += 1
            site.make_room()
            found = await path.connector.connect(errand, host.strip("[]"), ip, path.port, place.policy)
            if isinstance(found, Conversation):
                site.spoke()
                return await self._speak(errand, site, found)
            outcome = found
            # RFC 5321 section 5.1: at least two addresses, be they of one server.
            if not _had_no_session(found) or errand.sessions >= MOST_SESSIONS:
                break
        if isinstance(outcome, Answered):
            self._heed(errand, site, outcome)
            # Our own relay does not rest: there is no other way, and whoever runs it knows when it is back.
            if not path.relay and outcome.reply.code == 421:
                site.rest(host, outcome)
        return outcome

    async def _speak(self, errand: Errand, site: Site, talk: Conversation) -> Outcome:
        talk.dialogue = errand.dialogue
        errand.peer = talk.peer
        try:
            outcome = await converse(talk, errand)
        except BaseException:
            talk.abort()
            raise
        finally:
            talk.dialogue = None
        self._heed(errand, site, outcome)
        if has_enough_recipients(outcome):
            talk.retire()
        else:
            site.keep(talk)
        return outcome

    def _heed(self, errand: Errand, site: Site, outcome: Outcome) -> None:
        sign = site.heed(outcome, errand.parcel.rcpt_to)
        if isinstance(sign, heed.Stop) and sign.alert and isinstance(outcome, Answered):
            log.error(
                "site_refuses_us", site=errand.site, egress=errand.parcel.way.name, code=outcome.reply.code,
                words=outcome.reply.text[:300],
            )  # fmt: skip

    def _admit(self, talk: Conversation) -> None:
        self._open.add(talk)
        talk.when_gone.append(self._see_off)

    def _see_off(self, talk: Conversation) -> None:
        self._open.discard(talk)
        if not self._open:
            self._all_gone.set()


def _fits(talk: Conversation, errand: Errand, place: _Place) -> bool:
    """A connection that lost its TLS for one message is not used for another that may not go in clear."""
    if not talk.usable or talk.policy_key != place.policy.key:
        return False
    return talk.peer.tls is not None or not (
        errand.parcel.tls_required or (talk.fell_back and not place.path.connector.allows_clear(errand))
    )


def _goes_on(errand: Errand, outcome: Outcome) -> bool:
    """Whether the next server is worth a try."""
    if errand.asked or errand.sessions >= MOST_SESSIONS or errand.addresses >= MOST_ADDRESSES:
        return False
    if isinstance(outcome, Unreachable):
        return outcome.trouble is not Trouble.PROXY  # the same proxy is before all of them
    return isinstance(outcome, NoRoute) or breaks_off(outcome) or _is_unwelcome(outcome)


def _had_no_session(outcome: Outcome) -> bool:
    """A server that takes connections and says nothing of use is as far away as one that is not there."""
    return isinstance(outcome, Unreachable) and outcome.trouble in (Trouble.CONNECT, Trouble.SPEECH)


def _is_unwelcome(outcome: Outcome) -> bool:
    """Another server of the site may think better of us."""
    return isinstance(outcome, Answered) and outcome.before_the_message

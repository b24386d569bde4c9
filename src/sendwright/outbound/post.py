"""The post: takes a parcel to its site and says what came of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sendwright import smtp
from sendwright.outbound.connect import Connector
from sendwright.outbound.converse import BeforeDot, Errand, breaks_off, converse
from sendwright.outbound.dial import Conversation
from sendwright.outbound.dialogue import Dialogue
from sendwright.outbound.model import (
    Answered,
    DirectMx,
    Dns,
    Handover,
    NoRoute,
    Outcome,
    Parcel,
    Route,
    Sandbox,
    SmartHost,
    Trouble,
    Unreachable,
)
from sendwright.outbound.pool import Site
from sendwright.outbound.resolve import MOST_ADDRESSES, Resolver
from sendwright.outbound.settings import PostSettings
from sendwright.outbound.tls_policies import TlsPolicies
from sendwright.outbound.tls_policy import NO_POLICY, Policy

MOST_SESSIONS = 2
"""So many servers are spoken to in one attempt (RFC 5321 section 5.1 asks for at least two addresses)."""
_SITES_KEPT = 2_000
_DOMAINS_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
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
        self._connector = Connector(route, settings, on_open=self._admit, policies=policies)
        self._own_site = Site(settings.own_relay, monotonic)
        self._sites: dict[tuple[str, ...], Site] = {}
        self._site_of: dict[str, Site] = {}
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
        errand = Errand(parcel=parcel, tries=tries, before_dot=before_dot, dialogue=Dialogue(self._monotonic))
        outcome = await self._deliver(errand)
        return Handover(
            domain=parcel.site_domain,
            outcome=outcome,
            peer=errand.peer,
            dialogue=errand.dialogue.lines,
            started=started,
            ended=self._now(),
        )

    @property
    def by_site(self) -> bool:
        """Whether each domain has servers of its own; a relay takes everything."""
        return isinstance(self._route, DirectMx)

    def free_slots(self, site_domain: str) -> int:
        """How many deliveries to this domain would begin at once; a guess for a domain not met before."""
        if not isinstance(self._route, DirectMx):
            return self._own_site.free
        site = self._site_of.get(site_domain)
        return self._settings.strangers.start if site is None else site.free

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
        place = await self._place(errand)
        if not isinstance(place, _Place):
            return place
        if not await place.site.enter(self._settings.limits.slot):
            return Unreachable(
                who=errand.parcel.site_domain, trouble=Trouble.CROWDED, detail="this attempt did not begin"
            )
        try:
            return await self._at_site(errand, place)
        finally:
            place.site.leave()

    # --- where

    async def _place(self, errand: Errand) -> _Place | NoRoute:
        if self._resolver is None or not isinstance(self._route, DirectMx):
            return _Place(site=self._own_site, hosts=[self._host])
        domain = errand.parcel.site_domain
        found = await self._resolver.exchangers(domain)
        if isinstance(found, NoRoute):
            errand.note(f"{domain} {found.dns.value}" + (f": {found.detail}" if found.detail else ""))
            return found
        policy = NO_POLICY
        if self._policies is not None:
            policy = await self._policies.of(domain, found, relaxed=errand.parcel.tls_relaxed)
        return _Place(site=self._site(domain, found.site), hosts=found.in_turn(self._chance), policy=policy)

    def _site(self, domain: str, key: tuple[str, ...]) -> Site:
        site = self._sites.get(key)
        if site is None:
            if len(self._sites) >= _SITES_KEPT:
                self._sites = {key: site for key, site in self._sites.items() if not site.is_quiet}
            site = self._sites[key] = Site(self._settings.strangers, self._monotonic)
        if len(self._site_of) >= _DOMAINS_KEPT:
            self._site_of.clear()
        self._site_of[domain] = site
        return site

    @property
    def _host(self) -> str:
        return self._route.host if isinstance(self._route, Sandbox | SmartHost) else ""

    @property
    def _port(self) -> int:
        return self._route.port if isinstance(self._route, Sandbox | SmartHost) else self._settings.mx_port

    async def _addresses(self, host: str) -> list[str] | NoRoute | Unreachable:
        if self._resolver is None or not isinstance(self._route, DirectMx):
            return await self._look_up_relay(host)
        found = await self._resolver.addresses(host)
        if found.ips:
            return list(found.ips)
        if found.refused:
            return NoRoute(dns=Dns.INWARD, detail=f"{host} is at {found.refused[0]}")
        return Unreachable(who=host, trouble=Trouble.DNS, detail=found.failure or "it has no address")

    async def _look_up_relay(self, host: str) -> list[str] | Unreachable:
        """By the system, so that names from the hosts file and from the operator's network work."""
        try:
            async with asyncio.timeout(self._settings.limits.look_up):
                found = await asyncio.get_running_loop().getaddrinfo(host, self._port, type=socket.SOCK_STREAM)
        except TimeoutError:
            return Unreachable(who=host, trouble=Trouble.DNS, detail="no answer in time")
        except OSError as fault:
            return Unreachable(who=host, trouble=Trouble.DNS, detail=fault.strerror or str(fault))
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    # --- there

    async def _at_site(self, errand: Errand, place: _Place) -> Outcome:
        talk = place.site.take_idle(lambda talk: self._fits(talk, errand, place.policy))
        if talk is not None:
            errand.note(f"message {talk.messages + 1} on the connection to {talk.peer.host} [{talk.peer.ip}]")
            outcome = await self._speak(errand, place.site, talk)
            if not errand.may_start_over(outcome):
                return outcome
        return await self._at_hosts(errand, place)

    def _fits(self, talk: Conversation, errand: Errand, policy: Policy) -> bool:
        """A connection that lost its TLS for one message is not used for another that may not go in clear."""
        if not talk.usable or talk.policy_key != policy.key:
            return False
        return talk.peer.tls is not None or not (
            errand.parcel.tls_required or (talk.fell_back and not self._connector.allows_clear(errand))
        )

    async def _at_hosts(self, errand: Errand, place: _Place) -> Outcome:
        outcomes: list[Outcome] = []
        for host in place.hosts:
            resting = place.site.what_rests(host)
            outcome = resting or await self._at_host(errand, place, host)
            outcomes.append(outcome)
            if not self._goes_on(errand, outcome):
                break
        if isinstance(self._route, DirectMx) and all(_is_silence(outcome) for outcome in outcomes):
            place.site.was_silent()
        # An address that may not be used decides only when there was no other server.
        return next((outcome for outcome in reversed(outcomes) if not isinstance(outcome, NoRoute)), outcomes[-1])

    def _goes_on(self, errand: Errand, outcome: Outcome) -> bool:
        """Whether the next server is worth a try."""
        if errand.asked or errand.sessions >= MOST_SESSIONS or errand.addresses >= MOST_ADDRESSES:
            return False
        return isinstance(outcome, Unreachable | NoRoute) or breaks_off(outcome) or _is_unwelcome(outcome)

    async def _at_host(self, errand: Errand, place: _Place, host: str) -> Outcome:
        site = place.site
        addresses = await self._addresses(host)
        if not isinstance(addresses, list):
            errand.note(f"{host}: {addresses.detail}")
            return addresses
        outcome: Outcome = Unreachable(who=host, trouble=Trouble.DNS, detail="it has no address")
        for ip in addresses[: MOST_ADDRESSES - errand.addresses]:
            errand.addresses += 1
            found = await self._connector.connect(errand, host.strip("[]"), ip, self._port, place.policy)
            if isinstance(found, Conversation):
                site.spoke()
                return await self._speak(errand, site, found)
            outcome = found
            if not _is_silence(found):
                break
        self._note_rest(site, host, outcome)
        return outcome

    def _note_rest(self, site: Site, host: str, outcome: Outcome) -> None:
        # Our own relay does not rest: there is no other way, and whoever runs it knows when it is back.
        if isinstance(self._route, DirectMx) and isinstance(outcome, Answered) and outcome.reply.code == 421:
            site.rest(host, outcome)

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
        if breaks_off(outcome):
            site.went_badly()
        elif isinstance(outcome, Answered) and outcome.reply.kind is smtp.Kind.POSITIVE:
            site.went_well()
        site.keep(talk)
        return outcome

    def _admit(self, talk: Conversation) -> None:
        self._open.add(talk)
        talk.when_gone.append(self._see_off)

    def _see_off(self, talk: Conversation) -> None:
        self._open.discard(talk)
        if not self._open:
            self._all_gone.set()


def _is_silence(outcome: Outcome) -> bool:
    return isinstance(outcome, Unreachable) and outcome.trouble is Trouble.CONNECT


def _is_unwelcome(outcome: Outcome) -> bool:
    """Another server of the site may think better of us."""
    return isinstance(outcome, Answered) and outcome.before_the_message

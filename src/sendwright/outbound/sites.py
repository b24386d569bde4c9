"""All sites of one process, by the way that leads there; and the names by which people and the queue know them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sendwright.outbound.model import Refusal, Route, Sandbox, SiteState, SmartHost, Way
from sendwright.outbound.pool import Site
from sendwright.outbound.settings import PostSettings

SITE_NAME_MOST = 200
_SITES_KEPT = 2_000
_DOMAINS_KEPT = 10_000
_WORDS_SHOWN = 300

Exchangers = tuple[str, ...]


def site_name(exchangers: Iterable[str]) -> str:
    """The servers in order, by commas. A long list is cut: its start, how many more, and what tells it from others."""
    hosts = sorted(set(exchangers))
    whole = ",".join(hosts)
    if len(whole) <= SITE_NAME_MOST:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
    return f"{hosts[0][:150]} and {len(hosts) - 1} more ({digest})"


def relay_name(route: Route) -> str:
    """A relay as a site."""
    match route:
        case Sandbox():
            return "sandbox"
        case SmartHost(host=host, port=port):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case _:
            return ""


class Sites:
    """Sites by way and exchangers. What is quiet is forgotten when there are too many, then what was met first."""

    def __init__(self, settings: PostSettings, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._sites: dict[tuple[Way, str], Site] = {}
        self._site_of: dict[tuple[Way, str], Site] = {}

    def of_exchangers(self, way: Way, domain: str, name: str, exchangers: Exchangers) -> Site:
        """The site of a domain's exchangers; `name` is their `site_name`."""
        site = self._sites.get((way, name))
        if site is None:
            manners = self._settings.providers.manners(exchangers, self._settings.strangers)
            site = self._new(way, name, Site(manners, self._monotonic, exchangers))
        if len(self._site_of) >= _DOMAINS_KEPT:
            self._site_of.clear()
        self._site_of[way, domain] = site
        return site

    def of_relay(self, way: Way, name: str) -> Site:
        """The site that a relay is."""
        return self._sites.get((way, name)) or self._new(way, name, Site(self._settings.own_relay, self._monotonic))

    def met(self, way: Way, domain: str) -> Site | None:
        """The site of a domain, if something was sent there not long ago."""
        return self._site_of.get((way, domain))

    def states(self, now: datetime) -> tuple[SiteState, ...]:
        """All that are remembered, those first that need a look."""
        made = [self._state(way, name, site, now) for (way, name), site in self._sites.items()]
        return tuple(sorted(made, key=lambda state: (not state.alert, not state.why, state.way, state.site)))

    def _new(self, way: Way, name: str, site: Site) -> Site:
        if len(self._sites) >= _SITES_KEPT:
            self._make_room()
        self._sites[way, name] = site
        return site

    def _make_room(self) -> None:
        """Resting sites are forgotten last of all but those at work: a list of dead domains must not grow for ever."""
        gone = [key for key, site in self._sites.items() if site.is_quiet]
        if len(gone) < len(self._sites) // 10:
            idle = [key for key, site in self._sites.items() if not site.in_hand]
            gone = idle[: len(self._sites) // 10]
        for key in gone:
            self._sites.pop(key).retire()
        left = {id(site) for site in self._sites.values()}
        self._site_of = {key: site for key, site in self._site_of.items() if id(site) in left}

    def _state(self, way: Way, name: str, site: Site, now: datetime) -> SiteState:
        monotonic = self._monotonic()
        site.room()  # what was slowed until a while ago is as fast as before
        rest = site.rests.now(site.hosts, monotonic)
        return SiteState(
            way=way.name, site=name, provider=site.manners.name, connections=site.connections,
            connections_allowed=site.allowed, in_hand=site.in_hand, per_minute=site.pace.measured(monotonic),
            per_minute_allowed=site.pace.per_minute,
            resting_until=None if rest is None else now + timedelta(seconds=rest.until - monotonic),
            why="" if rest is None else rest.why, last_refusal=_refusal(site, now, monotonic), alert=site.alert,
        )  # fmt: skip


def _refusal(site: Site, now: datetime, monotonic: float) -> Refusal | None:
    if site.refused is None:
        return None
    at, said = site.refused
    return Refusal(
        code=said.reply.code, words=str(said.reply)[:_WORDS_SHOWN], at=now - timedelta(seconds=monotonic - at)
    )

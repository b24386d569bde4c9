"""A way as the post walks it: its route, name, source address and proxy, the installation's where it has none."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_address

from sendwright.outbound.connect import Connector
from sendwright.outbound.dial import Conversation
from sendwright.outbound.model import DirectMx, Dns, NoRoute, Route, Sandbox, SmartHost, Trouble, Unreachable, Way
from sendwright.outbound.routes import is_loopback
from sendwright.outbound.settings import PostSettings
from sendwright.outbound.sites import relay_name
from sendwright.outbound.tls_policies import TlsPolicies

_WAYS_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """`relay`: the name of the relay it leads to, "" for straight to the exchangers; `host` and `port` are its own."""

    route: Route
    settings: PostSettings
    connector: Connector
    relay: str
    host: str
    port: int

    async def look_up(self, host: str) -> list[str] | Unreachable:
        """A relay's addresses, by the system: names from the hosts file and from the operator's network work."""
        try:
            async with asyncio.timeout(self.settings.limits.look_up):
                found = await asyncio.get_running_loop().getaddrinfo(host, self.port, type=socket.SOCK_STREAM)
        except TimeoutError:
            return Unreachable(who=host, trouble=Trouble.DNS, detail="no answer in time")
        except OSError as fault:
            return Unreachable(who=host, trouble=Trouble.DNS, detail=fault.strerror or str(fault))
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def from_here(self, host: str, found: list[str]) -> list[str] | NoRoute | Unreachable:
        """Those that the source address can connect to: of its own family, and not itself (attack A14)."""
        if self.settings.source_ip is None:
            return found
        source = ip_address(self.settings.source_ip)
        there = [ip_address(ip.partition("%")[0]) for ip in found]
        fitting = [str(ip) for ip in there if ip.version == source.version and ip != source]
        if fitting:
            return fitting
        if source in there:
            return NoRoute(dns=Dns.INWARD, detail=f"{host} is at {source}")
        detail = f"none of its addresses is IPv{source.version}, as ours is"
        return Unreachable(who=host, trouble=Trouble.DNS, detail=detail)


class Paths:
    """The paths of the ways that are in use, made when a way is first met."""

    def __init__(
        self,
        route: Route,
        settings: PostSettings,
        *,
        on_open: Callable[[Conversation], None],
        policies: TlsPolicies | None = None,
    ) -> None:
        self._route, self._settings, self._on_open, self._policies = route, settings, on_open, policies
        self._made: dict[Way, Path] = {}

    def of(self, way: Way) -> Path:
        """The path of this way."""
        path = self._made.get(way)
        if path is None:
            if len(self._made) >= _WAYS_KEPT:
                del self._made[next(iter(self._made))]
            path = self._made[way] = self._make(way)
        return path

    def _make(self, way: Way) -> Path:
        route = way.route or self._route
        settings = self._settings
        # Our own machine is not reached from an address that may be another's.
        elsewhere = isinstance(route, DirectMx) or (isinstance(route, SmartHost) and not is_loopback(route.host))
        if way.ehlo_name is not None:
            settings = replace(settings, ehlo_name=way.ehlo_name)
        if elsewhere and (way.source_ip is not None or way.proxy is not None):
            settings = replace(settings, source_ip=way.source_ip, proxy=way.proxy)
        return Path(
            route=route, settings=settings,
            connector=Connector(route, settings, on_open=self._on_open, policies=self._policies),
            relay=relay_name(route), host=route.host if isinstance(route, Sandbox | SmartHost) else "",
            port=route.port if isinstance(route, Sandbox | SmartHost) else settings.mx_port,
        )  # fmt: skip

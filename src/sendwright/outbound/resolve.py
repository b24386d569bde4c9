"""Asks DNS where the mail of a domain goes (RFC 5321 section 5.1, null MX: RFC 7505), and remembers for a while."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TLSA import TLSA
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from sendwright.outbound.dane import MOST_RECORDS, Tlsa, read
from sendwright.outbound.inward import is_inward
from sendwright.outbound.model import Dns, NoRoute

MOST_HOSTS = 5
MOST_ADDRESSES = 10
_HOSTS_KEPT = 50

_MOST_TEXTS = 50
_EDNS_OCTETS = 1232  # what fits a packet on any path; a longer answer comes by TCP

_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
"""What an exchanger may be called: DNS has names of any octets, and TLS breaks at some that a stranger can publish."""

Kind = Literal["MX", "A", "AAAA", "TXT", "TLSA"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchangers:
    """The mail servers of a domain as (preference, host name), best first; `site` names the set of them.

    `secure`: DNSSEC vouches for them, as a resolver that we may believe says.
    """

    hosts: tuple[tuple[int, str], ...]
    site: tuple[str, ...]
    secure: bool = False

    def in_turn(self, chance: Callable[[], float]) -> list[str]:
        """The hosts to try, at most five: by preference, at random among equals."""
        ranked = sorted(self.hosts, key=lambda host: (host[0], chance()))
        return [name for _, name in ranked[:MOST_HOSTS]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a host is: IPv4 first, because receivers judge IPv6 senders more strictly. `refused` were inward.

    `failure` says why there may be more than these: DNS did not answer.
    """

    ips: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """DNS did not answer, or what it answered is forged (bogus). `detail` is safe to show."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """What DNS said of one name and kind. Neither missing nor failed and no records: the name has none of this kind.

    `secure`: validated. `name`: where the aliases end.
    """

    records: tuple[tuple[int, str], ...] = ()
    missing: bool = False
    failure: str = ""
    secure: bool = False
    name: str = ""
    ttl: float = 0.0


class Resolver:
    """One per process. Look-ups are bounded in time, what is remembered is bounded in number and age."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        nameserver: str | None = None,
        limit: timedelta = timedelta(seconds=10),
        own_names: Collection[str] = (),
        own_addresses: Collection[str] = (),
        allow_private: bool = False,
        validates: bool = False,
        remembered: int = 10_000,
    ) -> None:
        """`nameserver`: "HOST:PORT" with a numeric host, or None for those of the system. `monotonic`: seconds.

        `own_names`: what we are called as an exchanger; of a domain that lists one of them, only better ones are tried.
        `validates`: the name server checks DNSSEC and nobody can come between it and us, so that its word on what it
        validated (the AD bit) is believed.
        """
        self._nameserver = None if nameserver is None else _host_and_port(nameserver)
        self._limit = limit.total_seconds()
        self._own_names = frozenset(name.lower().rstrip(".") for name in own_names)
        self._own_addresses = frozenset(str(ip_address(address)) for address in own_addresses)
        self._allow_private = allow_private
        self._validates = validates
        self._memory = _Memory(monotonic, remembered)
        self._asking: dict[tuple[str, Kind], asyncio.Lock] = {}
        self._asker: dns.asyncresolver.Resolver | None = None

    async def exchangers(self, domain: str) -> Exchangers | NoRoute:
        """The servers for a domain (an A-label or an address literal), or why there are none."""
        if domain.startswith("["):
            return Exchangers(hosts=((0, domain),), site=(domain,))
        found = await self._look_up(domain, "MX")
        if found.failure:
            return NoRoute(dns=Dns.NO_ANSWER, detail=found.failure)
        if found.missing:
            return NoRoute(dns=Dns.NO_SUCH_DOMAIN)
        if not found.records:
            return await self._implicit(domain, found)
        return self._explicit(found)

    async def addresses(self, host: str) -> Addresses:
        """Where a host is, at most ten addresses."""
        if host.startswith("["):
            return self._vetted([_literal(host)], "")
        async with asyncio.TaskGroup() as asking:
            four = asking.create_task(self._look_up(host, "A"))
            six = asking.create_task(self._look_up(host, "AAAA"))
        found = [address for _, address in (*four.result().records, *six.result().records)]
        return self._vetted(found, four.result().failure or six.result().failure)

    async def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name; none also where DNS does not answer."""
        return tuple(text for _, text in (await self._look_up(name, "TXT")).records[:_MOST_TEXTS])

    async def tlsa(self, host: str, port: int) -> tuple[Tlsa, ...] | NoAnswer:
        """What DANE says of the server, none where it says nothing (RFC 7672 section 2.2).

        Asked only where the addresses are validated, too: elsewhere a name server may fail at the very question.
        """
        places = [await self._look_up(host, kind) for kind in _ADDRESS_KINDS]
        known = [place for place in places if place.records]
        if not known or not all(place.secure for place in known):
            return ()
        for base in dict.fromkeys((*(place.name for place in known), host)):
            found = await self._look_up(f"_{port}._tcp.{base}", "TLSA")
            if found.failure:
                return NoAnswer(detail=found.failure)
            if found.secure and found.records:
                return tuple(read(text) for _, text in found.records[:MOST_RECORDS])
        return ()

    def _explicit(self, found: _Records) -> Exchangers | NoRoute:
        named = [(preference, host) for preference, host in found.records if host]
        if not named:
            return NoRoute(dns=Dns.NULL_MX)
        named = [record for record in named if _HOST_NAME.fullmatch(record[1])]
        if not named:
            return NoRoute(dns=Dns.NO_SERVER)
        ours = [preference for preference, host in named if host in self._own_names]
        usable = [record for record in named if not ours or record[0] < min(ours)]
        if not usable:
            return NoRoute(dns=Dns.LOOP)
        kept = tuple(sorted(set(usable))[:_HOSTS_KEPT])
        return Exchangers(hosts=kept, site=tuple(sorted({host for _, host in kept})), secure=found.secure)

    async def _implicit(self, domain: str, found: _Records) -> Exchangers | NoRoute:
        """Without any MX the domain itself is the server, if it has an address."""
        own = await self.addresses(domain)
        if own.ips:
            return Exchangers(hosts=((0, domain),), site=(domain,), secure=found.secure)
        if own.failure:
            return NoRoute(dns=Dns.NO_ANSWER, detail=own.failure)
        return NoRoute(dns=Dns.INWARD if own.refused else Dns.NO_SERVER)

    def _vetted(self, found: list[str], failure: str) -> Addresses:
        ips: list[str] = []
        refused: list[str] = []
        for address in found[:MOST_ADDRESSES]:
            inward = is_inward(address, own=self._own_addresses, allow_private=self._allow_private)
            (refused if inward else ips).append(address)
        return Addresses(ips=tuple(ips), refused=tuple(refused), failure=failure)

    async def _look_up(self, name: str, kind: Kind) -> _Records:
        key = (name, kind)
        known = self._memory.recall(key)
        if known is not None:
            return known
        # Of many deliveries that need the same name only one asks.
        try:
            async with self._asking.setdefault(key, asyncio.Lock()):
                known = self._memory.recall(key)
                if known is None:
                    known = await self._ask(name, kind)
                    self._memory.keep(key, known)
                return known
        finally:
            self._asking.pop(key, None)

    async def _ask(self, name: str, kind: Kind) -> _Records:
        try:
            asker = self._asker or self._new_asker()
            answer = await asker.resolve(name, kind, search=False, raise_on_no_answer=False, lifetime=self._limit)
        except dns.resolver.NXDOMAIN:
            return _Records(missing=True, ttl=_NEGATIVE_TTL)
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.BadEscape):
            return _Records(missing=True, ttl=_NEGATIVE_TTL)
        except dns.resolver.LifetimeTimeout:
            return _Records(failure=f"no answer about {kind} of {name} in {self._limit:g} s", ttl=_FAILURE_TTL)
        except (dns.exception.DNSException, OSError) as fault:
            return _Records(failure=f"{kind} of {name}: {_plain(fault)}", ttl=_FAILURE_TTL)
        secure = self._validates and bool(answer.response.flags & dns.flags.AD)
        if answer.rrset is None:
            return _Records(secure=secure, ttl=_NEGATIVE_TTL)
        return _Records(
            records=tuple(_record(item) for item in answer.rrset), secure=secure, ttl=float(answer.rrset.ttl),
            name=answer.canonical_name.to_text(omit_final_dot=True).lower(),
        )  # fmt: skip

    def _new_asker(self) -> dns.asyncresolver.Resolver:
        self._asker = dns.asyncresolver.Resolver(configure=self._nameserver is None)
        if self._nameserver is not None:
            self._asker.nameservers = [self._nameserver[0]]
            self._asker.port = self._nameserver[1]
        if self._validates:  # RFC 6840 section 5.7: who wants to hear what was validated, says so
            self._asker.flags = dns.flags.RD | dns.flags.AD
            self._asker.use_edns(0, dns.flags.DO, _EDNS_OCTETS)
        return self._asker


_ADDRESS_KINDS: tuple[Kind, ...] = ("A", "AAAA")
_SHORTEST_TTL, _LONGEST_TTL = 30.0, 3_600.0
_NEGATIVE_TTL, _FAILURE_TTL = 60.0, 15.0


class _Memory:
    """Answers by name and kind, until they are too old; the oldest gives way when there are too many."""

    def __init__(self, monotonic: Callable[[], float], most: int) -> None:
        self._monotonic = monotonic
        self._most = most
        self._kept: dict[tuple[str, Kind], tuple[float, _Records]] = {}

    def recall(self, key: tuple[str, Kind]) -> _Records | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] > self._monotonic() else None

    def keep(self, key: tuple[str, Kind], answer: _Records) -> None:
        ttl = answer.ttl if answer.failure else min(max(answer.ttl, _SHORTEST_TTL), _LONGEST_TTL)
        self._kept.pop(key, None)
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._monotonic() + ttl, answer)


def _record(item: dns.rdata.Rdata) -> tuple[int, str]:
    match item:
        case MX():
            return item.preference, item.exchange.to_text(omit_final_dot=True).lower().removesuffix(".")
        case A() | AAAA():
            return 0, item.address
        case TXT():  # in pieces of 255 octets, put together without a space (RFC 8461 section 3.1)
            return 0, b"".join(item.strings).decode("latin-1")
        case TLSA():
            record = Tlsa(usage=item.usage, selector=item.selector, matching=item.mtype, data=item.cert)
            return 0, str(record)
        case _:
            raise TypeError("DNS gave a record of another kind than asked for")


def _plain(fault: Exception) -> str:
    if isinstance(fault, dns.resolver.NoNameservers):
        return "the name servers report a failure (SERVFAIL or alike)"
    return type(fault).__name__ if isinstance(fault, dns.exception.DNSException) else str(fault)[:100]


def _literal(domain: str) -> str:
    """The address in an address literal (RFC 5321 section 4.1.3); one that cannot be read is nowhere."""
    try:
        return str(ip_address(domain[1:-1].lower().removeprefix("ipv6:")))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - refused as inward, nothing binds to it


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        return str(ip_address(host.strip("[]"))), int(port)
    except ValueError as fault:
        raise ValueError("a name server is given as HOST:PORT with a numeric host, such as 127.0.0.1:53") from fault

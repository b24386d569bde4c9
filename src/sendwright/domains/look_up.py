"""Asks DNS what a domain publishes: its own (authoritative) name servers, so that no cache tells of yesterday.

Bounded: eight name servers, sixteen questions at once (128 in a process), seconds for each, twenty values of four
thousand characters (a DNS message has 64 kB at most). Name servers at addresses that ``may_ask`` refuses are not asked
(attack A14): the owner of a domain says where its name servers are, and may be a stranger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Final, Literal, TypeVar

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from sendwright.domains.found import Finding, Seen

Kind = Literal["TXT", "MX", "A", "AAAA", "CNAME", "NS"]
T = TypeVar("T")

_MOST_SERVERS: Final = 8
_MOST_AT_ONCE: Final = 16
_MOST_IN_ALL: Final = 128
_MOST_VALUES: Final = 20
_MOST_CHARACTERS: Final = 4_000
_MOST_ALIASES: Final = 8
_UDP_OCTETS: Final = 1232
_RESOLVER: Final = "resolver"
_PATIENT: Final = 3
"""Questions to a resolver that never answered, before it is asked no more in this check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """A name server of a zone; without an address it cannot be asked, and ``failure`` says why."""

    name: str
    ip: str = ""
    failure: str = ""


class NameServers:
    """One per process. Each check begins an :meth:`inquiry` of its own and remembers nothing afterwards."""

    def __init__(
        self,
        *,
        may_ask: Callable[[str], bool],
        resolver: str | None = None,
        port: int = 53,
        limit: timedelta = timedelta(seconds=3),
        patience: timedelta = timedelta(seconds=30),
    ) -> None:
        """``resolver``: "HOST:PORT" with a numeric host, None for the system's. ``port``: of authoritative servers.

        ``limit``: how long one server may take to answer; ``patience``: how long a whole check may take.
        """
        self.may_ask, self.port = may_ask, port
        self.limit, self.patience = limit.total_seconds(), patience.total_seconds()
        self.room = asyncio.Semaphore(_MOST_IN_ALL)
        self._where = None if resolver is None else _host_and_port(resolver)
        self._asker: dns.asyncresolver.Resolver | None = None

    def inquiry(self) -> Inquiry:
        """A new set of questions."""
        return Inquiry(self, self._asker or self._new_asker())

    def _new_asker(self) -> dns.asyncresolver.Resolver:
        asker = self._asker = dns.asyncresolver.Resolver(configure=self._where is None)
        asker.timeout, asker.lifetime = self.limit, 2 * self.limit
        if self._where is not None:
            asker.nameservers, asker.port = [self._where[0]], self._where[1]
        return asker


class Inquiry:
    """The questions of one check. What was learnt of zones and their servers is kept for its other questions."""

    def __init__(self, house: NameServers, asker: dns.asyncresolver.Resolver) -> None:
        self._house, self._asker = house, asker
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)
        self._zones: dict[str, Finding] = {}
        self._servers: dict[str, tuple[_Server, ...]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._resolver_answered, self._waited_in_vain = False, 0

    async def ask(self, name: str, kind: Kind) -> Seen:
        """What each authoritative name server says; if none of them can be asked, what the resolver says."""
        zone = await self._zone_of(name)
        servers = () if zone is None else await self._servers_of(zone)
        findings = tuple(await together(self._ask_server(server, name, kind) for server in servers))
        if any(not finding.failure for finding in findings):
            return Seen(findings=findings)
        why = findings[0].failure if findings else "none were found"
        note = f"The domain's own name servers could not be asked ({why}); this is what the resolver says."
        return Seen(findings=(await self.resolve(name, kind),), note=note)

    async def resolve(self, name: str, kind: Kind) -> Finding:
        """What the resolver says, which may be as old as the answer may be kept."""
        if not self._resolver_answered and self._waited_in_vain >= _PATIENT:
            return Finding(server=_RESOLVER, failure="the resolver does not answer")
        try:
            async with self._room, self._house.room:
                answer = await self._asker.resolve(name, kind, search=False, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, *_NO_NAME):
            self._resolver_answered = True
            return Finding(server=_RESOLVER)
        except dns.exception.Timeout as fault:
            self._waited_in_vain += 1
            return Finding(server=_RESOLVER, failure=_plain(fault))
        except (dns.exception.DNSException, OSError, ValueError) as fault:
            return Finding(server=_RESOLVER, failure=_plain(fault))
        self._resolver_answered = True
        alias = _text(answer.canonical_name)
        return Finding(
            server=_RESOLVER, values=_values(answer.rrset or ()), alias="" if alias == name.lower() else alias
        )

    async def _zone_of(self, name: str) -> str | None:
        """The nearest name above (or at) it that has name servers; no top-level domain."""
        labels = name.split(".")
        for first in range(len(labels) - 1):
            candidate = ".".join(labels[first:])
            async with self._turn(f"zone {candidate}"):
                if candidate not in self._zones:
                    self._zones[candidate] = await self.resolve(candidate, "NS")
            found = self._zones[candidate]
            if found.failure:
                return None
            if found.values and not found.alias:
                return candidate
        return None

    async def _servers_of(self, zone: str) -> tuple[_Server, ...]:
        async with self._turn(f"servers {zone}"):
            if zone not in self._servers:
                names = self._zones[zone].values[:_MOST_SERVERS]
                self._servers[zone] = tuple(await together(self._server(name) for name in names))
        return self._servers[zone]

    async def _server(self, name: str) -> _Server:
        found = await self.resolve(name, "A")
        if not found.values:
            found = await self.resolve(name, "AAAA")
        if not found.values:
            return _Server(name=name, failure=found.failure or "its name has no address")
        if not self._house.may_ask(found.values[0]):
            return _Server(name=name, failure=f"its address {found.values[0]} is private and is not asked")
        return _Server(name=name, ip=found.values[0])

    async def _ask_server(self, server: _Server, name: str, kind: Kind) -> Finding:
        if not server.ip:
            return Finding(server=server.name, failure=server.failure)
        try:
            query = dns.message.make_query(name, kind, use_edns=0, payload=_UDP_OCTETS)
            query.flags &= ~dns.flags.RD
            async with self._room, self._house.room:
                response, _ = await dns.asyncquery.udp_with_fallback(
                    query, server.ip, timeout=self._house.limit, port=self._house.port, ignore_unexpected=True
                )
        except _NO_NAME:
            return Finding(server=server.name)
        except (dns.exception.DNSException, OSError, EOFError, ValueError) as fault:
            return Finding(server=server.name, failure=_plain(fault))
        return await self._read(server, response, kind)

    async def _read(self, server: _Server, response: dns.message.Message, kind: Kind) -> Finding:
        code = response.rcode()
        if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return Finding(server=server.name, failure=f"it answers {dns.rcode.to_text(code)}")
        if _is_referral(response):
            return Finding(server=server.name, failure="it is not in charge of this domain")
        alias, values = _follow(response, kind)
        if alias and not values:
            # The name points out of the zone: what is there is another zone's, and any cache is as good.
            target = await self.resolve(alias, kind)
            return Finding(server=server.name, values=target.values, alias=alias, failure=target.failure)
        return Finding(server=server.name, values=values, alias=alias)

    def _turn(self, key: str) -> asyncio.Lock:
        return self._turns.setdefault(key, asyncio.Lock())


async def together(questions: Iterable[Awaitable[T]]) -> list[T]:
    """The answers to questions that are asked at once, in their order."""

    async def waited(question: Awaitable[T]) -> T:
        return await question

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(waited(question)) for question in questions]
    return [task.result() for task in tasks]


def _is_referral(response: dns.message.Message) -> bool:
    """It tells whom to ask, and does not claim to know: a server that the zone left, or never had."""
    is_sure = bool(response.flags & dns.flags.AA)
    names_others = any(rrset.rdtype == dns.rdatatype.NS for rrset in response.authority)
    return not is_sure and not response.answer and names_others


def _follow(response: dns.message.Message, kind: Kind) -> tuple[str, tuple[str, ...]]:
    """Where the CNAMEs in an answer lead (empty: there are none), and the values there."""
    name, alias = response.question[0].name, ""
    by_name = {(rrset.name, rrset.rdtype): rrset for rrset in response.answer}
    for _ in range(_MOST_ALIASES):
        step = by_name.get((name, dns.rdatatype.CNAME))
        if step is None or kind == "CNAME":
            break
        name = step[0].target
        alias = _text(name)
    return alias, _values(by_name.get((name, dns.rdatatype.from_text(kind)), ()))


def _values(records: Iterable[dns.rdata.Rdata]) -> tuple[str, ...]:
    return tuple(sorted(_value(record)[:_MOST_CHARACTERS] for record in records)[:_MOST_VALUES])


def _value(record: dns.rdata.Rdata) -> str:
    match record:
        case TXT():  # the strings of one record are one text (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2)
            return b"".join(record.strings).decode("utf-8", "replace").replace("\0", "\ufffd")  # no database keeps NUL
        case MX():
            return f"{record.preference} {_text(record.exchange) or '.'}"
        case CNAME():
            return _text(record.target)
        case _:
            return record.to_text().lower().removesuffix(".")


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")


_NO_NAME = (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.BadEscape)


def _plain(fault: Exception) -> str:
    if isinstance(fault, dns.exception.Timeout):
        return "no answer in time"
    if isinstance(fault, dns.resolver.NoNameservers):
        return "its name servers report a failure"
    if isinstance(fault, dns.exception.DNSException | EOFError | ValueError):
        return f"an answer that cannot be read ({type(fault).__name__})"
    return str(fault)[:100] or type(fault).__name__


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        return str(ip_address(host.strip("[]"))), int(port)
    except ValueError as fault:
        raise ValueError("a name server is given as HOST:PORT with a numeric host, such as 127.0.0.1:53") from fault

"""A name server on loopback that says what a test wants.

    zone = {("example.org", "MX"): ["10 mx.example.org."], ("mx.example.org", "A"): ["192.0.2.1"]}
    async with name_server(zone) as dns:
        resolver = Resolver(nameserver=dns.address, ...)

A name with no record of any kind does not exist (NXDOMAIN). Instead of records: `SERVFAIL` or `SILENCE`.
With `signed` it tells who asks for it that its answers are validated (AD), but those about the names in `unsigned`.
Several, at 127.0.0.1 (the resolver), 127.0.0.2, … and one port, each with its own zone: `name_servers(zone, …)`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SERVFAIL: Literal["SERVFAIL"] = "SERVFAIL"
SILENCE: Literal["SILENCE"] = "SILENCE"

Zone = Mapping[tuple[str, str], Sequence[str] | Literal["SERVFAIL", "SILENCE"]]


@dataclass
class NameServer:
    """`zone` may be changed while it serves. `asked` counts questions by name and kind.

    `refers_to`: it answers nothing itself and names this server instead, as one that a zone has left.
    """

    zone: Zone
    address: str = ""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    ttl: int = 300
    signed: bool = False
    unsigned: set[str] = field(default_factory=set)
    refers_to: str = ""
    down: bool = False

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind] += 1
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.signed and query.flags & dns.flags.AD and name not in self.unsigned:
            response.flags |= dns.flags.AD
        if self.down:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        if self.refers_to:
            response.authority.append(self._rrset("example.com", "NS", [self.refers_to]))
            return response.to_wire()
        return self._fill(response, name, kind)

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> bytes | None:
        known = self.zone.get((name, kind), [])
        if known == SILENCE:
            return None
        if known == SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        alias = self.zone.get((name, "CNAME"))
        if alias and kind != "CNAME":
            response.answer.append(self._rrset(name, "CNAME", alias))
            target = alias[0].rstrip(".")
            return self._fill(response, target, kind) if len(response.answer) < 30 else response.to_wire()
        if known:
            response.answer.append(self._rrset(name, kind, known))
        elif not any(owner == name for owner, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire(max_size=65535)

    def _rrset(self, name: str, kind: str, records: Sequence[str]) -> dns.rrset.RRset:
        return dns.rrset.from_text(dns.name.from_text(name), self.ttl, "IN", kind, *records)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data)
        if answer is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def name_server(zone: Zone) -> AsyncIterator[NameServer]:
    server = NameServer(zone)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Udp(server), local_addr=("127.0.0.1", 0)
    )
    server.address = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    try:
        yield server
    finally:
        transport.close()


@asynccontextmanager
async def name_servers(*zones: Zone) -> AsyncIterator[list[NameServer]]:
    """The servers, in the order of their zones. Their addresses differ in the host alone."""
    for _ in range(20):
        try:
            opened = await _open_together(zones)
        except OSError:  # the port is taken at one of the addresses
            continue
        break
    try:
        yield [server for server, _ in opened]
    finally:
        for _, transport in opened:
            transport.close()


async def _open_together(zones: Sequence[Zone]) -> list[tuple[NameServer, asyncio.BaseTransport]]:
    opened: list[tuple[NameServer, asyncio.BaseTransport]] = []
    port = 0
    try:
        for number, zone in enumerate(zones, start=1):
            server = NameServer(zone)
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                partial(_Udp, server), local_addr=(f"127.0.0.{number}", port)
            )
            port = transport.get_extra_info("sockname")[1]
            server.address = f"127.0.0.{number}:{port}"
            opened.append((server, transport))
    except OSError:
        for _, transport in opened:
            transport.close()
        raise
    return opened

"""Through a proxy on the machine that has the source address: SOCKS5 (RFC 1928) or HAProxy's PROXY header, version 2.

The conversation with a SOCKS5 proxy is `Socks5`, which has no socket; `open_connection` is the hand.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from ipaddress import IPv4Address, ip_address
from typing import assert_never

from sendwright.outbound.model import Peer, Proxy, ProxyKind

PROXY_REST = 30.0
"""Seconds a proxy that failed is left alone, so that those who leave by it hold nobody up."""

_V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_PROXY, _TCP4, _TCP6 = b"\x21", b"\x11", b"\x21"

_REFUSALS = {
    1: "the proxy failed", 2: "its rules do not allow it", 3: "network unreachable", 4: "host unreachable",
    5: "connection refused", 6: "time to live expired", 7: "it cannot connect",
    8: "it does not know this kind of address",
}  # fmt: skip
_OF_THE_PEER = frozenset({3, 4, 5, 6})


class ProxyFailed(OSError):
    """The proxy itself cannot be reached, breaks its protocol or will not serve us. The server is not to blame."""


class PeerFailed(OSError):
    """The proxy did its work and could not reach the server."""


class ProxyRests:
    """Which proxies failed a moment ago, and why."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failed: dict[Proxy, tuple[float, str]] = {}

    def failed(self, proxy: Proxy, why: str) -> None:
        """It is left alone for a while."""
        self._failed[proxy] = (self._monotonic() + PROXY_REST, why)

    def why(self, proxy: Proxy | None) -> str:
        """Why it is left alone now; "": it is not."""
        until, why = self._failed.get(proxy, (0.0, "")) if proxy is not None else (0.0, "")
        return why if until > self._monotonic() else ""


class _Step(Enum):
    METHOD = 2  # octets that the next answer has, as far as is known
    REPLY = 4
    DOMAIN = 1
    ADDRESS = 0
    DONE = -1


class Socks5:
    """The CONNECT command without authentication (RFC 1928 sections 3 to 6), octet by octet, from the client's side.

    Write `hello`, then read exactly `wanted` octets, give them to `take`, write what it returns, until `done`.
    """

    hello = b"\x05\x01\x00"

    def __init__(self, ip: str, port: int) -> None:
        self._request = b"\x05\x01\x00" + _socks_address(ip) + port.to_bytes(2, "big")
        self._step = _Step.METHOD
        self.wanted = _Step.METHOD.value

    @property
    def done(self) -> bool:
        """Whether the next octet is the server's."""
        return self._step is _Step.DONE

    def take(self, octets: bytes) -> bytes:
        """What is to be written next. Raises ProxyFailed or PeerFailed."""
        match self._step:
            case _Step.METHOD:
                return self._chosen(octets)
            case _Step.REPLY:
                self._replied(octets)
            case _Step.DOMAIN:
                self._expect(_Step.ADDRESS, octets[0] + 2)
            case _Step.ADDRESS | _Step.DONE:
                self._expect(_Step.DONE, 0)
            case _:  # pragma: no cover - mypy proves that none is left
                assert_never(self._step)
        return b""

    def _chosen(self, octets: bytes) -> bytes:
        if octets[:1] != b"\x05":
            raise ProxyFailed("the proxy does not speak SOCKS5")
        if octets[1] != 0:
            raise ProxyFailed("the proxy wants authentication, which Sendwright does not do")
        self._expect(_Step.REPLY, _Step.REPLY.value)
        return self._request

    def _replied(self, octets: bytes) -> None:
        version, code, _, kind = octets
        if version != 5:
            raise ProxyFailed("the proxy does not speak SOCKS5")
        if code:
            why = _REFUSALS.get(code, f"refusal {code}")
            raise PeerFailed(why) if code in _OF_THE_PEER else ProxyFailed(f"the proxy refused: {why}")
        lengths = {1: 6, 4: 18}  # the address it binds to and its port, which nobody needs
        if kind == 3:
            return self._expect(_Step.DOMAIN, 1)
        if kind not in lengths:
            raise ProxyFailed("the proxy answered with an unknown kind of address")
        return self._expect(_Step.ADDRESS, lengths[kind])

    def _expect(self, step: _Step, wanted: int) -> None:
        self._step, self.wanted = step, wanted


def haproxy_header(source: str | None, ip: str, port: int) -> bytes:
    """What we tell a listening HAProxy: leave from `source` (None: as it likes) for this address. Families must agree.

    The binary header of the PROXY protocol, version 2, command PROXY, over TCP; the source port is 0: any.
    """
    destination = ip_address(ip)
    kind = _TCP4 if isinstance(destination, IPv4Address) else _TCP6
    leaves_from = ip_address(source) if source is not None else ip_address(bytes(len(destination.packed)))
    if leaves_from.version != destination.version:
        raise ProxyFailed(f"{source} cannot connect to {ip}: one is IPv4, the other IPv6")
    addresses = leaves_from.packed + destination.packed + b"\0\0" + port.to_bytes(2, "big")
    return _V2_SIGNATURE + _V2_PROXY + kind + len(addresses).to_bytes(2, "big") + addresses


async def open_connection(
    protocol: Callable[[], asyncio.Protocol],
    peer: Peer,
    *,
    source_ip: str | None,
    proxy: Proxy | None,
    proxy_limit: float,
    ssl_context: ssl.SSLContext | None = None,
) -> None:
    """Connects to the peer, from `source_ip`, through `proxy`. Raises OSError: ProxyFailed when the proxy is to blame.

    `proxy_limit`: seconds to reach the proxy. For all the rest the caller sets a limit around it.
    """
    loop = asyncio.get_running_loop()
    called = peer.host if ssl_context is not None else None
    if proxy is None:
        local = None if source_ip is None else (source_ip, 0)
        await loop.create_connection(
            protocol, peer.ip, peer.port, local_addr=local, ssl=ssl_context, server_hostname=called
        )
        return
    through = await _reach(proxy, peer, source_ip, proxy_limit)
    try:
        await loop.create_connection(protocol, sock=through, ssl=ssl_context, server_hostname=called)
    except BaseException:
        through.close()
        raise


async def _reach(proxy: Proxy, peer: Peer, source_ip: str | None, limit: float) -> socket.socket:
    """A socket whose next octets are the peer's."""
    connected = await _connect(proxy, limit)
    try:
        loop = asyncio.get_running_loop()
        match proxy.kind:
            case ProxyKind.HAPROXY:
                await loop.sock_sendall(connected, haproxy_header(source_ip, peer.ip, peer.port))
            case ProxyKind.SOCKS5:  # pragma: no branch - mypy proves that none is left
                await _ask_socks(connected, Socks5(peer.ip, peer.port))
    except (ProxyFailed, PeerFailed):
        connected.close()
        raise
    except OSError as fault:
        connected.close()
        raise ProxyFailed(f"the proxy broke off: {fault}") from fault
    except BaseException:
        connected.close()
        raise
    return connected


async def _connect(proxy: Proxy, limit: float) -> socket.socket:
    try:
        async with asyncio.timeout(limit):
            return await _connect_to_any(proxy)
    except TimeoutError as fault:
        raise ProxyFailed(f"the proxy {proxy.host}:{proxy.port} did not answer within {limit:g} s") from fault


async def _connect_to_any(proxy: Proxy) -> socket.socket:
    loop = asyncio.get_running_loop()
    where = f"{proxy.host}:{proxy.port}"
    try:
        found = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise ProxyFailed(f"the proxy {where} has no address: {fault.strerror or fault}") from fault
    last: OSError | None = None
    for family, kind, number, _, address in found[:4]:
        attempt = socket.socket(family, kind, number)
        attempt.setblocking(False)
        try:
            await loop.sock_connect(attempt, address)
        except OSError as fault:
            attempt.close()
            last = fault
        except BaseException:
            attempt.close()
            raise
        else:
            with suppress(OSError):  # not every kind of socket has it
                attempt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return attempt
    raise ProxyFailed(f"the proxy {where} cannot be reached: {_plain(last)}") from last


def _plain(fault: OSError | None) -> str:
    """What the system calls the error: the event loops word it differently."""
    return os.strerror(fault.errno) if fault is not None and fault.errno and fault.errno > 0 else str(fault)


async def _ask_socks(connected: socket.socket, core: Socks5) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connected, core.hello)
    while not core.done:
        out = core.take(await _exactly(connected, core.wanted))
        if out:
            await loop.sock_sendall(connected, out)


async def _exactly(connected: socket.socket, octets: int) -> bytes:
    """So many and not one more: what follows the proxy's answer is the server's."""
    loop = asyncio.get_running_loop()
    got = b""
    while len(got) < octets:
        piece = await loop.sock_recv(connected, octets - len(got))
        if not piece:
            raise ProxyFailed("the proxy closed the connection")
        got += piece
    return got


def _socks_address(ip: str) -> bytes:
    address = ip_address(ip)
    return (b"\x01" if isinstance(address, IPv4Address) else b"\x04") + address.packed

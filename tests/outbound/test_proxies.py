"""Proxies, without a socket and with one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address

import pytest

from sendwright import outbound
from sendwright.outbound.model import Answered, Proxy, ProxyKind, SmartHost, Trouble, Unreachable, Way
from sendwright.outbound.paths import Paths
from sendwright.outbound.proxies import PeerFailed, ProxyFailed, ProxyRests, Socks5, haproxy_header
from sendwright.outbound.settings import PostSettings
from tests.fakes.name_server import Zone, name_server
from tests.fakes.smtp_peer import BYE, EHLO, ONE_MESSAGE, Hang, scripted
from tests.outbound.made import PARCEL, SHORT, Clock, deliver, post_to

pytestmark = pytest.mark.anyio

ZONE: Zone = {("example.org", "MX"): ["10 mx.example.org."], ("mx.example.org", "A"): ["127.0.0.1"]}
READY = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00"

# --- SOCKS5, octet by octet


def spoken(octets: bytes) -> tuple[Socks5, bytes]:
    """A core that has taken these octets, each time as many as it wanted, and what it wrote."""
    core, out = Socks5("192.0.2.1", 25), b""
    while not core.done and octets:
        piece, octets = octets[: core.wanted], octets[core.wanted :]
        out += core.take(piece)
    assert octets == b""
    return core, out


def test_the_request_names_the_server_by_its_address():
    core, out = spoken(b"\x05\x00" + READY)
    assert out == b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"
    assert core.done


def test_an_ipv6_server_is_named_too():
    core = Socks5("2001:db8::1", 25)
    assert core.take(b"\x05\x00") == b"\x05\x01\x00\x04" + ip_address("2001:db8::1").packed + b"\x00\x19"


@pytest.mark.parametrize(
    "bound", [b"\x04" + b"\0" * 18, b"\x03\x05proxy\x00\x00", b"\x03\x00\x00\x00", b"\x01" + b"\0" * 6]
)
def test_what_the_proxy_binds_to_is_read_to_its_end_and_no_further(bound: bytes):
    assert spoken(b"\x05\x00\x05\x00\x00" + bound)[0].done


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"HT", "does not speak SOCKS5"),
        (b"\x05\xff", "wants authentication"),
        (b"\x05\x02", "wants authentication"),
        (b"\x05\x00\x04\x00\x00\x01", "does not speak SOCKS5"),
        (b"\x05\x00\x05\x02\x00\x01", "its rules do not allow it"),
        (b"\x05\x00\x05\x63\x00\x01", "refusal 99"),
        (b"\x05\x00\x05\x00\x00\x09", "unknown kind of address"),
    ],
)
def test_a_proxy_that_will_not_is_to_blame(said: bytes, complaint: str):
    with pytest.raises(ProxyFailed, match=complaint):
        spoken(said)


@pytest.mark.parametrize(("code", "why"), [(4, "host unreachable"), (5, "connection refused")])
def test_a_server_that_the_proxy_cannot_reach_is_to_blame_itself(code: int, why: str):
    with pytest.raises(PeerFailed, match=why):
        spoken(b"\x05\x00\x05" + bytes([code]) + b"\x00\x01")


# --- HAProxy's header


def test_the_header_names_source_and_destination():
    header = haproxy_header("198.51.100.7", "192.0.2.1", 25)
    assert header == b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes(
        [198, 51, 100, 7, 192, 0, 2, 1, 0, 0, 0, 25]
    )  # fmt: skip


def test_the_header_of_ipv6_has_its_own_kind_and_length():
    header = haproxy_header("2001:db8::7", "2001:db8::1", 25)
    assert header[12:16] == b"\x21\x21\x00\x24"
    assert len(header) == 16 + 36


def test_without_a_source_the_proxy_chooses():
    assert haproxy_header(None, "192.0.2.1", 25)[16:20] == b"\0\0\0\0"


def test_a_header_never_mixes_families():
    with pytest.raises(ProxyFailed, match="one is IPv4, the other IPv6"):
        haproxy_header("198.51.100.7", "2001:db8::1", 25)


def test_a_proxy_that_failed_rests_for_a_moment():
    clock, proxy = Clock(), Proxy(kind=ProxyKind.SOCKS5, host="127.0.0.1", port=1)
    rests = ProxyRests(clock.monotonic)
    rests.failed(proxy, "gone")
    assert (rests.why(proxy), rests.why(None), rests.why(replace(proxy, port=2))) == ("gone", "", "")
    clock.moved = 31
    assert rests.why(proxy) == ""


# --- with a socket


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await serve(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Passes everything on, both ways."""
    there, here = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(4096):
            sink.write(piece)
        sink.close()

    await asyncio.gather(pump(reader, here), pump(there, writer))


@asynccontextmanager
async def posted(proxy: Proxy, *, clock: Clock | None = None, source_ip: str | None = None, port: int = 2525) -> (
    AsyncIterator[tuple[outbound.Post, outbound.Parcel]]
):  # fmt: skip
    time = clock or Clock()
    async with name_server(ZONE) as dns:
        resolver = outbound.Resolver(nameserver=dns.address, monotonic=time.monotonic, allow_private=True)
        way = Way(name="egress", proxy=proxy, source_ip=source_ip)
        async with post_to(
            outbound.DirectMx(), resolver=resolver, clock=time, limits=SHORT, mx_port=port
        ) as post:  # fmt: skip
            yield post, replace(PARCEL, way=way)


@pytest.mark.parametrize("kind", ProxyKind)
async def test_a_message_leaves_through_its_proxy(kind: ProxyKind):
    asked: list[bytes] = []
    async with scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if kind is ProxyKind.SOCKS5:
                await reader.readexactly(3)
                writer.write(b"\x05\x00")
                asked.append(await reader.readexactly(10))
                writer.write(READY)
            else:
                asked.append(await reader.readexactly(28))
            await relay(reader, writer, peer.port)

        async with (
            listening(serve) as port,
            posted(Proxy(kind=kind, host="127.0.0.1", port=port), source_ip="198.51.100.7") as (post, parcel),
        ):
            made = await deliver(post, parcel)
    assert isinstance(made.outcome, Answered)
    assert made.outcome.reply.code == 250
    assert made.peer is not None
    assert made.peer.ip == "127.0.0.1"
    destination = b"\x7f\x00\x00\x01"
    assert asked == [
        b"\x05\x01\x00\x01" + destination + (2525).to_bytes(2, "big")
        if kind is ProxyKind.SOCKS5
        else haproxy_header("198.51.100.7", "127.0.0.1", 2525)
    ]


async def test_a_server_that_the_proxy_cannot_reach_rests_and_the_proxy_does_not():
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.readexactly(10)
        writer.write(b"\x05\x05\x00\x01" + b"\0" * 6)

    async with (
        listening(refuse) as port,
        posted(Proxy(kind=ProxyKind.SOCKS5, host="127.0.0.1", port=port)) as (post, parcel),
    ):
        first, second = await deliver(post, parcel), await deliver(post, parcel)
    assert isinstance(first.outcome, Unreachable)
    assert (first.outcome.trouble, first.outcome.detail) == (Trouble.CONNECT, "connection refused")
    assert isinstance(second.outcome, Unreachable)
    assert second.outcome.trouble is Trouble.RESTING


async def test_a_proxy_that_is_gone_is_to_blame_and_is_left_alone_for_a_moment():
    clock = Clock()
    async with scripted([Hang()]) as peer:
        gone = Proxy(kind=ProxyKind.HAPROXY, host="127.0.0.1", port=peer.port)
    async with posted(gone, clock=clock) as (post, parcel):
        first, second = await deliver(post, parcel), await deliver(post, parcel)
        assert isinstance(first.outcome, Unreachable)
        assert first.outcome.trouble is Trouble.PROXY
        assert "cannot be reached" in first.outcome.detail
        assert second.outcome == Unreachable(
            who="example.org", trouble=Trouble.PROXY, detail=first.outcome.detail
        )  # fmt: skip
        assert second.dialogue == ()
        assert post.snapshot()[0].resting_until is None
        clock.moved = 31
        assert (await deliver(post, parcel)).dialogue != ()


@pytest.mark.parametrize("said", [b"", b"\x05", b"\x05\x00\x05\x00"])
async def test_a_proxy_that_breaks_off_is_to_blame(said: bytes):
    async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await reader.read(3)

    async with (
        listening(vanish) as port,
        posted(Proxy(kind=ProxyKind.SOCKS5, host="127.0.0.1", port=port)) as (post, parcel),
    ):
        made = await deliver(post, parcel)
    assert isinstance(made.outcome, Unreachable)
    assert made.outcome.trouble is Trouble.PROXY


async def test_a_proxy_whose_name_is_unknown_is_to_blame():
    async with posted(Proxy(kind=ProxyKind.SOCKS5, host="proxy.invalid", port=1080)) as (post, parcel):
        made = await deliver(post, parcel)
    assert isinstance(made.outcome, Unreachable)
    assert (made.outcome.trouble, "has no address" in made.outcome.detail) == (Trouble.PROXY, True)


async def test_our_own_machine_is_reached_without_source_and_proxy():
    paths = Paths(
        SmartHost(host="127.0.0.1", port=25), PostSettings(ehlo_name="mta.example.com"), on_open=lambda talk: None
    )
    proxy = Proxy(kind=ProxyKind.SOCKS5, host="127.0.0.1", port=1080)
    path = paths.of(Way(name="egress", source_ip="198.51.100.7", proxy=proxy, ehlo_name="mta1.example.com"))
    assert (path.settings.source_ip, path.settings.proxy) == (None, None)
    assert path.settings.ehlo_name == "mta1.example.com"


async def test_a_proxy_without_an_answer_is_given_up_in_time():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        where = full.getsockname()
        with socket.create_connection(where):  # now its queue is full, and nobody empties it
            async with posted(Proxy(kind=ProxyKind.HAPROXY, host="127.0.0.1", port=where[1])) as (post, parcel):
                made = await deliver(post, parcel)
    assert isinstance(made.outcome, Unreachable)
    assert (made.outcome.trouble, "within 0.1 s" in made.outcome.detail) == (Trouble.PROXY, True)


async def test_a_delivery_that_is_cancelled_while_the_proxy_is_silent_frees_its_slot():
    silent = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.set()
        await reader.read()

    async with (
        listening(say_nothing) as port,
        posted(Proxy(kind=ProxyKind.SOCKS5, host="127.0.0.1", port=port)) as (post, parcel),
    ):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(deliver(post, parcel))
            await silent.wait()
            task.cancel()
        assert post.free_slots("example.org", parcel.way) == 2

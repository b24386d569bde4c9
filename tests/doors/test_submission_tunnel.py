"""TLS as octets in, octets out; and coroutines that were begun outside a task."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

import pytest

from sendwright.doors.self_signed import self_signed_context
from sendwright.doors.smtp_shell.answers import Begun
from sendwright.doors.smtp_shell.tunnel import Tunnel
from tests.doors.submitter import CONTEXT, trusting


class Client:
    """The other end, without a socket either."""

    def __init__(self, tunnel: Tunnel, context: ssl.SSLContext | None = None) -> None:
        self.tunnel = tunnel
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (context or trusting()).wrap_bio(self.incoming, self.outgoing)

    def shake_hands(self) -> None:
        while not self.tunnel.is_up:
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            self.incoming.write(self.tunnel.outgoing())
            said = self.outgoing.read()
            if said:
                assert self.tunnel.feed(said) == b""
                self.incoming.write(self.tunnel.outgoing())
        self.tls.do_handshake()

    def sealed(self, text: bytes) -> bytes:
        self.tls.write(text)
        return self.outgoing.read()


@pytest.fixture
def client() -> Client:
    made = Client(Tunnel(CONTEXT))
    made.shake_hands()
    return made


def test_what_a_client_says_comes_out_as_it_said_it(client: Client):
    assert client.tunnel.feed(client.sealed(b"EHLO a.example.com\r\n")) == b"EHLO a.example.com\r\n"


def test_what_comes_octet_by_octet_comes_out_whole(client: Client):
    sealed = client.sealed(b"NOOP\r\n" * 10_000)
    assert b"".join(client.tunnel.feed(sealed[at : at + 1]) for at in range(len(sealed))) == b"NOOP\r\n" * 10_000


def test_many_records_in_one_piece_come_out_in_order(client: Client):
    text = bytes(range(256)) * 1_000
    assert client.tunnel.feed(client.sealed(text)) == text


def test_what_we_say_reaches_the_client(client: Client):
    client.incoming.write(client.tunnel.seal(b"220 hello\r\n"))
    assert client.tls.read(100) == b"220 hello\r\n"


def test_rubbish_is_an_error():
    with pytest.raises(ssl.SSLError):
        Tunnel(CONTEXT).feed(b"EHLO a.example.com\r\n")


def test_a_forged_record_is_an_error_and_leaves_an_alert_for_the_client(client: Client):
    sealed = bytearray(client.sealed(b"NOOP\r\n"))
    sealed[-1] ^= 1
    with pytest.raises(ssl.SSLError):
        client.tunnel.feed(bytes(sealed))
    client.incoming.write(client.tunnel.outgoing())
    with pytest.raises(ssl.SSLError, match="alert"):
        client.tls.read(1)


def test_the_end_that_a_client_says_is_heard_after_its_last_words(client: Client):
    sealed = client.sealed(b"QUIT\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert client.tunnel.feed(sealed + client.outgoing.read()) == b"QUIT\r\n"
    assert client.tunnel.is_ended


def test_our_end_tells_the_client_that_nothing_was_cut_off(client: Client):
    client.incoming.write(client.tunnel.end())
    assert client.tls.read(1) == b""


def test_a_client_of_old_tls_is_refused():
    context = trusting()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    Client(Tunnel(CONTEXT), context).shake_hands()
    newest_only = self_signed_context("localhost")
    newest_only.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(ssl.SSLError):
        Client(Tunnel(newest_only), context).shake_hands()


def test_the_version_is_known_when_hands_were_shaken(client: Client):
    assert Tunnel(CONTEXT).version is None
    assert client.tunnel.version == "TLSv1.3"


# --- begun


async def _three_waits(waits: list[asyncio.Future[int]]) -> int:
    return sum([await wait for wait in waits])


async def _begun(waits: list[asyncio.Future[int]], results: list[int]) -> asyncio.Task[None]:
    async def work() -> None:
        results.append(await _three_waits(waits))

    rest = work()
    return asyncio.get_running_loop().create_task(Begun(rest, rest.send(None)))


@pytest.mark.anyio
async def test_a_task_goes_on_where_the_first_step_stopped():
    loop = asyncio.get_running_loop()
    waits: list[asyncio.Future[int]] = [loop.create_future() for _ in range(3)]
    results: list[int] = []
    task = await _begun(waits, results)
    for number, wait in enumerate(waits, 1):
        loop.call_soon(wait.set_result, number)
    await task
    assert results == [6]


@pytest.mark.anyio
@pytest.mark.parametrize("place", [0, 1])
async def test_a_fault_of_what_is_waited_for_is_met_inside(place: int):
    waits: list[asyncio.Future[int]] = [asyncio.get_running_loop().create_future() for _ in range(2)]
    task = await _begun(waits, [])
    for wait in waits[:place]:
        wait.set_result(1)
    waits[place].set_exception(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        await task


@pytest.mark.anyio
async def test_it_can_be_cancelled():
    task = await _begun([asyncio.get_running_loop().create_future()], [])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_it_can_be_closed_and_is_for_a_task_only():
    async def work() -> None:
        await asyncio.sleep(0)

    rest = work()
    begun = Begun(rest, rest.send(None))
    with pytest.raises(TypeError):
        begun.__await__()
    begun.close()
    assert rest.cr_frame is None

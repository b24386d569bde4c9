"""A8, A9: whoever is slow, or comes by the hundred, keeps nobody else waiting, and is cut."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from sendwright.doors.smtp_shell import Patience, Share
from sendwright.doors.submission import SubmissionSmtp
from tests.attacks.scene import ATTACKS, Scene, a_text
from tests.attacks.stranger import HOME, Stranger
from tests.doors.submitter import CONTEXT, FakeGate, Submitter
from tests.e2e.program import until

pytestmark = ATTACKS

PHASES = ("command", "handshake", "AUTH", "DATA")
SLOW_EACH = {"command": 90, "handshake": 90, "AUTH": 40, "DATA": 40}
MAILS = 50
SECONDS = 1.0


def slow_source(number: int) -> str:
    """No more than forty from one address: fifty may come."""
    return f"127.60.{number // 40}.1"


def slow_one(scene: Scene, phase: str, number: int) -> socket.socket:
    """A connection amid that phase; what it says next, it says an octet at a time."""
    source = slow_source(number)
    if phase == "handshake":
        return socket.create_connection((HOME, scene.port("TLS")), timeout=30, source_address=(source, 0))
    line = Stranger(scene.port("STARTTLS"), source=source) if phase == "command" else None
    if phase == "AUTH":
        line = scene.stranger(source=source)
        line.say("EHLO slow.example.org")
        line.say("AUTH LOGIN")
    elif phase == "DATA":
        line = scene.customer(scene.shop, source=source)
        line.envelope(scene.shop.author, "slow@example.org")
    assert line is not None
    return line.line


@contextmanager
def trickling(lines: list[socket.socket]) -> Iterator[None]:
    """One octet a second on each connection."""
    done = threading.Event()

    def drip() -> None:
        while not done.is_set():
            for line in lines:
                try:
                    line.sendall(b"\x16" if not isinstance(line, ssl.SSLSocket) else b"a")
                except OSError:
                    continue
            done.wait(1.0)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def times_to_submit(scene: Scene) -> list[float]:
    """Of mails in one session, from MAIL to 250, in seconds; the longest last."""
    took = []
    text = a_text(scene.shop.author, "quick@example.org")
    with scene.customer(scene.shop) as line:
        for _ in range(MAILS):
            began = time.monotonic()
            assert line.submit(text, scene.shop.author, "quick@example.org").startswith("250")
            took.append(time.monotonic() - began)
    return sorted(took)


def test_hundreds_of_slow_clients_in_every_phase_keep_no_other_waiting(scene: Scene):
    calm = times_to_submit(scene)[-1]
    with ExitStack() as ends:
        lines = []
        for phase in PHASES:
            for _ in range(SLOW_EACH[phase]):
                lines.append(ends.enter_context(slow_one(scene, phase, len(lines))))
        with trickling(lines):
            assert times_to_submit(scene)[-1] < max(SECONDS, 3 * calm)
            with scene.customer(scene.rival) as line:
                assert line.say("NOOP").startswith("250")


async def amid(door_ports: tuple[int, int], phase: str) -> Submitter:
    """A client that will now be slow, at a door in this process."""
    plain, secure = door_ports
    if phase in ("command", "handshake"):
        reader, writer = await asyncio.open_connection(HOME, plain if phase == "command" else secure)
        return Submitter(reader, writer)
    caller = await Submitter.call_inside_tls(secure)
    await caller.say("EHLO slow.example.org")
    if phase == "AUTH":
        await caller.say("AUTH LOGIN")
    else:
        await caller.log_in()
        for command in ("MAIL FROM:<shop@example.com>", "RCPT TO:<ada@example.org>", "DATA"):
            await caller.say(command)
    return caller


async def is_cut(caller: Submitter) -> bool:
    """Speaks an octet now and then, until the connection ends."""
    ended = asyncio.ensure_future(caller.reader.read(-1))
    try:
        async with asyncio.timeout(20):
            while not ended.done():
                caller.writer.write(b"\x16")
                await asyncio.wait([ended], timeout=0.1)
    except (TimeoutError, ConnectionError):
        pass
    finally:
        caller.writer.transport.abort()
    return ended.done() or not ended.cancel()


async def cut_slow_ones() -> tuple[list[bool], int, str]:
    """Whether each of forty slow clients was cut, who was left, and what a quick client heard meanwhile."""
    patience = Patience(idle=20.0, grace=0.5, handshake=0.5, farewell=0.2)
    door: SubmissionSmtp[str] = SubmissionSmtp(
        FakeGate(), hostname="smtp.example.com", context=lambda: CONTEXT, patience=patience,
        share=Share(drain=0.3, goodbye=0.2),
    )  # fmt: skip
    async with door:
        ports = await door.open_starttls(HOME, 0), await door.open_tls(HOME, 0)
        slow = [await amid(ports, phase) for phase in PHASES for _ in range(10)]
        cutting = asyncio.gather(*(is_cut(caller) for caller in slow))
        quick = await Submitter.call_inside_tls(ports[1])
        await quick.say("EHLO quick.example.org")
        await quick.log_in()
        cut = await cutting
        said = await quick.submit()
        quick.close()
        return cut, door.shell.connections, said


def test_slow_clients_are_cut_in_every_phase_and_quick_ones_are_not():
    cut, left, said = asyncio.run(cut_slow_ones())
    assert cut == [True] * 40
    assert left == 1
    assert said.startswith("250")


# --- A9


def reset(line: socket.socket) -> None:
    """Closes it as a flood does: with RST, at once."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


@pytest.mark.parametrize("door", ["STARTTLS", "TLS"])
def test_a_flood_of_connections_that_are_dropped_at_once_stops_no_other(scene: Scene, door: str):
    done, came = threading.Event(), []

    def flood() -> None:
        number = 0
        while not done.is_set() and number < 3_000:
            number += 1
            source = (f"127.70.{number % 200}.1", 0)
            reset(socket.create_connection((HOME, scene.port(door)), timeout=30, source_address=source))
            came.append(source)

    thread = threading.Thread(target=flood)
    calm = times_to_submit(scene)[-1]
    thread.start()
    try:
        assert times_to_submit(scene)[-1] < max(SECONDS, 3 * calm)
    finally:
        done.set()
        thread.join()
    assert len(came) >= 100
    with scene.stranger("STARTTLS") as line:
        assert line.greeting.startswith("220")


def test_an_address_gets_fifty_connections_and_others_still_get_in(scene: Scene):
    with ExitStack() as ends:
        held = [ends.enter_context(scene.stranger("STARTTLS", source="127.80.0.1")) for _ in range(60)]
        greetings = [line.greeting[:9] for line in held]
        assert greetings == ["220 127.0"] * 50 + ["421 4.3.2"] * 10
        assert [line.hear() for line in held[50:]] == [""] * 10
        with scene.stranger("STARTTLS", source="127.80.0.2") as line:
            assert line.greeting.startswith("220")
        with pytest.raises((OSError, EOFError)):
            scene.stranger("TLS", source="127.80.0.1")
    until(lambda: is_greeted(scene, "127.80.0.1"))


def is_greeted(scene: Scene, source: str) -> bool:
    with scene.stranger("STARTTLS", source=source) as line:
        return line.greeting.startswith("220")

"""Beyond kill -9: the database dies, the disk is full, a worker freezes, the network misbehaves.

Each is bounded; ``SENDWRIGHT_TEST_ROUNDS`` makes those longer that repeat something.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import PostgresServer
from tests.e2e.books import alive, change, compare, faults, rows, together
from tests.e2e.conftest import Launch, Shop
from tests.e2e.fault_proxy import BlackHole, Clear, CutAfter, Fault, FaultProxy, Flapping, HangAfterDot, Tarpit
from tests.e2e.load import Load
from tests.e2e.nursery import Nursery
from tests.e2e.program import SINGLE_SEND, Program, a_send, email_for_single_send, until
from tests.e2e.sink import Sink
from tests.e2e.submitters import PEERS_DIE, SmtpLoad, make_token, session, tls_port

pytestmark = [pytest.mark.slow, PEERS_DIE]

ROUNDS = int(os.environ.get("SENDWRIGHT_TEST_ROUNDS", "2"))
_QUICK = {"in_doubt_wait": "PT1S", "lease": "PT2S", "log_level": "warning", "submissions": "127.0.0.1:0"}


def post(shop: Shop, to: str = "ann@example.org", **custom: object) -> httpx.Response:
    return shop.client.post(SINGLE_SEND, json=a_send(shop.email_id, to=to, **custom))


def outcomes(program: Program) -> list[str]:
    return [outcome for (outcome,) in rows(program, "SELECT outcome FROM attempts ORDER BY number, id")]


# --- the database dies


class _Mortal(PostgresServer):
    """A server of this test alone that can end as by a power cut, and be started again."""

    def die(self) -> None:
        """An immediate shutdown: no connection is finished, nothing is brought into the files."""
        pid_file = self._place / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
        until(lambda: not pid_file.exists())

    def live(self) -> None:
        self._server.start()


@pytest.fixture(scope="module")
def mortal() -> Iterator[_Mortal]:
    server = _Mortal()
    yield server
    server.stop()


def test_a_postgresql_that_is_killed_under_load_loses_nothing(
    open_shop: Callable[..., Shop], sink: Sink, mortal: _Mortal
) -> None:
    shop = open_shop(database=mortal.new_database(), route=sink.route, settings=_QUICK)
    by_http = Load(lambda: [shop.program.port], shop.boot, shop.email_id, count=2)
    by_smtp = SmtpLoad(lambda: [tls_port(shop.program)], make_token(shop.program), count=1)
    with by_http as load, by_smtp:
        for _ in range(ROUNDS):
            by_http.await_promise()
            load.pause(0.3)
            mortal.die()
            load.pause(0.3)
            mortal.live()
            by_http.await_promise(60)
    until(lambda: alive(shop.program) == 0, 60)
    found = compare(shop.program, together(by_http.books, by_smtp.books), sink.received)
    assert (found.lost, found.unexplained, found.mailed_twice) == ([], [], []), found.shown
    assert by_http.books.strange + by_smtp.books.strange == []
    assert faults(shop.program) == []


def test_an_outcome_that_only_the_journal_knows_is_recorded_after_a_restart(
    open_shop: Callable[..., Shop], sink: Sink, mortal: _Mortal
) -> None:
    """The database dies between the receiver's answer and the commit, and the program a moment later."""
    shop = open_shop(database=mortal.new_database(), route=sink.route, settings={**_QUICK, "in_doubt_wait": "PT1H"})
    sink.hold()
    assert post(shop).is_success
    sink.wait_for(1)
    mortal.die()
    sink.let_go()
    until(lambda: list(shop.program.data.glob("outcomes-*.journal")))
    shop.program.kill()
    mortal.live()
    shop.program.start()
    until(lambda: alive(shop.program) == 0)
    assert outcomes(shop.program) == ["delivered"]
    assert len(sink.received) == 1
    assert list(shop.program.data.glob("outcomes-*.journal")) == []


# --- the disk is full


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system of this size, in memory."""
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(place)], check=False)
    if made.returncode:
        pytest.skip("needs a file system of its own: run as root, where mounting is allowed")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves no room."""
    stone = disk / "stone"
    with stone.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return stone


@pytest.fixture
def tight(tmp_path: Path, open_shop: Callable[..., Shop], sink: Sink) -> Iterator[tuple[Shop, Path]]:
    """A shop on a small disk, and the disk."""
    with small_disk(tmp_path / "disk", 24) as disk:
        shop = open_shop(
            data=disk / "data", route=sink.route, settings={**_QUICK, "ballast": str(4 << 20)},
        )  # fmt: skip
        yield shop, disk
        shop.program.kill()


def until_full(shop: Shop) -> httpx.Response:
    """Sends until there is no room; every answer before that is a promise."""
    for number in range(2000):
        answer = post(shop, f"n{number}@example.org", padding="x" * 20_000)
        if not answer.is_success:
            return answer
    raise AssertionError("the disk was never full")


def test_a_full_disk_is_507_and_452_and_what_is_in_flight_is_recorded(tight: tuple[Shop, Path], sink: Sink) -> None:
    shop, disk = tight
    token = make_token(shop.program)
    sink.hold()
    assert post(shop).is_success
    sink.wait_for(1)
    stone = fill(disk)
    refused = until_full(shop)
    assert refused.status_code == 507, refused.text
    assert "make room" in refused.json()["message"]
    with session(tls_port(shop.program), token) as line:
        code, said = line.mail("shop@example.com")
    assert (code, said[:5]) == (452, b"4.3.1")
    sink.let_go()
    until(lambda: "delivered" in outcomes(shop.program))
    stone.unlink()
    until(lambda: post(shop, "bob@example.org").is_success, 30)
    until(lambda: alive(shop.program) == 0, 60)
    assert faults(shop.program) == []


def test_on_a_full_disk_no_delivery_begins(tight: tuple[Shop, Path], sink: Sink) -> None:
    shop, disk = tight
    sink.script["RCPT"] = "451 4.7.1 later"
    stone = fill(disk)
    until_full(shop)
    until(lambda: not rows(shop.program, "SELECT 1 FROM deliveries WHERE state IN ('leased', 'committing')"))
    assert "disk is full" in " ".join(shop.client.get("/readyz").json()["wrong"])
    sink.script.clear()
    count = len(sink.heard)
    change(shop.program, "UPDATE deliveries SET due = accepted_at WHERE state = 'waiting'")
    assert len(sink.heard) == count
    stone.unlink()
    until(lambda: alive(shop.program) == 0, 60)
    assert faults(shop.program) == []


# --- a worker freezes


@pytest.mark.parametrize("point", ["S1", "S2", "S3", "S4", "S5", "S6"])
def test_a_worker_that_froze_sends_no_second_copy_when_it_wakes(
    point: str, tmp_path: Path, launch: Launch, nursery: Nursery, sink: Sink, postgres: PostgresServer
) -> None:
    """Its lease runs out, another takes over, and it goes on where it was."""
    how = {"database": postgres.new_database(), "route": sink.route, "nursery": nursery}
    settings = {**_QUICK, "public_url": "http://mail.example.com"}
    frozen = launch(
        data=tmp_path / "frozen", roles="http,delivery", settings={**settings, "failpoint": f"{point}:1:stop"}, **how
    )
    boot = frozen.bootstrap()
    with frozen.client(boot) as client:
        email_id = email_for_single_send(client)
        assert client.post(SINGLE_SEND, json=a_send(email_id)).is_success
    until(lambda: is_frozen(frozen))
    launch(data=tmp_path / "other", roles="delivery", settings=settings, **how)
    until(lambda: alive(frozen) == 0)
    frozen.signal(signal.SIGCONT)
    frozen.stop()
    copies = [receipt.message_id for receipt in sink.received]
    assert len(set(copies)) == 1
    assert len(copies) == (2 if point in ("S5", "S6") else 1)
    assert faults(frozen) == []
    if point in ("S5", "S6"):  # what the frozen one knew was recorded late
        assert outcomes(frozen) == ["delivered", "delivered"]


def is_frozen(program: Program) -> bool:
    return Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


# --- the network misbehaves


@pytest.fixture
def proxy(sink: Sink) -> Iterator[FaultProxy]:
    with FaultProxy(sink.port) as proxy:
        yield proxy


@pytest.mark.parametrize(
    ("fault", "copies"),
    [
        pytest.param(Tarpit(0.002), 1, id="octet by octet"),
        pytest.param(Flapping(3), 1, id="two of three connections cut"),
        pytest.param(CutAfter(30), 1, id="cut within the envelope"),
        pytest.param(CutAfter(300), 1, id="cut within the message"),
        pytest.param(HangAfterDot(), 2, id="no answer to the dot"),
        pytest.param(BlackHole(), 1, id="a black hole"),
    ],
)
def test_a_network_that_misbehaves_and_recovers_delivers_in_the_end(
    fault: Fault, copies: int, open_shop: Callable[..., Shop], sink: Sink, proxy: FaultProxy
) -> None:
    shop = open_shop(route=proxy.route, settings={**_QUICK, "drain": "PT0.1S"})
    proxy.fault = fault
    assert post(shop).is_success
    until(lambda: proxy.connections > 0)
    if isinstance(fault, HangAfterDot):
        sink.wait_for(1)
    if isinstance(fault, HangAfterDot | BlackHole):
        proxy.cut_all()
    proxy.fault = fault if isinstance(fault, Tarpit | Flapping) else Clear()
    until(lambda: make_due(shop) or alive(shop.program) == 0, 40)
    assert len(sink.received) == copies
    assert len({receipt.message_id for receipt in sink.received}) == 1
    assert outcomes(shop.program)[-1] == "delivered"
    assert faults(shop.program) == []


def make_due(shop: Shop) -> None:
    change(shop.program, "UPDATE deliveries SET due = accepted_at WHERE state IN ('waiting', 'in_doubt')")

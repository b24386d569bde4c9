"""The machine's clock jumps while a mail is on its way: nothing is lost, nothing is sent twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from pathlib import Path
from threading import Event

import pytest

from tests.e2e.books import alive, faults, rows
from tests.e2e.conftest import Shop
from tests.e2e.program import SINGLE_SEND, a_send, until
from tests.e2e.sink import Sink

_LIBRARY = next(chain.from_iterable(Path(f).glob("*/faketime/libfaketimeMT.so.1") for f in ("/usr/lib", "/lib")), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_LIBRARY is None, reason="needs libfaketime: apt-get install libfaketime"),
]

_LEASE_SECONDS = 2
_JUMPS = {"+1d": 86_400.0, "-1h": -3_600.0, "+15y": 15 * 365 * 86_400.0}


class Clock:
    """The wall clock of a program; its monotonic clocks stay true."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.jump("+0")

    def jump(self, by: str) -> None:
        """From the true time, such as ``+1d`` or ``-1h``."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{by}\n")
        fresh.rename(self.file)

    @property
    def before(self) -> list[str]:
        """What runs a program by it. Files keep their true times: else every import would ask for them."""
        return [
            "env", f"LD_PRELOAD={_LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={self.file}", "FAKETIME_CACHE_DURATION=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
        ]  # fmt: skip


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def shop(open_shop: Callable[..., Shop], sink: Sink, clock: Clock) -> Shop:
    return open_shop(
        route=sink.route, nursery=None, before=clock.before,
        settings={"lease": f"PT{_LEASE_SECONDS}S", "log_level": "warning"},
    )  # fmt: skip


def test_a_clock_that_jumps_after_the_dot_loses_nothing_and_makes_no_second_copy(
    shop: Shop, sink: Sink, clock: Clock
) -> None:
    """By the jumped clock the lease is over, or lasts for hours more."""
    for number, by in enumerate(_JUMPS, start=1):
        sink.hold()
        assert shop.client.post(SINGLE_SEND, json=a_send(shop.email_id, to=f"n{number}@example.org")).is_success
        sink.wait_for(number)
        clock.jump(by)
        until(lambda by=by: is_jumped(shop, by))
        Event().wait(_LEASE_SECONDS / 2)  # leases are looked after several times meanwhile
        sink.let_go()
        until(lambda: alive(shop.program) == 0)
    assert [receipt.recipient for receipt in sink.received] == ["n1@example.org", "n2@example.org", "n3@example.org"]
    assert rows(shop.program, "SELECT outcome FROM attempts") == [("delivered",)] * 3
    assert faults(shop.program) == []


def is_jumped(shop: Shop, by: str) -> bool:
    """Whether the program tells the time so."""
    told = parsedate_to_datetime(shop.client.get("/healthz").headers["date"])
    away = (told - datetime.now(UTC)).total_seconds()  # noqa: TID251 - the true time
    return abs(away - _JUMPS[by]) < 600

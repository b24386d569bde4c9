"""Failpoints: off they do nothing, on they end a process at their turn, and a wrong name is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sendwright import failpoints
from sendwright.run.settings import load


@pytest.fixture(autouse=True)
def off() -> Iterator[None]:
    yield
    failpoints.arm(None)


def test_a_point_that_is_not_armed_does_nothing() -> None:
    failpoints.failpoint("S5")
    assert not failpoints.armed("S5")


def test_another_point_than_the_armed_one_does_nothing() -> None:
    failpoints.arm("S4")
    failpoints.failpoint("S5")
    assert failpoints.armed("S4")


def test_a_point_does_nothing_before_its_turn() -> None:
    failpoints.arm("S5:3")
    failpoints.failpoint("S5")
    failpoints.failpoint("S5")


@pytest.mark.anyio
async def test_what_is_not_armed_waits_for_nothing() -> None:
    await failpoints.failpoint_once_written("S5")
    failpoints.failpoint_soon("A6")


@pytest.mark.parametrize("text", ["S99", "S5:0", "S5:x", "S5:1:explode", ":1", "s5"])
def test_a_wrong_failpoint_is_told_with_the_right_ones(text: str) -> None:
    with pytest.raises(failpoints.BadFailpoint, match="A1, A2"):
        failpoints.arm(text)


@pytest.mark.parametrize(
    ("step", "point"),
    [
        ("f.failpoint('S5')", "S5:2"),
        ("await f.failpoint_once_written('S5')", "S5:2"),
        ("f.failpoint_soon('S5'); await asyncio.sleep(5)", "S5"),
    ],
)
def test_an_armed_point_kills_the_process_at_its_turn(step: str, point: str) -> None:
    assert ended(step, point) == -signal.SIGKILL


def ended(step: str, point: str) -> int:
    lines = [
        "import asyncio", "from sendwright import failpoints as f", f"f.arm({point!r})", "async def go():",
        f"    {step}", f"    {step}", "asyncio.run(go())",
    ]  # fmt: skip
    return subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False, timeout=30).returncode


def test_an_armed_point_can_freeze_the_process_instead() -> None:
    code = "from sendwright import failpoints as f; f.arm('S5:1:stop'); f.failpoint('S5')"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        assert process.wait(30) == 0


def test_the_variable_of_failpoints_is_no_unknown_setting() -> None:
    assert load({}, {failpoints.VARIABLE: "S5"}, None).data == Path("sendwright-data")

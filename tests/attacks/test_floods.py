"""A10, A11: a flood of commands is cut, and no line is so long that it costs memory."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from tests.attacks.scene import ATTACKS, Scene, a_text
from tests.attacks.stranger import Stranger

pytestmark = ATTACKS

GIANT = 10_000_000
GROWTH = 1_500_000


def codes(said: str) -> list[str]:
    return [line[:3] for line in said.splitlines() if line[3:4] != "-"]


@pytest.mark.parametrize("command", [b"FOO\r\n", b"MAIL FROM\r\n", b"\r\n", b"\xff\xff\r\n"], ids=repr)
def test_a_thousand_bad_commands_are_cut_at_the_twentieth(scene: Scene, command: bytes):
    with scene.stranger("STARTTLS") as line:
        with contextlib.suppress(OSError):
            line.send(command * 1_000)
        answers = codes(line.hear_all())
    assert len(answers) <= 20
    assert answers[-1] == "421"


def test_who_waits_for_the_answers_to_bad_commands_waits_longer_and_longer(scene: Scene):
    with scene.stranger("STARTTLS") as line:
        line.say("EHLO a.example.org")
        for _ in range(10):
            assert line.say("FOO").startswith("500")
        began = time.monotonic()
        assert [line.say("FOO")[:3] for _ in range(2)] == ["500", "500"]
        assert time.monotonic() - began > 2.5


@pytest.mark.parametrize(
    "command", [b"NOOP\r\n", b"RSET\r\n", b"VRFY ann\r\n", b"HELP\r\n", b"EHLO a.example.org\r\n"], ids=repr
)
def test_a_thousand_idle_commands_are_cut(scene: Scene, command: bytes):
    with scene.stranger("STARTTLS") as line:
        with contextlib.suppress(OSError):
            line.send(command * 1_000)
        answers = codes(line.hear_all())
    assert len(answers) <= 121
    assert answers[-1] == "421"


def test_a_hundred_resets_are_borne(scene: Scene):
    with scene.customer(scene.shop) as line:
        assert [line.say("RSET")[:3] for _ in range(98)] == ["250"] * 98
        assert line.say("QUIT").startswith("221")


def test_of_five_thousand_recipients_the_hundredth_is_the_last_and_the_others_may_come_again(untouched: Scene):
    with untouched.customer(untouched.shop) as line:
        line.say(f"MAIL FROM:<{untouched.shop.author}>")
        commands = b"".join(b"RCPT TO:<r%d@example.org>\r\n" % number for number in range(5_000))
        line.send(commands[:60_000])
        answers = [line.hear()[:9] for _ in range(commands[:60_000].count(b"\n"))]
        assert answers == ["250 2.1.5"] * 100 + ["452 4.5.3"] * (len(answers) - 100)
        line.send(commands[60_000:])
        rest = [line.hear()[:9] for _ in range(5_000 - len(answers))]
        assert set(rest[1:]) == {"452 4.5.3"}
        assert line.say("RSET").startswith("250")


# --- A11


def memory(pid: int, what: str) -> int:
    """In octets, of /proc."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


def pour(line: Stranger, octets: bytes, times: int, end: bytes) -> str:
    """All of it, or until the other side has had enough; what was heard in the end."""
    with contextlib.suppress(OSError):
        for _ in range(times):
            line.send(octets)
        line.send(end)
    return line.hear()


def giant_line(scene: Scene, phase: str, size: int) -> str:
    """A line of so many octets in that phase; the answer."""
    with scene.customer(scene.shop) if phase in ("DATA", "BDAT") else scene.stranger() as line:
        if phase == "AUTH":
            line.say("EHLO a.example.org")
            line.say("AUTH LOGIN")
        elif phase == "DATA":
            line.envelope(scene.shop.author, "giant@example.org")
            line.send(a_text(scene.shop.author, "giant@example.org").removesuffix(b"\r\n"))
        elif phase == "BDAT":
            line.say(f"MAIL FROM:<{scene.shop.author}>")
            line.say("RCPT TO:<giant@example.org>")
            line.send(b"BDAT %d LAST\r\n" % size)
        elif phase == "argument":
            line.send(b"MAIL FROM:<")
        end = b"\r\n.\r\n" if phase == "DATA" else b"\r\n"
        return pour(line, b"a" * 50_000, size // 50_000, end)


@pytest.mark.parametrize(
    ("phase", "answer"),
    [
        ("command", ("500",)),
        ("argument", ("500",)),
        ("AUTH", ("500", "501")),
        ("DATA", ("554 5.6.0",)),
        ("BDAT", ("554",)),
    ],
)
def test_a_line_of_ten_megabytes_is_refused_and_costs_no_memory(untouched: Scene, phase: str, answer: tuple[str, ...]):
    giant_line(untouched, phase, GIANT // 10)  # what is made once is made now
    before = memory(untouched.program.pid, "VmRSS")
    Path(f"/proc/{untouched.program.pid}/clear_refs").write_text("5")  # the peak counts from here
    said = giant_line(untouched, phase, GIANT)
    assert said.startswith(answer), said
    assert memory(untouched.program.pid, "VmHWM") - before < GROWTH

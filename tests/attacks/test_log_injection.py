"""A12: whatever strangers and remote servers say, a log line is one line of JSON, and a terminal obeys nothing."""

from __future__ import annotations

import contextlib
import json
import re

import pytest

from tests.attacks.scene import ATTACKS, Scene, a_text, send_of
from tests.attacks.stranger import proof

pytestmark = ATTACKS

POISON = 'x\r\n{"event": "forged"}\r\x1b[2J\x1b]0;owned\x07\u202e\u2066\u2028\u0085\x9b31m\0\x7f'
RAW = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
COMMANDS = (
    "EHLO {}", "HELO {}", "MAIL FROM:<{}@example.com>", "MAIL FROM:<news@example.com> ENVID={}", "AUTH {}",
    "AUTH PLAIN {}", "RCPT TO:<{}@example.org>", "VRFY {}", "{}", "STARTTLS {}", "NOOP {}", "BDAT {}",
)  # fmt: skip


def assert_clean(lines: list[str]) -> None:
    """Each line is one JSON object, all in printable ASCII, and none is the stranger's own."""
    for line in lines:
        assert line.isascii(), line
        assert line.isprintable(), line
        entry = json.loads(line)
        assert isinstance(entry, dict)
        assert entry["event"] != "forged"


def test_what_is_said_before_the_log_in_makes_no_line_of_its_own(untouched: Scene):
    length = len(untouched.program.stderr)
    for command in COMMANDS:
        for poison in (POISON, POISON.replace("\r", "").replace("\n", "")):
            with untouched.stranger("STARTTLS") as line, contextlib.suppress(OSError):
                line.say("EHLO a.example.org")
                line.send(command.format(poison).encode() + b"\r\n")
                line.send(b"QUIT\r\n")
                said = line.hear_all()
            assert not RAW.search(said.replace("\r\n", "")), said
    lines = untouched.log_since(length)
    assert any('"smtp_session"' in line for line in lines)
    assert_clean(lines)


@pytest.mark.parametrize(
    "name", [POISON, POISON + "@1.smtp.example.com", "a" * 5_000 + POISON + "@b", "\ud800@x", "@"], ids=range(5)
)
def test_a_user_name_makes_no_line_of_its_own_and_no_password_is_logged(untouched: Scene, name: str):
    length, secret = len(untouched.program.stderr), "sws-wombat-in-the-wrong-place"
    with untouched.stranger(source=f"127.90.{len(name) % 200}.1") as line:
        line.say("EHLO a.example.org")
        said = line.say(proof(name.replace("\0", ""), secret))
        assert said.startswith(("501", "535")), said
    lines = untouched.log_since(length)
    assert_clean(lines)
    assert not any("wombat" in line or len(line) > 2_000 for line in lines)


def test_a_hostile_mail_leaves_clean_lines_and_is_shown_on_a_clean_terminal(scene: Scene):
    """Subject, tags and the names of people; encoded words carry what the header itself may not."""
    length = len(scene.program.stderr)
    evil = "=?utf-8?q?x=0D=0A=1B=5B2J=E2=80=AE=00=C2=9B31m=E2=80=A8?="
    text = a_text(f"{evil} <news@example.com>", f"{evil} <poison@example.org>", f"X-Note: {evil}",
                  "X-Sendwright-Tags: \u202eabc, =?utf-8?q?x=0A?=").replace(b"Your order", evil.encode())  # fmt: skip
    said = scene.submit(text, "poison@example.org")
    if not said.startswith("250"):  # a tag that is not printable is refused, in clean words
        assert said.startswith("554 5.6.0")
        assert said.isascii()
        text = text.replace("\u202eabc, ".encode(), b"")
        said = scene.submit(text, "poison@example.org")
    scene.settle()
    assert_clean(scene.log_since(length))
    for command in (("sends", "show", send_of(said)), ("sends", "list")):
        shown = scene.program.command(*command, "--account", str(scene.shop.boot.portal_id))
        assert shown.returncode == 0, shown.stderr
        assert not RAW.search(shown.stdout.replace("\n", "")), shown.stdout


def test_a_hostile_remote_server_is_shown_on_a_clean_terminal(scene: Scene):
    length = len(scene.program.stderr)
    scene.witness.refused[b"hostile"] = f'550 5.1.1 \x1b[2Jno{POISON[:2]}\u202e\x9b\x07 {{"event": "forged"}}'.replace(
        "\r", ""
    )
    try:
        said = scene.submit(a_text(scene.shop.author, "hostile@example.org"), "hostile@example.org")
        scene.settle()
    finally:
        scene.witness.refused.clear()
    assert_clean(scene.log_since(length))
    shown = scene.program.command("sends", "show", send_of(said), "--account", str(scene.shop.boot.portal_id))
    assert "550" in shown.stdout, shown.stderr
    assert not RAW.search(shown.stdout.replace("\n", "")), shown.stdout


def test_a_campaign_with_controls_in_its_name_is_listed_on_a_clean_terminal(scene: Scene):
    length = len(scene.program.stderr)
    with scene.program.client(scene.rival.boot) as client:
        asked = {"campaignName": POISON.replace("\0", ""), "createContact": False}
        made = client.post("/marketing/v3/transactional/smtp-tokens", json=asked)
        assert made.status_code in (201, 400), made.text
    shown = scene.program.command("tokens", "list", "--account", str(scene.rival.boot.portal_id))
    assert not RAW.search(shown.stdout.replace("\n", "")), shown.stdout
    assert_clean(scene.log_since(length))

"""B1: nothing a stranger says on the way of a mail becomes a header of its own, in the mail or in a notice about it."""

from __future__ import annotations

import re
from zlib import crc32

import pytest

from tests.attacks.scene import ATTACKS, Scene, a_text
from tests.attacks.stranger import Stranger

pytestmark = ATTACKS

OURS = [
    "DKIM-Signature", "DKIM-Signature", "Received", "X-Sendwright-MID", "X-Sendwright-Feedback-ID", "Feedback-ID",
    "Message-ID", "Date",
]  # fmt: skip
OWN = ["From", "To", "Subject"]

BREAKS = (
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\u2028",
    "\u0085",
    "\x0b",
    "\x0c",
    "%0d%0a",
    "=?utf-8?q?=0D=0A?=",
    "+0D+0A",
    "\\r\\n",
)
FORGED = "Bcc: victim@example.org"
NOISE = [f"x{hidden}{FORGED}" for hidden in BREAKS]
_FIELD = re.compile(rb"([!-9;-~]+):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")


def names(message: bytes) -> list[str]:
    """The names of all fields, in order, read by the letter of RFC 5322: anything else in the block fails the test."""
    block = message.partition(b"\r\n\r\n")[0] + b"\r\n"
    assert b"".join(found[0] for found in _FIELD.finditer(block)) == block
    return [found[1].decode() for found in _FIELD.finditer(block)]


def arrived(scene: Scene, to: str) -> bytes:
    scene.settle()
    assert scene.witness.unclean == []
    assert not scene.witness.messages_to("victim@example.org")
    return scene.witness.message_to(to)


@pytest.mark.parametrize("helo", NOISE[1:], ids=repr)  # after CR LF comes another command
def test_the_name_at_ehlo_adds_no_header(scene: Scene, helo: str):
    to = f"helo{NOISE.index(helo)}@example.org"
    with scene.stranger() as line:
        line.send(f"EHLO {helo}\r\n".encode())
        said = line.hear()
        if not said.startswith("250"):
            assert said[:1] == "5"
            return
        line.log_in(scene.shop.token)
        line.say(f"EHLO {helo}")
        assert line.submit(a_text(scene.shop.author, to), scene.shop.author, to).startswith("250")
    assert names(arrived(scene, to)) == OURS + OWN


@pytest.mark.parametrize("value", NOISE[1:], ids=repr)
def test_envelope_id_and_original_recipient_add_no_header(scene: Scene, value: str):
    """Neither to the mail nor to the notice that quotes them: they are refused, or quoted as they are."""
    to = f"dsn{NOISE.index(value)}@example.org"
    before = len(scene.witness.messages_to(scene.shop.author))
    with scene.customer(scene.shop) as line:
        written = value.replace(" ", "+20")
        envid = accepted(line, f"MAIL FROM:<{scene.shop.author}> RET=HDRS", f" ENVID={written}")
        orcpt = accepted(line, f"RCPT TO:<{to}> NOTIFY=SUCCESS", f" ORCPT=rfc822;{written}")
        if line.say("DATA")[:3] != "354":
            assert "closing" in envid + orcpt  # a bare line end
            return
        assert line.say(a_text(scene.shop.author, to) + b".\r\n").startswith("250")
    assert names(arrived(scene, to)) == OURS + OWN
    (notice,) = scene.witness.messages_to(scene.shop.author)[before:]
    assert_is_one_notice(notice)


def accepted(line: Stranger, command: str, wish: str) -> str:
    """Says it with the wish or, when that is refused, without; what was said to the wish."""
    said = line.say(command + wish)
    if said[:1] == "5" and "closing" not in said:
        assert line.say(command)[:1] == "2"
    return said


NOTICE = ["X-Sendwright-MID", "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version",
          "Content-Type"]  # fmt: skip
STATUS = {
    b"Original-Envelope-Id", b"Reporting-MTA", b"Arrival-Date", b"Original-Recipient", b"Final-Recipient", b"Action",
    b"Status", b"Remote-MTA", b"Diagnostic-Code", b"Last-Attempt-Date", b"Will-Retry-Until",
}  # fmt: skip


def assert_is_one_notice(notice: bytes) -> None:
    """Its own header is as always, and its status part has each field once at most, and none that is not ours."""
    assert [name for name in names(notice) if name != "DKIM-Signature"] == NOTICE
    status = notice.partition(b"delivery-status\r\n\r\n")[2].partition(b"\r\n--")[0]
    fields = re.findall(rb"^([^ \t\r\n:]+):", status, re.MULTILINE)
    assert {b"Action", b"Status", b"Final-Recipient"} <= set(fields) <= STATUS
    assert len(fields) == len(set(fields))


@pytest.mark.parametrize(
    "field",
    ["Message-ID: <x{}y@example.com>", "Subject: x{}", "To: \"x{}\" <{}@example.org>", "Reply-To: x{}@example.com",
     "X-Custom: x{}", "X-Sendwright-Tags: x{}", "X-Sendwright-Metadata: {{\"a\": \"x{}\"}}",
     "X-Sendwright-Send-Id: x{}",
     "References: <x{}@example.com>", "Feedback-ID: x{}", "In-Reply-To: x{}", "Date: x{}"],
)  # fmt: skip
@pytest.mark.parametrize("hidden", ["\n", "\r", "\0", "\u2028", "\u0085", "=?utf-8?q?=0D=0A?=", "\\r\\n"], ids=repr)
def test_a_field_of_a_mail_adds_no_other(scene: Scene, field: str, hidden: str):
    """It is refused, or it leaves as it came, in the place where it stood."""
    to = f"field{scene.count()}x{crc32(field.encode())}@example.org"
    wanted = [name for name in OWN if not field.startswith(f"{name}:")]
    fields = {"From": scene.shop.author, "To": to, "Subject": "Yours"}
    lines = [f"{name}: {fields[name]}" for name in wanted] + [field.format(hidden + FORGED, "ann")]
    said = scene.submit("\r\n".join((*lines, "", "Hello.", "")).encode(), to)
    if not said.startswith("250"):
        assert said.startswith("554 5.6.0"), said
        return
    found = names(arrived(scene, to))
    own = field.partition(":")[0]
    assert [name for name in found if name not in {*OURS, *OWN}] == [own] * (own.startswith("X-C") or own in _PASSED)
    assert FORGED.encode() not in [line.strip() for line in arrived(scene, to).splitlines()]


_PASSED = ("Reply-To", "References", "In-Reply-To")


# --- notices


HOSTILE_REPLIES = (
    "550 5.1.1 no\x00\x1b[2J\x0b\x0cBcc: victim@example.org",
    "550-5.1.1 no\r\n550-\r\n550-Content-Type: text/html\r\n550 5.1.1 --=_\r\nSubject: forged",
    "550 5.1.1 " + "long " * 2_000,
    "550 5.1.1 =?utf-8?q?=0D=0ABcc=3A_victim=40example.org?= \u2028Bcc: victim@example.org\u0085",
    "550 9.9.9 \u202e\xff",
)


@pytest.mark.parametrize("reply", HOSTILE_REPLIES, ids=range(len(HOSTILE_REPLIES)))
def test_a_hostile_servers_words_stay_in_their_place_in_a_notice(scene: Scene, reply: str):
    to = f"refused{HOSTILE_REPLIES.index(reply)}@example.org"
    before = len(scene.witness.messages_to(scene.shop.author))
    scene.witness.refused[to.encode()] = reply
    try:
        with scene.customer(scene.shop) as line:
            line.say(f"MAIL FROM:<{scene.shop.author}>")
            line.say(f"RCPT TO:<{to}> NOTIFY=FAILURE")
            line.say("DATA")
            assert line.say(a_text(scene.shop.author, to) + b".\r\n").startswith("250")
        scene.settle()
    finally:
        scene.witness.refused.clear()
    assert scene.witness.unclean == []
    (notice,) = scene.witness.messages_to(scene.shop.author)[before:]
    assert_is_one_notice(notice)
    assert len(notice) < 20_000
    assert max(map(len, notice.split(b"\r\n"))) <= 998


def test_a_notice_goes_to_the_envelope_sender_alone_and_never_about_a_notice(scene: Scene):
    """Reply-To, Return-Path, Errors-To and Disposition-Notification-To name a victim: it hears nothing."""
    scene.witness.refused |= {b"nobody@": "550 5.1.1 no", scene.shop.author.encode(): "550 5.1.1 nor you"}
    said_before, sends = len(scene.witness.commands), scene.count()
    fields = [
        f"{name}: victim@example.org"
        for name in ("Reply-To", "Return-Path", "Errors-To", "Disposition-Notification-To")
    ]
    try:
        with scene.customer(scene.shop) as line:
            line.say(f"MAIL FROM:<{scene.shop.author}>")
            line.say("RCPT TO:<nobody@example.org> NOTIFY=FAILURE,SUCCESS ORCPT=rfc822;victim@example.org")
            line.say("DATA")
            line.say(a_text(scene.shop.author, "nobody@example.org", *fields) + b".\r\n")
        scene.settle()
    finally:
        scene.witness.refused.clear()
    assert scene.count() == sends + 2  # the mail and the notice about it
    heard = scene.witness.commands[said_before:]
    assert not any(b"victim" in command for command in heard)
    assert [one for one in heard if one.startswith(b"MAIL FROM:<>")]


def test_a_mail_without_an_envelope_sender_brings_nobody_a_notice(scene: Scene):
    scene.witness.refused[b"nobody2@"] = "550 5.1.1 no"
    sends = scene.count()
    try:
        with scene.customer(scene.shop) as line:
            line.say("MAIL FROM:<>")
            line.say("RCPT TO:<nobody2@example.org> NOTIFY=FAILURE")
            line.say("DATA")
            assert line.say(a_text(scene.shop.author, "nobody2@example.org") + b".\r\n").startswith("250")
        scene.settle()
    finally:
        scene.witness.refused.clear()
    assert scene.count() == sends + 1


def test_one_mail_brings_its_sender_no_more_notices_than_it_has_recipients_and_none_is_larger_than_the_mail_allows(
    scene: Scene,
):
    """RET=FULL of a large mail: the notice does not carry it back, so notices are no way to multiply octets."""
    before = len(scene.witness.messages_to(scene.shop.author))
    scene.witness.refused[b"many"] = "550 5.1.1 no"
    try:
        with scene.customer(scene.shop) as line:
            line.say(f"MAIL FROM:<{scene.shop.author}> RET=FULL")
            for number in range(5):
                line.say(f"RCPT TO:<many{number}@example.org> NOTIFY=FAILURE,DELAY,SUCCESS")
            line.say("DATA")
            big = a_text(scene.shop.author, "many0@example.org", body="\r\n".join(["x" * 900] * 1_300))
            assert line.say(big + b".\r\n").startswith("250")
        scene.settle()
    finally:
        scene.witness.refused.clear()
    notices = scene.witness.messages_to(scene.shop.author)[before:]
    assert len(notices) == 5
    assert max(map(len, notices)) < 20_000

"""A4: no recipient, however it is written, is mailed for a stranger; for a customer each is mailed as said or not."""

from __future__ import annotations

import re

import idna
import pytest

from tests.attacks.scene import ATTACKS, DOORS, Scene, a_text

pytestmark = ATTACKS

RECIPIENTS = (
    # what has opened relays
    "ann%victim.example@example.com", "ann%victim.example@[127.0.0.1]", "ann%victim.example",
    "ann@victim.example@example.com",
    '"ann@victim.example"', '"ann@victim.example"@example.com', '"ann%victim.example"@example.com',
    "victim.example!ann", "victim.example!ann@example.com", "example.com!victim.example!ann", '"victim.example!ann"',
    "@example.com:ann@victim.example", "@a.example,@b.example:ann@victim.example", "@example.com,ann@victim.example",
    "ann@example.com@victim.example", "ann@[127.0.0.1]", "ann@[IPv6:::1]", "ann@127.0.0.1", "ann@[192.0.2.7]",
    "ann@localhost", "ann", "postmaster", "ann@", "@victim.example", "",
    # what readers split in different places
    "ann@victim.example.", "ann@VICTIM.EXAMPLE", "ann@victim..example", "ann@.victim.example", "ann@-victim.example",
    "ann@victim.example,bob@victim.example", "ann@victim.example;bob@victim.example",
    "ann@victim.example bob@victim.example",
    "<ann@victim.example>", "Ann <ann@victim.example>", "ann(comment)@victim.example", "ann@victim.example(comment)",
    "ann@victim.example\t", "ann\\@victim.example", '"ann\\"@victim.example', '"ann\r@victim.example',
    "ann@victim.example\0.example.com", "ann\0@victim.example", "ann@victim.example\x1b[2J", "ann@victim．example",
    "ann＠victim.example", "ann@vіctim.example", "ann@victim。example", "ann@xn--vctim-xve.example",
    "=?utf-8?q?ann=40victim.example?=@example.com", "ann+tag@victim.example", '"a b"@victim.example',
    "|cat@victim.example", "/dev/null@victim.example", f"{'x' * 65}@victim.example", f"ann@{'a.' * 130}example",
)  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_without_a_log_in_no_recipient_is_taken(untouched: Scene, door: str):
    assert len(RECIPIENTS) >= 40
    for recipient in RECIPIENTS:
        with untouched.stranger(door) as line:
            line.say("EHLO stranger.example.org")
            assert line.say("MAIL FROM:<news@example.com>").startswith("530 5.7.0")
            said = line.say(f"RCPT TO:<{recipient}>")
            assert said[:1] == "5", (recipient, said)


@pytest.mark.parametrize("way", ["in clear", "after STARTTLS", "inside TLS", "after a failed log-in", "with HELO"])
def test_without_a_log_in_no_mail_begins_on_any_way(untouched: Scene, way: str):
    with untouched.stranger("TLS" if way == "inside TLS" else "STARTTLS") as line:
        if way in ("after STARTTLS", "after a failed log-in"):
            line.upgrade()
        line.say("HELO a.example.org" if way == "with HELO" else "EHLO a.example.org")
        if way == "after a failed log-in":
            assert line.say("AUTH PLAIN AGEAYg==").startswith("535")
        for command in ("MAIL FROM:<news@example.com>", "MAIL FROM:<>", "MAIL FROM:<news@example.com> AUTH=<>"):
            assert line.say(command).startswith("530 5.7.0")
        for command in ("RCPT TO:<ann@victim.example>", "DATA", "VRFY ann", "EXPN all"):
            assert line.say(command)[:3] in ("252", "502", "503", "530")
        assert line.say(b"BDAT 3 LAST\r\nabc").startswith("503")


def asked_for(scene: Scene, recipient: str) -> tuple[str, list[bytes]]:
    """What was said to RCPT; if it was yes, the recipients that the next hop heard of."""
    with scene.customer(scene.shop) as line:
        line.say(f"MAIL FROM:<{scene.shop.author}>" + (" SMTPUTF8" if not recipient.isascii() else ""))
        said = line.say(f"RCPT TO:<{recipient}>")
        if said[:1] != "2":
            return said, []
        line.say("DATA")
        before = len(scene.witness.commands)
        assert line.say(a_text(scene.shop.author, "x@example.org") + b".\r\n").startswith("250")
    scene.settle()
    heard = [one for one in scene.witness.commands[before:] if one.startswith(b"RCPT")]
    return said, [one.partition(b"<")[2].partition(b">")[0] for one in heard]


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_a_customers_recipient_is_mailed_exactly_as_said_or_not_at_all(scene: Scene, recipient: str):
    said, heard = asked_for(scene, recipient)
    if said[:1] == "2":
        assert [one.decode() for one in heard] in ([as_written(recipient)], [])
    else:
        assert said[:2] in ("50", "55"), said


def as_written(recipient: str) -> str:
    """What may be written in another way without naming somebody else: quotes that are not needed, an IDN domain."""
    local, _, domain = recipient.rpartition("@")
    unquoted = local[1:-1] if re.fullmatch(r'"[a-z%.]+"', local) else local
    return f"{unquoted}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"

"""A1, A2: nobody hides a second envelope in a mail, and nobody slips a word past the TLS handshake."""

from __future__ import annotations

import contextlib

import pytest

from tests.attacks.scene import ATTACKS, DOORS, Scene, a_text
from tests.attacks.stranger import Stranger

pytestmark = ATTACKS

ENDS = (
    b"\n.\n", b"\n.\r", b"\r.\n", b"\r.\r", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n", b"\r\n\0.\r\n",
)  # fmt: skip
SPLITS = ((b"\r\n", b".", b"\n"), (b"\r\n.", b"\r", b"\r\n"))
EVIL = b"evil@example.com"
SECOND = (
    b"MAIL FROM:<" + EVIL + b">\r\nRCPT TO:<victim@example.org>\r\nDATA\r\n"
    b"From: evil@example.com\r\nTo: victim@example.org\r\nSubject: Smuggled\r\n\r\nPay here.\r\n.\r\n"
)


def smuggle(line: Stranger, scene: Scene, *pieces: bytes) -> str:
    """A mail with the pieces in it, a second envelope behind, and a true end; all that was said."""
    text = a_text(scene.shop.author, "cover@example.org").removesuffix(b"\r\n")
    assert line.envelope(scene.shop.author, "cover@example.org").startswith("354")
    with contextlib.suppress(OSError):  # the connection may be cut while we still speak
        line.send(text, *pieces, SECOND, b"\r\n.\r\n", b"QUIT\r\n")
    return line.hear_all()


def assert_at_most_one(scene: Scene, before: int) -> None:
    scene.settle()
    assert scene.count() - before <= 1
    assert not any(EVIL in command for command in scene.witness.commands)
    assert not scene.witness.messages_to("victim@example.org")
    assert scene.witness.unclean == []


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("pieces", [*((end,) for end in ENDS), *SPLITS], ids=lambda pieces: repr(pieces))
def test_an_odd_end_of_a_mail_hides_no_second_envelope(scene: Scene, door: str, pieces: tuple[bytes, ...]):
    before = scene.count()
    with scene.customer(scene.shop, door) as line:
        said = smuggle(line, scene, *pieces)
    assert said.startswith("554 5.6.0")
    assert "354" not in said
    assert_at_most_one(scene, before)


@pytest.mark.parametrize("door", DOORS)
def test_a_true_end_in_pieces_ends_one_mail_and_what_follows_is_a_command(scene: Scene, door: str):
    before = scene.count()
    with scene.customer(scene.shop, door) as line:
        assert line.envelope(scene.shop.author, "pieces@example.org").startswith("354")
        for piece in (a_text(scene.shop.author, "pieces@example.org"), b".", b"\r", b"\n"):
            line.send(piece)
        assert line.hear().startswith("250")
        assert line.say("QUIT").startswith("221")
    scene.settle()
    assert scene.count() == before + 1


@pytest.mark.parametrize("door", DOORS)
def test_a_chunk_is_as_long_as_it_says_whatever_dots_are_in_it(scene: Scene, door: str):
    before = scene.count()
    to = f"chunk-{door}@example.org"
    text = a_text(scene.shop.author, to) + b".\r\n" + SECOND
    with scene.customer(scene.shop, door) as line:
        line.say(f"MAIL FROM:<{scene.shop.author}>")
        line.say(f"RCPT TO:<{to}>")
        said = line.say(b"BDAT %d LAST\r\n" % len(text) + text)
        assert said.startswith("250")
        assert line.say("QUIT").startswith("221")
    assert_at_most_one(scene, before)
    assert b"\r\n..\r\nMAIL FROM:<" in scene.witness.message_to(
        to
    )  # the dot is doubled on its way: it ends nothing at the next hop


@pytest.mark.parametrize("end", [*ENDS], ids=repr)
def test_a_chunk_with_an_odd_end_is_refused(untouched: Scene, end: bytes):
    text = a_text(untouched.shop.author, "cover@example.org").removesuffix(b"\r\n") + end + SECOND
    with untouched.customer(untouched.shop) as line:
        line.say(f"MAIL FROM:<{untouched.shop.author}>")
        line.say("RCPT TO:<cover@example.org>")
        assert line.say(b"BDAT %d LAST\r\n" % len(text) + text).startswith("554 5.6.0")


# --- A2


INJECTED = b"EHLO evil.example.org\r\nMAIL FROM:<evil@example.com>\r\n"


def test_what_comes_in_the_same_segment_as_starttls_ends_the_connection(untouched: Scene):
    with untouched.stranger("STARTTLS") as line:
        line.say("EHLO stranger.example.org")
        line.send(b"STARTTLS\r\n" + INJECTED)
        assert line.hear_all().startswith("421")


def test_what_comes_in_clear_after_starttls_is_never_obeyed(untouched: Scene):
    with untouched.stranger("STARTTLS") as line:
        line.say("EHLO stranger.example.org")
        line.send(b"STARTTLS\r\n")
        assert line.hear().startswith("220")
        line.send(INJECTED)  # in clear, where a handshake should be
        try:
            heard = line.hear_all()
        except UnicodeDecodeError:  # a TLS alert
            heard = ""
        assert "250" not in heard


def test_what_was_said_before_the_handshake_is_forgotten_after_it(untouched: Scene):
    with untouched.stranger("STARTTLS") as line:
        line.upgrade()
        assert line.say(f"MAIL FROM:<{untouched.shop.author}>").startswith(("503", "530"))
        assert line.say("AUTH PLAIN AGEAYg==").startswith("503")


def test_what_comes_with_the_end_of_the_handshake_is_read_inside_tls_only(untouched: Scene):
    """Commands that come in the same flight as the client's Finished: they are the client's own, and in order."""
    with untouched.stranger("STARTTLS") as line:
        line.upgrade()
        line.send(b"EHLO a.example.org\r\nMAIL FROM:<a@example.com>\r\n")
        assert line.hear().splitlines()[-1].startswith("250 ")
        assert line.hear().startswith("530 5.7.0")


def test_inside_tls_there_is_no_second_starttls(untouched: Scene):
    with untouched.stranger("TLS") as line:
        assert "STARTTLS" not in line.say("EHLO stranger.example.org")
        assert line.say("STARTTLS").startswith("503")

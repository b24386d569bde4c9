"""A5, B5, B6: whoever is logged in writes from the connected domains of its own account, and from nowhere else."""

from __future__ import annotations

import re

import pytest

from tests.attacks.scene import ATTACKS, Scene

pytestmark = ATTACKS

LINK = "/docs"

ENVELOPES = (
    "news@rival.example", "news@RIVAL.example", "news@sub.example.com", "news@example.com.rival.example",
    "news@com", "news@xexample.com", "news@example.com.", "news@rival.example.", "news@example.co", "news@еxample.com",
    "news@exаmple.com", "news@examp1e.com", "news@xn--xample-2of.com", "news@example．com.rival.example",
    '"news@example.com"@rival.example', "news%example.com@rival.example", "example.com!news@rival.example",
    "@example.com:news@rival.example", "news@[127.0.0.1]", "news@example.com@rival.example", "news",
    "news@example.com\0@rival.example", "news@rival.example(example.com)", "news(@example.com)@rival.example",
)  # fmt: skip

AUTHORS = (
    # somebody else's domain, and what looks like ours
    "news@rival.example", "News <news@rival.example>", "news@sub.example.com", "news@xexample.com", "news@example.com.",
    "news@example.com.rival.example", "news@еxample.com", "news@examp1e.com", "news@xn--xample-2of.com",
    "news@example",
    # several at once
    "news@example.com, news@rival.example", "news@rival.example, news@example.com",
    '"a, b" <news@example.com>, <news@rival.example>', ", ".join(["news@example.com"] * 50 + ["news@rival.example"]),
    "news@example.com;news@rival.example", "news@example.com news@rival.example",
    "<news@example.com> <news@rival.example>", "<news@example.com><news@rival.example>",
    "news@example.com <news@rival.example>",
    '"news@example.com" <news@rival.example>', "news@example.com\r\n ,news@rival.example",
    # quotes, comments, groups, routes
    '"news@example.com"@rival.example', '"news@rival.example> <news@example.com"@rival.example',
    "(news@example.com) news@rival.example", "news@rival.example (news@example.com)",

    "news(@example.com)@rival.example", "news@example.com(\r\n )@rival.example",
    "Team: news@example.com, news@rival.example;", "Team: news@rival.example;",
    "news@example.com:news@rival.example", "<@example.com:news@rival.example>", "undisclosed-recipients:;", "<>", "",
    '"News <news@example.com>" <news@rival.example>', '"News\\" <news@example.com>" <news@rival.example>',
    'News <news@example.com', 'News news@example.com>', '"News <news@example.com>',
    # encoded words that a reader might decode into an address, or into two
    "=?utf-8?q?news=40rival.example?=", "=?utf-8?q?news=40rival.example=3E=2C?= <news@example.com>, news@rival.example",
    "=?utf-8?q?news?=@rival.example", "=?utf-8?q?news=40rival.example=00?=@example.com",
    "news@=?utf-8?q?rival.example?=", "=?utf-8?b?bmV3c0ByaXZhbC5leGFtcGxl?=@example.com",
    # octets that readers drop or stop at
    "news@example.com\0, news@rival.example", "news@example.com\x0b,news@rival.example", "news@rival.example\x7f",
    "news@\xadrival.example", "news@rival\u200b.example", "news＠example.com",
    "news@example.com\u2028<news@rival.example>",
)  # fmt: skip


def text(*fields: str) -> bytes:
    return "\r\n".join((*fields, "To: ann@example.org", "Subject: Yours", "", "Hello.", "")).encode()


@pytest.mark.parametrize("sender", ENVELOPES)
def test_the_envelope_sender_of_another_domain_is_refused(untouched: Scene, sender: str):
    with untouched.customer(untouched.shop) as line:
        said = line.say(f"MAIL FROM:<{sender}>" + ("" if sender.isascii() else " SMTPUTF8"))
    assert said[:3] in ("501", "550", "553"), said
    assert not said.startswith("550") or (said.startswith("550 5.7.1") and LINK in said)


@pytest.mark.parametrize("author", AUTHORS)
def test_an_author_of_another_domain_is_refused(untouched: Scene, author: str):
    said = untouched.submit(text(f"From: {author}"), "ann@example.org")
    assert said.startswith(("550 5.7.1", "554 5.6.0")), said


@pytest.mark.parametrize("sender", ["news@rival.example", "news@sub.example.com", "a@example.com, b@rival.example",
                                    "=?utf-8?q?x?= <news@rival.example>", "Team: news@rival.example;"])  # fmt: skip
def test_a_sender_field_of_another_domain_is_refused(untouched: Scene, sender: str):
    said = untouched.submit(text("From: news@example.com", f"Sender: {sender}"), "ann@example.org")
    assert said.startswith(("550 5.7.1", "554 5.6.0")), said


def test_a_mail_without_an_envelope_sender_needs_an_author_of_ones_own_too(untouched: Scene):
    said = untouched.submit(text("From: news@rival.example"), "ann@example.org", sender="")
    assert said.startswith("550 5.7.1")


def test_a_refusal_names_the_domain_and_where_to_read_on(untouched: Scene):
    said = untouched.submit(text("From: news@rival.example"), "ann@example.org")
    assert re.search(
        r"550 5\.7\.1 The From address is at rival\.example, .*http://\S+/docs", said.replace("\n550-", " ")
    )


@pytest.mark.parametrize(
    "fields",
    [
        ("From: news@example.com", "From: news@rival.example"),
        ("From: news@rival.example", "From: news@example.com"),
        ("From: news@example.com", "from: news@rival.example"),
        ("From : news@rival.example", "From: news@example.com"),
        ("From: news@example.com", "From\t: news@rival.example"),
        ("From: news@example.com", "Sender: news@example.com", "Sender: news@rival.example"),
        ("", "From: news@rival.example"),
        (" From: news@rival.example", "From: news@example.com"),
        ("\tfolded", "From: news@example.com"),
        ("From news@rival.example Mon Mar  2 14:02:07 2026", "From: news@example.com"),
        ("From: news@example.com", "From; news@rival.example"),
        ("From: news@example.com", "Fr\0om: news@rival.example"),
        ("From: news@example.com", " \r\nFrom: news@rival.example"),
        ("From: news@example.com", "Fróm: news@rival.example"),
        ("Subject: no author",),
        ("From: news@example.com", "Subject: one", "Subject: two"),
        ("From: news@example.com", "To: bob@example.org"),
    ],
    ids=lambda fields: repr("|".join(fields)),
)
def test_a_header_that_two_readers_would_read_differently_is_refused(untouched: Scene, fields: tuple[str, ...]):
    assert untouched.submit(text(*fields), "ann@example.org").startswith("554 5.6.0")


def test_a_resent_field_gives_no_right_to_another_domain(untouched: Scene):
    said = untouched.submit(text("Resent-From: news@example.com", "From: news@rival.example"), "ann@example.org")
    assert said.startswith("550 5.7.1")


@pytest.mark.parametrize("author", ["news@example.com", "NEWS@EXAMPLE.COM",
                                    "=?utf-8?q?x=40rival=2Eexample?= <a@example.com>",
                                    '"rival.example" <a@example.com>', '"a b"@example.com'])  # fmt: skip
def test_what_is_ones_own_leaves_signed_by_ones_own_domain(scene: Scene, author: str):
    to = f"own{scene.count()}@example.org"
    said = scene.submit(text(f"From: {author}", "Resent-From: x@rival.example"), to)
    assert said.startswith("250"), said
    scene.settle()
    signatures = re.findall(rb"[ ;]d=([^;\s]+)", scene.witness.message_to(to))
    assert set(signatures) == {b"example.com"}


def test_the_name_beside_an_address_stays_a_name(scene: Scene):
    """An encoded word with a line end in it (CVE-2024-6923) is passed on as it came; nothing decodes it on the way."""
    author = "=?utf-8?q?x=0D=0AFrom=3A_ceo=40rival=2Eexample?= <news@example.com>"
    to = f"name{scene.count()}@example.org"
    assert scene.submit(text(f"From: {author}"), to).startswith("250")
    scene.settle()
    lines = scene.witness.message_to(to).split(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line for line in lines if line.lower().startswith(b"from")] == [f"From: {author}".encode()]


def test_each_account_signs_in_with_its_own_password_only(untouched: Scene):
    shop, rival = untouched.shop.token, untouched.rival.token
    for user, password in ((shop.user, rival.password), (rival.user, shop.password)):
        with untouched.stranger() as line:
            assert line.log_in(type(shop)(user=user, password=password)).startswith("535 5.7.8")

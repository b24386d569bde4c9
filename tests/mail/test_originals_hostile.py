"""Copies of mails that are made to hurt, and of any mail at all."""

import base64
import email
import email.policy
import random
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright import mail
from sendwright.mail import originals, parts, transfer
from tests.mail.work import is_linear

LONG = "x" * 1_500


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def never(name: str) -> bool:
    return False


def same(index: int, text: str) -> str:
    return text


def marked(index: int, text: str) -> str:
    return f"{text}<{index}>"


def copied(raw: bytes, html=marked) -> bytes:
    return mail.Original.read(raw).copy(above=b"", without=never, html=html)


def contents(raw: bytes) -> list[bytes]:
    """What the leaves hold, as the standard library reads them."""
    return [part.get_payload(decode=True) for part in email.message_from_bytes(raw).walk() if not part.is_multipart()]  # type: ignore[misc]


def lines_of(raw: bytes) -> int:
    return max(map(len, raw.split(b"\r\n")))


MULTI = "Content-Type: multipart/mixed; boundary=b\n\n"
HTML = "--b\nContent-Type: text/html\n\n<p>\n"


# Lines that are too long.


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("Content-Type: text/plain", "quoted-printable"),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: 8bit", "quoted-printable"),
        ("content-transfer-encoding: binary\nX: y\nContent-Transfer-Encoding: 7bit", "quoted-printable"),
        ("Content-Type: text/html", "quoted-printable"),
        ("Content-Type: application/json", "base64"),
        ("Content-Type: image/png\nContent-Transfer-Encoding: 8bit", "base64"),
        ("", "quoted-printable"),
    ],
)
@pytest.mark.parametrize("html", [same, None])
def test_a_part_with_too_long_lines_is_encoded(label, encoding, html):
    raw = crlf(f"{MULTI}--b\n{label}\n\nü--b\n=A0{LONG}\nend \n--b--\n".replace("\n\n\n", "\n\n"))
    found = copied(raw, html)
    part = email.message_from_bytes(found).get_payload(0)
    assert part.get_all("Content-Transfer-Encoding") == [encoding]  # type: ignore[union-attr]
    assert contents(found) == [crlf(f"ü--b\n=A0{LONG}\nend ")]
    assert lines_of(found) <= 76


def test_a_turned_page_with_too_long_lines_is_encoded():
    found = copied(crlf(f"Content-Type: text/html\n\n<p>{LONG}\n"))
    assert contents(found) == [crlf(f"<p>{LONG}\n<0>")]
    assert lines_of(found) <= 998


@pytest.mark.parametrize("end", ["", "\n"])
def test_base64_in_one_line_is_wrapped(end):
    content = base64.b64encode(LONG.encode()).decode()
    raw = crlf(f"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n{content}{end}")
    found = copied(raw)
    assert contents(found) == [LONG.encode()]
    assert lines_of(found) <= 76
    assert found.endswith(b"\r\n") == bool(end)


@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=utf-16"])
def test_quoted_printable_in_one_line_is_wrapped(kind):
    raw = crlf(f"Content-Type: {kind}\nContent-Transfer-Encoding: quoted-printable\n\n" + "=C3=BC" * 500 + "\n")
    assert contents(copied(raw)) == contents(raw)
    assert lines_of(copied(raw)) <= 76


def test_a_part_without_any_header_gets_one():
    raw = crlf(f"{MULTI}--b\n\n{LONG}\n--b--\n")
    assert contents(copied(raw)) == [LONG.encode()]


def test_a_part_whose_header_does_not_end_gets_its_end():
    raw = crlf(f"{MULTI}--b\nContent-Type: text/plain\n{LONG}\n--b--\n")
    assert contents(copied(raw)) == [LONG.encode()]


def test_an_encoding_field_is_replaced_even_where_the_caller_drops_it():
    raw = crlf(f"Content-Transfer-Encoding: 7bit\n\n{LONG}\n")
    found = mail.Original.read(raw).copy(above=b"", without=lambda name: True)
    assert found.startswith(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n")


def test_a_forwarded_mail_with_too_long_lines_is_encoded_inside():
    raw = crlf(f"{MULTI}--b\nContent-Type: message/rfc822\n\nSubject: x\n\n{LONG}\n--b--\n")
    found = mail.Original.read(raw)
    assert not found.too_long_lines
    assert contents(found.copy(above=b"", without=never)) == [LONG.encode()]


@pytest.mark.parametrize(
    "text",
    [
        f"X: {LONG}\n\nhi\n",
        f"Content-Type: multipart/signed; boundary=b\n\n--b\n\n{LONG}\n--b--\n",
        f"{MULTI}{LONG}\n--b\n\nhi\n--b--\n",
        f"{MULTI}--b\n\nhi\n--b--\n{LONG}\n",
        f"{MULTI}--b\nX: {LONG}\n\nhi\n--b--\n",
        f"Content-Transfer-Encoding: x-own\n\n{LONG}\n",
        f"Content-Type: multipart/mixed\n\n{LONG}\n",
        f"Content-Type: message/partial\n\n{LONG}\n",
        f"Content-Type: message/rfc822\n\nContent-Type: multipart/signed; boundary=b\n\n--b\n\n{LONG}\n--b--\n",
    ],
)
def test_long_lines_that_cannot_be_broken_are_told(text):
    found = mail.Original.read(crlf(text))
    assert found.too_long_lines
    assert found.copy(above=b"", without=never, html=marked) == crlf(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Subject: ü\n\n", True),
        ("\nü", True),
        ("\nu", False),
        (f"\nü{LONG}", False),
        (f"{MULTI}--b\n\nü{LONG}\n--b\n\nü\n--b--", True),
        (f"Content-Transfer-Encoding: base64\n\n{LONG}ü", True),
    ],
)
def test_eight_bit_is_what_the_copies_are(text, expected):
    assert mail.Original.read(crlf(text)).eight_bit == expected


# Attack C1: bombs.


def nested(depth: int) -> bytes:
    heads = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return crlf(heads + "Content-Type: text/html\n\n<p>\n")


BOMBS = {
    "nesting": nested(1_000),
    "boundaries": crlf(MULTI + HTML * 10_000),
    "mails": crlf("Content-Type: message/rfc822\n\n" * 1_000 + "hi"),
    "fields": crlf("X: y\n" * 5_000 + "Content-Type: text/html\n\n<p>"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_sealed(bomb):
    found = mail.Original.read(BOMBS[bomb])
    assert (found.sealed, found.html_parts, found.too_long_lines) == ("too complex", 0, False)
    assert found.copy(above=b"", without=never, html=marked) == BOMBS[bomb]


def test_too_many_lines_of_hyphens_seal(monkeypatch):
    monkeypatch.setattr(parts, "MAX_DASHES", 100)
    assert mail.Original.read(crlf(MULTI + HTML + "--\n" * 101)).sealed == "too complex"


def test_nested_50_deep_is_read():
    raw = nested(45)
    assert copied(raw) == raw + b"<0>"


def test_nine_hundred_pages_are_turned():
    raw = crlf(MULTI + HTML * 900 + "--b--\n")
    assert copied(raw) == crlf(MULTI + "".join(HTML.replace("<p>", f"<p><{n}>") for n in range(900)) + "--b--\n")


def test_pages_of_more_than_five_mebibytes_in_all_are_not_read():
    big = "--b\nContent-Type: text/html\n\n" + ("x" * 500 + "\n") * 6_000
    raw = crlf(MULTI + big * 2 + HTML + "--b--\n")
    found = mail.Original.read(raw)
    assert found.html_parts == 2
    assert len(found.copy(above=b"", without=never, html=marked)) == len(raw) + 6


def test_a_page_as_long_as_may_be_is_read():
    raw = b"Content-Type: text/html\r\n\r\n" + (b"x" * 510 + b"\r\n") * (originals.MAX_HTML // 512)
    assert mail.Original.read(raw).html_parts == 1
    assert mail.Original.read(raw + b"x").html_parts == 0


SIZES = {
    "pages": lambda size: crlf(MULTI + HTML * min(900, size // 30)),
    "armour": lambda size: b"\r\n" + b"-----BEGIN PGP " * (size // 15),
    "armour at lines": lambda size: b"\r\n" + b"-----BEGIN PGP X\r\n" * (size // 18),
    "one line": lambda size: b"\r\n" + b"x" * size,
    "long lines": lambda size: b"Content-Type: text/html\r\n\r\n" + (b"x" * 1_500 + b"\r\n") * (size // 1_500),
    "quoted": lambda size: crlf(
        "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n" + "=" * size
    ),
    "base64": lambda size: crlf(
        "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + "QUFB" * (size // 4)
    ),
    "labels": lambda size: crlf("Content-Transfer-Encoding: 7bit\n" * min(900, size // 30) + f"\n{LONG}"),
    "hyphens": lambda size: crlf(MULTI + HTML + "--\n" * (size // 3)),
}


@pytest.mark.parametrize("shape", SIZES)
def test_a_copy_costs_no_more_than_the_mail_is_large(shape):
    assert is_linear(copied, SIZES[shape], 3_000)


# Odd structures.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MULTI + HTML + "--b--\n", ["<p><0>"]),
        (MULTI + HTML, ["<p>\n<0>"]),
        (MULTI + HTML + "--bb\n--B\n -b\n--b--", ["<p>\n--bb\n--B\n -b<0>"]),
        (MULTI + HTML + "--b--\n--b\nContent-Type: text/html\n\n<i>", ["<p><0>"]),
        (MULTI + HTML + "--b\nContent-Type:\n text/html;\n charset=\n utf-8\n\n<i>\n--b--", ["<p><0>", "<i><1>"]),
        ("Content-Type: multipart/mixed; boundary=bb\n\n--b\n--bb\nContent-Type: text/html\n\n<p>\n--bb--", ["<p><0>"]),
    ],
)
def test_a_second_reader_sees_the_mark_where_we_put_it(text, expected):
    assert contents(copied(crlf(text))) == [crlf(content) for content in expected]


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"x", b"Content-Type: text/html", b"Content-Type: text/html\n\n<p>\n\r\n"]
)
def test_anything_is_copied(raw):
    assert copied(raw, same) == raw


# Any mail.

LINES = st.sampled_from(
    [
        b"",
        b"--b",
        b"--b--",
        b"--c",
        b"--c--",
        b"a: b",
        b" x",
        b"x",
        b"From x",
        b"<p>=3D=",
        b"PHA+",
        b"\xfc",
        b"y" * 1_100,
    ]
    + [b"Content-Transfer-Encoding: " + word for word in (b"base64", b"quoted-printable", b"8bit", b"x")]
    + [
        b"Content-Type: multipart/" + kind
        for kind in (b"mixed; boundary=b", b"digest; boundary=c", b"signed; boundary=b")
    ]
    + [b"Content-Type: message/rfc822", b"Content-Disposition: attachment", b"-----BEGIN PGP MESSAGE-----"]
    + [b"Content-Type: text/html; charset=" + name for name in (b"utf-8", b"utf-16", b"iso-2022-jp")] * 2
)


@given(st.lists(LINES, max_size=25), st.sampled_from([b"\n", b"\r\n"]))
def test_any_heap_of_lines_is_copied_octet_for_octet(lines, line_end):
    raw = line_end.join(line for line in lines if len(line) < 1_000)
    assert copied(raw, same) == raw
    assert copied(raw, None) == raw


@given(st.lists(LINES, max_size=25))
def test_any_heap_of_lines_leaves_with_lines_that_may_leave(lines):
    raw = b"\r\n".join(lines)
    original = mail.Original.read(raw)
    found = original.copy(above=b"", without=never, html=marked)
    assert original.too_long_lines == transfer.has_long_line(found, 0, len(found))
    assert original.eight_bit or found.isascii()


@given(st.binary(max_size=300))
def test_any_octets_are_copied(raw):
    assert copied(raw, same) == raw


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80)
ENCODINGS = st.sampled_from(["base64", "quoted-printable", "8bit"])


def letter(plain: str, html: str, content: bytes, encoding: str) -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "ann@example.com"
    message.set_content(plain, cte=encoding)
    message.add_alternative(html, subtype="html", cte=encoding)
    message.add_attachment(content, maintype="application", subtype="x-thing", filename="a.bin")
    message.add_attachment(html, subtype="html", cte=encoding, filename="a.html")
    return message.as_bytes()


@settings(max_examples=40)
@given(plain=WORDS, html=WORDS, content=st.binary(max_size=99), encoding=ENCODINGS)
def test_a_mail_of_the_standard_library_differs_by_the_mark_alone(plain, html, content, encoding):
    raw = letter(plain, html, content, encoding)
    assert copied(raw, same) == raw
    before, after = contents(raw), contents(copied(raw))
    assert after == [before[0], before[1] + b"<0>", *before[2:]]


@settings(max_examples=60)
@given(WORDS, ENCODINGS, st.randoms(use_true_random=False))
def test_a_mutated_mail_is_copied_octet_for_octet(html, encoding, dice: random.Random):
    raw = bytearray(letter("x", html, b"y", encoding))
    for _ in range(dice.randrange(6)):
        place = dice.randrange(len(raw))
        raw[place : place + dice.randrange(3)] = dice.choice(
            [b"", b"\r", b"\n", b"--", b"=", b":", b"\0", b"\xfc", b";"]
        )
    assert copied(bytes(raw), same) == bytes(raw)
    copied(bytes(raw))


@pytest.mark.parametrize("size", [transfer._QUOTED_CHUNK, transfer._BASE64_CHUNK])
@pytest.mark.parametrize("kind", ["text/plain", "image/png"])
def test_a_large_part_is_encoded_in_pieces(kind, size):
    content = bytes(random.Random(size).choices(b"ab= \xfc\n", k=size * 2 + 9)).replace(b"\n", b"\r\n") + LONG.encode()
    raw = f"Content-Type: {kind}\r\n\r\n".encode() + content
    found = copied(raw)
    assert contents(found) == [content]
    assert lines_of(found) <= 76

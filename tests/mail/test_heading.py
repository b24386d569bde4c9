"""The header of a submitted mail: taken, or refused with a sentence that names what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import mail
from sendwright.mail import heading, parts
from tests.mail.work import is_linear

ANN = mail.Mailbox(name="Ann Lee", address=mail.Address(local="ann", domain="example.com"))
BOB = mail.Mailbox(name="", address=mail.Address(local="bob", domain="example.com"))
FROM = "From: Ann Lee <ann@example.com>\n"


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def heading_of(text: str) -> mail.Heading:
    found = mail.read_heading(crlf(text))
    assert isinstance(found, mail.Heading)
    return found


def reason_of(raw: bytes) -> str:
    found = mail.read_heading(raw)
    assert isinstance(found, mail.Malformed)
    return found.reason


def test_a_usual_header_is_read():
    found = heading_of(
        "Received: from a\n by b; Sun, 22 Nov 2026 12:00:00 +0000\nReceived: x\nDate: Sun, 22 Nov 2026 12:00:00 +0000\n"
        + FROM
        + "Sender: bob@example.com\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n an alle\nMessage-ID:\n <1@example.com>\n\nb"
    )
    assert (found.from_, found.sender, found.subject) == ((ANN,), BOB, "Grüße an alle")
    assert (found.message_id, found.has_date, found.received) == ("1@example.com", True, 2)


def test_what_is_missing_is_empty():
    found = heading_of(FROM + "\n")
    assert (found.sender, found.subject, found.message_id, found.has_date, found.received) == (None, "", "", False, 0)
    assert (found.requests, found.to, found.cc) == ((), (), ())


@pytest.mark.parametrize("text", ["Date: \n", "Date:\n"])
def test_an_empty_date_is_none(text):
    assert not heading_of(FROM + text + "\n").has_date


def test_a_mail_may_end_with_its_header():
    assert heading_of(FROM).from_ == (ANN,)


def test_the_body_is_not_looked_at():
    assert isinstance(mail.read_heading(crlf(FROM + "\n") + b"\0\n\r" + b"x" * 5_000), mail.Heading)


def test_from_may_have_several_authors():
    assert heading_of("From: Ann Lee <ann@example.com>, bob@example.com\n\n").from_ == (ANN, BOB)


def test_a_name_is_decoded_after_the_address_was_read():
    found = heading_of("From: =?utf-8?q?x=40evil=2Eexample=2C?= <ann@example.com>\n\n")
    assert found.from_ == (mail.Mailbox(name="x@evil.example,", address=ANN.address),)


def test_a_long_from_is_read():
    found = heading_of("From: " + ",\n ".join(f"a{n}@example.com" for n in range(100)) + "\n\n")
    assert len(found.from_) == 100


def test_our_own_requests_are_found_in_any_case():
    found = heading_of(FROM + "X-Sendwright-Tags: a,\n b\nx-sendwright-Send-ID:7\nX-Sendwrights: no\n\n")
    assert found.requests == (("X-Sendwright-Tags", "a, b"), ("x-sendwright-Send-ID", "7"))


def test_to_and_cc_are_read_with_their_groups():
    found = heading_of(
        FROM + 'To: "The team": Ann Lee <ann@example.com>, bob@example.com ;, undisclosed-recipients:;\n'
        "Cc: =?utf-8?q?B=C3=B6b?=\n <bob@example.com>\n\n"
    )
    assert found.to == (ANN, BOB)
    assert found.cc == (mail.Mailbox(name="Böb", address=BOB.address),)


@pytest.mark.parametrize(
    "text",
    ["undisclosed-recipients:;", "", "nobody", '"open <ann@example.com>', "a@good.test <bob@evil.test>", ":;,;:"],
)
def test_recipients_that_cannot_be_read_are_nobody(text):
    assert heading_of(FROM + f"To: {text}\n\n").to == ()


def test_one_bad_recipient_does_not_hide_the_others():
    assert heading_of(FROM + "To: nobody, bob@example.com, Team: a@b@c;\n\n").to == (BOB,)


def test_a_thousand_recipients_are_read_and_no_more():
    folded = ",\n ".join(["bob@example.com"] * 1_200)
    assert len(heading_of(FROM + f"To: {folded}\n\n").to) == 1_000


def test_utf8_headers_are_read():
    found = heading_of("From: Änn <änn@example.com>\nSubject: Grüße €\nX-Sendwright-Tags: ü\n\n")
    assert (found.from_[0].name, found.from_[0].address.local) == ("Änn", "änn")
    assert (found.subject, found.requests) == ("Grüße €", (("X-Sendwright-Tags", "ü"),))


def test_a_subject_may_be_in_any_charset():
    found = mail.read_heading(b"From: \xc3\xa4@example.com\r\nSubject: Gr\xfc\xdfe\r\nX-Other: \xfc\r\n\r\n")
    assert isinstance(found, mail.Heading)
    assert found.subject == "Grüße"


@pytest.mark.parametrize("name", ["From", "Sender", "To", "Date", "Message-ID", "X-Sendwright-Tags"])
def test_structured_fields_are_utf8(name):
    rest = crlf("\nFrom: ann@example.com\n\n" if name != "From" else "\n\n")
    assert reason_of(name.encode() + b": \xfc@example.com" + rest).startswith(f"{name}: this is not UTF-8")


def test_a_decoded_subject_is_one_line():
    assert heading_of(FROM + "Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n\n").subject == "a  Bcc: x"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("", "From: this field is missing"),
        ("\n", "The mail begins with an empty line"),
        ("\n" + FROM + "\n", "The mail begins with an empty line"),
        ("From ann Mon Jan 1\n" + FROM + "\n", 'The mail begins with a line "From "'),
        (">From ann Mon Jan 1\n" + FROM + "\n", 'The mail begins with a line "From "'),
        (" folded\n" + FROM + "\n", "Line 1 of the header is no field"),
        (FROM + "hello\n\nbody", "Line 2 of the header is no field"),
        (FROM + ": x\n\n", "Line 2 of the header is no field"),
        (FROM + "Ä: x\n\n", "Line 2 of the header is no field"),
        (FROM + "To: x\n \n\n", "Line 3 of the header is no field"),
        (FROM + "To: x\n\t \n y\n\n", "Line 3 of the header is no field"),
        ("From : ann@example.com\n\n", "From: take away the blank before the colon"),
        (FROM + "X-A\t: b\n\n", "X-A: take away the blank before the colon"),
        ("Subject: x\n\n", "From: this field is missing"),
        ("From:\n\n", "From: "),
        ("From: ann\n\n", "From: An address needs an @"),
        ("From: team: ann@example.com;\n\n", "From: "),
        ("From: ann@good.test <bob@evil.test>\n\n", "From: Put the name in double quotes"),
        (FROM + "Sender: bob\n\n", "Sender: An address needs an @"),
        (FROM + "Sender: \n\n", "Sender: "),
        (FROM + "Sender: bob@example.com, ann@example.com\n\n", "Sender: only one address"),
        (FROM + "X-A: " + "x" * 994 + "\n\n", "X-A: a line has more than 998 octets"),
        (FROM + "X-A: x\n " + "x" * 998 + "\n\n", "X-A: a line has more than 998 octets"),
        (FROM + "X-A: " + ("x" * 500 + "\n ") * 140 + "x\n\n", "X-A: it has more than 65,536 octets"),
        (FROM + "X-A: b\n" * 1_000 + "\n", "X-A: there are more than 1,000 header fields"),
        ("X-A: " + "x" * 70 + "\n" * 1 + ("X-A: " + "x" * 900 + "\n") * 300, "The header has more than 262,144 octets"),
        ("x" * 300_000, "The header has more than 262,144 octets"),
        (FROM[:-1], "The header has no CRLF at its end"),
    ],
)
def test_a_header_that_two_would_read_differently_is_refused(text, start):
    assert reason_of(crlf(text)).startswith(start)


@pytest.mark.parametrize(
    "hostile", [b"\0", b"\n", b"\r", b"\x0b", b"\x1b", b"\x7f", "\x85".encode(), "\u2028".encode()]
)
def test_controls_are_refused_and_the_field_named(hostile):
    raw = crlf(FROM) + b"Subject: a" + hostile + b"Bcc: evil@example.com\r\n\r\n"
    assert reason_of(raw).startswith("Subject: there is a control character")


ONCE = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject", "Date"]


@pytest.mark.parametrize("name", ONCE)
def test_a_field_of_which_there_is_one_is_refused_twice(name):
    found = reason_of(crlf(f"{name}: a@example.com\nX: y\n{name.upper()}: b@example.com\n\n"))
    assert found.startswith(f"{name.title()}: this field is there twice")


def test_other_fields_may_repeat():
    assert heading_of("X-A: 1\nX-A: 2\n" + FROM + "\n").from_ == (ANN,)


def test_a_line_of_998_octets_is_taken():
    assert heading_of(FROM + "X-A: " + "x" * 993 + "\n\n").from_ == (ANN,)


def test_a_thousand_fields_are_taken():
    assert heading_of(FROM + "X-A: b\n" * 999 + "\n").from_ == (ANN,)


def test_a_field_of_64_kilobytes_is_taken():
    assert heading_of(FROM + "X-A: " + ("x" * 500 + "\n ") * 130 + "x\n" + ("X-B: " + "y" * 900 + "\n") * 3 + "\n")


LINES = st.sampled_from(
    [
        "From: a@b.test",
        "From:",
        "from: c@d.test",
        "To: x",
        " fold",
        "\t",
        "X-A: b",
        "X-A : b",
        "no field",
        "",
        "\0",
        "é: x",
    ]
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["\r\n", "\n", "\r"]), st.binary(max_size=9))
def test_any_heap_of_lines_is_a_heading_or_a_sentence(lines, line_end, tail):
    found = mail.read_heading(line_end.join(lines).encode() + tail)
    if isinstance(found, mail.Heading):
        assert found.from_
        assert found.to is not None
    else:
        assert found.reason.endswith(".")
        assert found.reason.isprintable()


BOMBS = {
    "fields": lambda size: "a: b\r\n" * (size // 6),
    "folds": lambda size: FROM.replace("\n", "\r\n") + "a: b" + "\r\n c" * (size // 4) + "\r\n\r\n",
    "no colon": lambda size: "a" * size,
    "blanks": lambda size: "a:" + " " * size + "\r\n\r\n",
    "blanks in To": lambda size: (
        FROM.replace("\n", "\r\n") + "To: a," + (" " * 900 + "\r\n ;") * (size // 900) + "\r\n\r\n"
    ),
    "quotes in To": lambda size: FROM.replace("\n", "\r\n") + 'To: "' + '"a""' * (size // 4) + "\r\n\r\n",
    "groups in To": lambda size: FROM.replace("\n", "\r\n") + "To: " + "a:b;,\r\n " * (size // 8) + "c\r\n\r\n",
    "encoded words": lambda size: (
        FROM.replace("\n", "\r\n") + "Subject: " + "=?a?q?b?=\r\n " * (size // 12) + "c\r\n\r\n"
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_the_header_costs_no_more_than_its_size(bomb):
    def look(raw: bytes) -> None:
        found = mail.read_heading(raw)
        if isinstance(found, mail.Heading):
            assert len(found.to) <= 1_000

    assert is_linear(look, lambda size: BOMBS[bomb](size).encode(), 7_500)


def test_the_limits_are_those_of_the_walker():
    limits = (heading.MAX_BLOCK, heading.MAX_FIELD, heading.MAX_FIELDS)
    assert limits == (parts.MAX_BLOCK, parts.MAX_HEADER, parts.MAX_HEADERS)

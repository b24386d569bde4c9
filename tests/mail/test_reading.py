import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import mail
from sendwright.mail import parts
from tests.mail.work import is_linear


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


MIXED = """Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
From: "Lee, Ann" <ann@example.com>
To: bob@example.com,
 Carl <carl@example.com>
Content-Type: multipart/mixed; boundary=outer

preamble
--outer
Content-Type: multipart/alternative; boundary="in ner"

--in ner
Content-Type: text/plain; charset=iso-8859-15
Content-Transfer-Encoding: quoted-printable

=A4 5

--in ner
Content-Type: text/html; charset=utf-8

<p>€ 5</p>
--in ner--
epilogue
--outer
Content-Type: image/png
Content-ID: <logo@example.com>
Content-Transfer-Encoding: base64

AAEC
Aw==
--outer
Content-Type: application/pdf; name=b.pdf
Content-Disposition: attachment; filename="../a.pdf"

%PDF
--outer--
epilogue
"""


def part_types(part: mail.Part) -> object:
    return (part.content_type, [part_types(child) for child in part.children]) if part.children else part.content_type


def test_headers_come_in_their_order_raw_and_decoded():
    first, _, third, _ = mail.read(crlf(MIXED)).headers
    assert (first.name, first.raw, first.value) == ("Subject", b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße")
    assert (third.name, third.raw) == ("To", b"bob@example.com,\r\n Carl <carl@example.com>")
    assert third.value == "bob@example.com, Carl <carl@example.com>"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_known_fields_are_at_hand(line_end):
    found = mail.read(MIXED.replace("\n", line_end).encode())
    assert (found.subject, found.from_) == ("Grüße", '"Lee, Ann" <ann@example.com>')
    assert (found.to, found.cc) == ("bob@example.com, Carl <carl@example.com>", "")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_texts_are_decoded_by_their_charsets(line_end):
    found = mail.read(MIXED.replace("\n", line_end).encode())
    assert (found.text, found.html) == ("€ 5\n", "<p>€ 5</p>")


def test_other_parts_are_attachments():
    logo, pdf = mail.read(crlf(MIXED)).attachments
    assert (logo.name, logo.content_type, logo.size_bytes, logo.content_id, logo.inline) == (
        *("attachment-1", "image/png", 4, "logo@example.com"),
        True,
    )
    assert (pdf.name, pdf.content_type, pdf.size_bytes, pdf.content_id, pdf.inline) == (
        *("a.pdf", "application/pdf", 4, ""),
        False,
    )


def test_the_content_of_an_attachment_is_decoded_when_asked_for():
    assert mail.read(crlf(MIXED)).content(0) == b"\0\1\2\3"


def test_the_tree_is_the_one_the_mail_has():
    alternative = ("multipart/alternative", ["text/plain", "text/html"])
    assert part_types(mail.read(crlf(MIXED)).root) == (
        *("multipart/mixed",),
        [alternative, "image/png", "application/pdf"],
    )


def test_spans_are_offsets_into_the_raw_mail():
    raw = crlf(MIXED)
    pdf = mail.read(raw).root.children[2]
    assert pdf.header.of(raw).startswith(b"Content-Type: application/pdf")
    assert pdf.header.of(raw).endswith(b'"../a.pdf"\r\n\r\n')
    assert pdf.body.of(raw) == b"%PDF"


def test_mailboxes_are_read_before_their_names_are_decoded():
    raw = b"To: =?utf-8?q?a=40b=2Etest=2C?= <ann@example.com>\n\n"
    found = mail.read(raw).mailboxes("to")
    assert found == (mail.Mailbox(name="a@b.test,", address=mail.Address(local="ann", domain="example.com")),)


@pytest.mark.parametrize("raw", [b"", b"To: ann at example\n\n"])
def test_mailboxes_that_are_none_say_so(raw):
    assert isinstance(mail.read(raw).mailboxes("To"), mail.Malformed)


def test_a_file_counts_its_size_without_line_ends():
    body = (b"QUFB" * 19 + b"\r\n") * 3_000
    raw = b"Content-Type: a/b\r\nContent-Transfer-Encoding: BASE64\r\n\r\n" + body
    found = mail.read(raw)
    assert found.attachments[0].size_bytes == len(found.content(0)) == 3_000 * 57


def test_a_quoted_printable_file_has_its_decoded_size():
    raw = b"Content-Type: a/b\nContent-Transfer-Encoding: quoted-printable\n\na=3D=\nb"
    assert mail.read(raw).attachments[0].size_bytes == 3


def test_a_forwarded_mail_is_one_attachment_and_a_part_with_a_child():
    inner = b"Subject: inner\n\nhi"
    found = mail.read(b"Content-Type: message/rfc822\n\n" + inner)
    assert (found.text, found.attachments[0].name, found.content(0)) == (None, "attachment-1.eml", inner)
    assert found.root.children[0].value("subject") == "inner"


def test_an_encoded_forwarded_mail_is_not_opened():
    raw = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA=="
    assert mail.read(raw).root.children == ()


def test_the_parts_of_a_digest_are_mails():
    raw = b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nx\n--b\n\nSubject: two\n\ny\n--b--\n"
    mails = [part.children[0].value("Subject") for part in mail.read(raw).root.children]
    assert mails == ["one", "two"]


def test_a_named_text_is_an_attachment():
    found = mail.read(b"Content-Type: text/plain; name=a.txt\n\nx")
    assert (found.text, found.attachments[0].name) == (None, "a.txt")


def test_a_second_text_is_an_attachment():
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--"
    found = mail.read(raw)
    assert (found.text, [found.content(n) for n in range(len(found.attachments))]) == ("one", [b"two"])


def test_inline_is_what_says_so():
    assert mail.read(b"Content-Type: a/b\nContent-Disposition: inline\n\nx").attachments[0].inline


def test_an_attachment_with_a_content_id_is_not_inline():
    raw = b"Content-Type: a/b\nContent-ID: <x@y>\nContent-Disposition: attachment\n\nx"
    assert not mail.read(raw).attachments[0].inline


@pytest.mark.parametrize(
    ("raw", "names", "text"),
    [
        (b"", [], ""),
        (b"hello", [], "hello"),
        (b"\r\nSubject: x\r\n\r\nhi", [], "Subject: x\n\nhi"),
        (b"Subject: x", ["Subject"], ""),
        (b"Subject: x\n", ["Subject"], ""),
        (b"Subject: x\nno field\n\nhi", ["Subject"], "no field\n\nhi"),
        (b"From ann Mon Jan 1\nSubject: x\n\nhi", ["Subject"], "hi"),
        (b">From ann Mon Jan 1\nSubject: x\n\nhi", ["Subject"], "hi"),
        (b"Subject: x\nFrom ann\n\nhi", ["Subject"], "From ann\n\nhi"),
        (b" folded\nSubject: x\n\nhi", [], " folded\nSubject: x\n\nhi"),
        (b"From : a\nSubject:b\n\nhi", ["From", "Subject"], "hi"),
        (b": x\n\nhi", [], ": x\n\nhi"),
        (b"\xfc: x\n\nhi", [], "ü: x\n\nhi"),
    ],
)
def test_odd_header_blocks_end_where_no_field_is(raw, names, text):
    found = mail.read(raw)
    assert ([header.name for header in found.headers], found.text) == (names, text)


def test_raw_eight_bit_headers_are_read():
    found = mail.read(b"Subject: \xc3\xbc\nFrom: \xfc\n\n")
    assert (found.subject, found.from_) == ("ü", "ü")


def test_a_decoded_value_holds_no_line_break():
    assert mail.read(b"Subject: =?utf-8?q?a=0D=0ABcc:_x=00?=\n\n").subject == "a  Bcc: x"


@pytest.mark.parametrize(
    "kind", [b"multipart/mixed", b"multipart/mixed; boundary=", b"multipart/mixed; boundary=" + b"b" * 201]
)
def test_a_multipart_without_a_usable_boundary_is_shown_as_it_is(kind):
    found = mail.read(b"Content-Type: " + kind + b"\n\n--b\n\nx")
    assert (found.root.children, found.text) == ((), "--b\n\nx")


@pytest.mark.parametrize("kind", [b"", b"text", b"a b/c", b"/", b"text/" + b"x" * 100])
def test_a_type_that_is_none_is_plain_text(kind):
    assert mail.read(b"Content-Type: " + kind + b"\n\nx").text == "x"


def tree_of(raw: bytes) -> object:
    return part_types(mail.read(raw).root)


MULTI = b"Content-Type: multipart/mixed; boundary=b\n\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"--b--\n", "multipart/mixed"),
        (b"--b", ("multipart/mixed", ["text/plain"])),
        (b"--b \t\r\n\nx\n--b--", ("multipart/mixed", ["text/plain"])),
        (b"--b\nContent-Type: a/b\n--b\n\nx", ("multipart/mixed", ["a/b", "text/plain"])),
        (b"--b\nContent-Type: a/b\n--b--\n", ("multipart/mixed", ["a/b"])),
        (b"--b\nContent-Type: a/b\n--x: y\n\n", ("multipart/mixed", ["a/b"])),
        (b"--b\n-x: y\nContent-Type: a/b\n\n", ("multipart/mixed", ["a/b"])),
        (b"--bb\n--b\n\n--b--b\n --b\n--B\n--b--\n--b\n\nlate", ("multipart/mixed", ["text/plain"])),
        (b"--b\n" + MULTI + b"--b\n\nx\n--b--\n--b\n\n", ("multipart/mixed", ["multipart/mixed", "text/plain"])),
        (
            b"--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\nx\n--b\n\ny",
            ("multipart/mixed", [("multipart/x", ["text/plain"]), "text/plain"]),
        ),
        (
            b"--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\nx\n--b--\n--c\n\n",
            ("multipart/mixed", [("multipart/x", ["text/plain"])]),
        ),
        (
            b"--b\nContent-Type: multipart/x; boundary=c--\n\n--c--\n\nx\n",
            ("multipart/mixed", [("multipart/x", ["text/plain"])]),
        ),
        (b"--" + b"x" * 1_000 + b"\n--b\n\nx", ("multipart/mixed", ["text/plain"])),
        (b"--b\n\nx\n--" + b"b" * 1_000, ("multipart/mixed", ["text/plain"])),
    ],
)
def test_delimiters_make_parts(body, expected):
    assert tree_of(MULTI + body) == expected


def test_an_empty_part_has_an_empty_body():
    raw = MULTI + b"--b\n\n--b\r\n\r\n\r\n--b--"
    assert [part.content(raw) for part in mail.read(raw).root.children] == [b"", b""]


@pytest.mark.parametrize("message", [b"a\r\nb\r\n", b"x\n\n", b"\r\n", b"--\n"])
def test_the_line_end_before_a_delimiter_belongs_to_it(message):
    raw = MULTI + b"--b\n\n" + message + b"\r\n--b--"
    assert mail.read(raw).root.children[0].content(raw) == message


@given(st.binary(max_size=400))
def test_any_bytes_are_read(raw):
    found = mail.read(raw)
    assert len([header.value for header in found.headers]) <= 1_000
    assert sum(len(found.content(n)) for n in range(len(found.attachments))) <= len(raw)


LINES = st.sampled_from(
    [b"", b"--b", b"--b--", b"--c", b"--c--", b"a: b", b" x", b"x", b"From x", b"Content-Transfer-Encoding: base64"]
    + [b"Content-Type: " + kind for kind in (b"multipart/mixed; boundary=b", b"multipart/digest; boundary=c")]
    + [b"Content-Type: message/rfc822"]
)


@given(st.lists(LINES, max_size=30), st.sampled_from([b"\n", b"\r\n"]))
def test_any_heap_of_lines_makes_a_tree_of_spans_inside_their_parents(lines, line_end):
    raw = line_end.join(lines)
    found = mail.read(raw)

    def check(part: mail.Part) -> None:
        assert 0 <= part.header.start <= part.header.end == part.body.start <= part.body.end <= len(raw)
        for before, after in zip(part.children, part.children[1:], strict=False):
            assert before.body.end <= after.header.start
        for child in part.children:
            assert part.body.start <= child.header.start
            assert child.body.end <= part.body.end
            check(child)

    check(found.root)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60)


@given(
    subject=WORDS,
    plain=WORDS,
    html=WORDS,
    content=st.binary(max_size=200),
    name=st.sampled_from(["a.pdf", "ü ß.png", "漢字.txt"]),
)
def test_a_mail_of_the_standard_library_is_read(subject, plain, html, content, name):
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = subject
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    message.add_attachment(content, maintype="application", subtype="x-thing", filename=name)
    found = mail.read(message.as_bytes())
    assert (found.text, found.html) == (plain.replace("\0", "") + "\n", html + "\n")
    assert [(a.name, a.size_bytes) for a in found.attachments] == [(name, len(content))]
    assert found.content(0) == content


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=2_000), st.text(max_size=500))
def test_what_is_written_is_read(text, html):
    box = mail.Mailbox(name="", address=mail.Address(local="a", domain="example.com"))
    written = mail.Letter(
        from_=(box,),
        to=(box,),
        subject="x",
        date=datetime(2026, 1, 1, tzinfo=UTC),
        message_id="a@b",
        text=text,
        html=html,
        boundary="x",
    )
    found = mail.read(mail.write(written))
    lines = html.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").encode("utf-8", "replace").decode()
    assert (found.text, found.html, found.attachments, found.truncated) == (text, lines, (), False)


# Attack C1: bombs.


def nested(depth: int) -> bytes:
    return (
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)) + b"\nhi"
    )


def siblings(count: int) -> bytes:
    return MULTI + b"--b\n\nx\n" * count


def depth_of(part: mail.Part) -> int:
    return 1 + max((depth_of(child) for child in part.children), default=0)


def count_of(part: mail.Part) -> int:
    return 1 + sum(count_of(child) for child in part.children)


@pytest.mark.parametrize("raw", [nested(1_000), b"Content-Type: message/rfc822\n\n" * 1_000])
def test_nesting_stops_at_depth_50(raw):
    found = mail.read(raw)
    assert found.truncated
    assert depth_of(found.root) == parts.MAX_DEPTH + 1


@pytest.mark.parametrize(
    "raw",
    [siblings(100_000), MULTI.replace(b"mixed", b"digest") + b"--b\n\nSubject: x\n\nx\n" * 10_000],
)
def test_no_mail_has_more_than_1000_parts(raw):
    found = mail.read(raw)
    assert found.truncated
    assert count_of(found.root) == parts.MAX_PARTS


def test_a_thousand_headers_are_read_and_no_more():
    found = mail.read(b"a: b\n" * 200_000)
    assert found.truncated
    assert len(found.headers) == parts.MAX_HEADERS


def test_a_header_of_64_kilobytes_is_whole():
    assert not mail.read(b"a:" + b"x" * (parts.MAX_HEADER - 1) + b"\n\n").truncated


def test_a_longer_header_is_cut():
    found = mail.read(b"a:" + b"x" * parts.MAX_HEADER + b"\n\n")
    assert found.truncated
    assert len(found.headers[0].raw) == parts.MAX_HEADER


def test_a_header_block_of_256_kilobytes_is_whole():
    assert not mail.read((b"a: " + b"x" * 1_019 + b"\r\n") * 255 + b"\r\nbody").truncated


def test_a_longer_block_ends_there():
    found = mail.read((b"a: " + b"x" * 1_019 + b"\r\n") * 300 + b"\r\nbody")
    assert found.truncated
    assert len(found.headers) == 256


def test_header_lines_of_all_parts_have_one_limit():
    found = mail.read(MULTI + (b"--b\n" + b"a:\n" * 1_000 + b"\nx\n") * 100)
    assert found.truncated
    assert count_of(found.root) < 30


def test_lines_of_hyphens_have_a_limit():
    assert mail.read(MULTI + b"--\n" * (parts.MAX_DASHES + 1)).truncated


def test_a_body_longer_than_two_mebibytes_is_cut_for_display():
    found = mail.read(b"Subject: x\n\n" + b"a" * 3_000_000)
    assert found.truncated
    assert len(found.text or "") == 2 * 1024 * 1024


BOMBS = {
    "dots in an address": lambda size: b"To: " + b"." * size + b" <a@b.test>\n\n",
    "encoded words": lambda size: b"Subject: " + b"=?utf-8?q?a?= " * (size // 14) + b"\n\n",
    "an open quote": lambda size: b'Content-Type: text/plain; a="' + b";" * size + b"\n\n",
    "comments": lambda size: b"To: " + b"(" * size + b"\n\n",
    "nested multiparts": lambda size: nested(size // 60),
    "nested mails": lambda size: b"Content-Type: message/rfc822\n\n" * (size // 30),
    "siblings": lambda size: siblings(size // 7),
    "headers": lambda size: b"a: b\n" * (size // 5),
    "folds": lambda size: b"a:" + b"\n x" * (size // 3) + b"\n\n",
    "hyphens": lambda size: MULTI + b"--\n" * (size // 3),
    "sections": lambda size: (
        b"Content-Disposition: a; " + b"".join(b"f*%d*=%%41;" % n for n in range(size // 10)) + b"\n\n"
    ),
    "brackets": lambda size: b"Message-ID: <" + b"[" * size + b"\n\n",
    "no line end": lambda size: b"a" * size,
    "a field without colon": lambda size: b"Subject: x\n" + b"a" * size,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_no_more_than_its_size(bomb):
    def look(raw: bytes) -> None:
        found = mail.read(raw)
        found.mailboxes("To")
        assert all(isinstance(header.value, str) for header in found.headers)

    assert is_linear(look, BOMBS[bomb], 2_000)

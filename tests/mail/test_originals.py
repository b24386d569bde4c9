"""Copies of a submitted mail: the same octets but for the spans that must change."""

import base64
import email
import quopri
from email.message import Message

import pytest

from sendwright import mail, tracking


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def never(name: str) -> bool:
    return False


def marked(index: int, text: str) -> str:
    return f"{text}<{index}>"


def copied(raw: bytes, html=marked, above: bytes = b"") -> bytes:
    return mail.Original.read(raw).copy(above=above, without=never, html=html)


def with_html(html: bytes, encoding: str = "8bit", charset: str = "utf-8", *, more: str = "") -> bytes:
    head = f"From: a@example.com\nContent-Type: text/html; charset={charset}\nContent-Transfer-Encoding: {encoding}\n"
    return crlf(f"{head}{more}\n") + html


def leaves(raw: bytes) -> list[Message]:
    """The parts as the standard library sees them."""
    return [part for part in email.message_from_bytes(raw).walk() if not part.is_multipart()]


def content_of(raw: bytes) -> bytes:
    content = email.message_from_bytes(raw).get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


MIXED = """From: Ann <ann@example.com>
Received: from x
\tby y
Bcc: secret@example.com,
 other@example.com
BCC: more@example.com
To: bob@example.com
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

preamble <a>
--outer
Content-Type: multipart/related; boundary="in ner"

--in ner
Content-Type: multipart/alternative; boundary=inmost

--inmost
Content-Type: text/plain

<p>plain</p>
--inmost
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>=E2=82=AC =
one</p>
--inmost--

--in ner
Content-Type: image/png
Content-ID: <logo@example.com>
Content-Transfer-Encoding: base64

AAEC
Aw==
--in ner--
epilogue
--outer
Content-Type: text/html
Content-Transfer-Encoding: base64

PHA+dHdvPC9wPg0K

--outer
Content-Type: text/html; name=page.html
Content-Disposition: attachment; filename=page.html

<p>attached</p>
--outer
Content-Type: message/rfc822
Content-Disposition: attachment

Subject: forwarded
Content-Type: text/html

<p>forwarded</p>
--outer
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
--outer--
epilogue <b>
"""


def test_a_copy_without_changes_is_the_mail():
    assert copied(crlf(MIXED), lambda index, text: text) == crlf(MIXED)
    assert copied(crlf(MIXED), None) == crlf(MIXED)


def test_html_parts_that_are_shown_are_turned_and_nothing_else():
    found = copied(crlf(MIXED))
    expected = (
        crlf(MIXED)
        .replace(b"=\r\none</p>", b"one</p><0>")
        .replace(b"PHA+dHdvPC9wPg0K\r\n", b"PHA+dHdvPC9wPg0KPDE+\r\n")
    )
    assert found == expected


def test_the_standard_library_sees_the_same_difference():
    before, after = leaves(crlf(MIXED)), leaves(copied(crlf(MIXED)))
    different = [
        (old.get_payload(decode=True), new.get_payload(decode=True))
        for old, new in zip(before, after, strict=True)
        if old.get_payload(decode=True) != new.get_payload(decode=True)
    ]
    assert different == [
        ("<p>€ one</p>".encode(), "<p>€ one</p><0>".encode()),
        (b"<p>two</p>\r\n", b"<p>two</p>\r\n<1>"),
    ]


def test_the_html_parts_are_counted():
    found = mail.Original.read(crlf(MIXED))
    assert (found.html_parts, found.sealed, found.too_long_lines, found.eight_bit) == (2, None, False, False)


def test_header_fields_are_dropped_with_their_folds_and_lines_put_above():
    found = mail.Original.read(crlf(MIXED)).copy(
        above=b"Received: ours\r\n", without=frozenset({"bcc", "received"}).__contains__
    )
    start = crlf(MIXED).index(b"To: bob")
    assert found == b"Received: ours\r\nFrom: Ann <ann@example.com>\r\n" + crlf(MIXED)[start:]


def test_only_the_header_of_the_mail_itself_loses_fields():
    found = mail.Original.read(crlf(MIXED)).copy(above=b"", without=lambda name: name == "subject")
    assert found == crlf(MIXED)


def test_each_copy_is_its_own():
    original = mail.Original.read(crlf(MIXED))
    first = original.copy(above=b"", without=never, html=lambda index, text: text + "first")
    assert b"first" in first
    assert b"first" not in original.copy(above=b"", without=never, html=lambda index, text: text + "second")


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary", "8BIT", '"8bit"'[1:-1]])
def test_unencoded_html_is_turned_in_place(encoding):
    assert copied(with_html("<p>ü</p>\r\n".encode(), encoding)) == with_html("<p>ü</p>\r\n<0>".encode(), encoding)


def test_html_without_any_label_is_turned():
    assert copied(b"Content-Type: text/html\r\n\r\n<p>") == b"Content-Type: text/html\r\n\r\n<p><0>"


def test_quoted_printable_stays_quoted_printable():
    html = "<p>ü = €</p>\r\n".encode() * 20
    found = copied(with_html(quopri.encodestring(html), "Quoted-Printable"))
    assert b"Content-Transfer-Encoding: Quoted-Printable\r\n" in found
    assert content_of(found) == html + b"<0>"


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_base64_stays_base64_and_ends_as_it_did(end):
    html = "<p>ü = €</p>\r\n".encode() * 20
    body = base64.encodebytes(html).replace(b"\n", b"\r\n").rstrip() + end
    found = copied(with_html(body, "base64"))
    assert content_of(found) == html + b"<0>"
    assert found.endswith(b"\r\n") == bool(end)


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        *(("utf-8", "utf-8"), ("iso-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("iso-8859-15", "iso8859-15")),
        *(("us-ascii", "utf-8"), ("x-nobody-knows", "latin-1"), ("utf-16le", "utf-16-le"), ("iso-8859-2", "iso8859-2")),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_a_page_in_any_charset_changes_only_where_it_is_changed(charset, codec, encoding):
    html = "<p>Grüße</p>".encode(codec)
    encode = {"8bit": bytes, "quoted-printable": quopri.encodestring, "base64": base64.encodebytes}[encoding]
    found = copied(with_html(encode(html), encoding, charset), lambda index, text: text.replace("<p>", "<div>"))
    assert content_of(found).rstrip(b"\n") == "<div>Grüße</p>".encode(codec)


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp"])
def test_japanese_pages_come_back(charset):
    html = "<p>日本語</p>"
    found = copied(with_html(html.encode(charset), "7bit", charset), lambda index, text: text.replace("<p>", "<p><b>"))
    assert content_of(found) == "<p><b>日本語</p>".encode(charset)


@pytest.mark.parametrize("charset", ["utf-7", "hz-gb-2312", "utf-32", "UTF-16"])
def test_a_page_in_a_charset_that_does_not_come_back_is_left_alone(charset):
    raw = with_html(b"<p>+AGE-</p>\0", "8bit", charset)
    assert copied(raw) == raw
    assert mail.Original.read(raw).html_parts == 0


def test_octets_that_are_no_text_pass():
    raw = with_html(b"<p>\xff\xfe\x80</p>", "8bit", "utf-8")
    assert copied(raw) == raw + b"<0>"


def test_a_change_that_the_charset_cannot_say_is_not_made():
    raw = with_html(b"<p>\xfc</p>", "8bit", "iso-8859-1")
    assert copied(raw, lambda index, text: text + "日") == raw


TOUCHY = [
    ("base64", b"PHA+*PC9wPg=="),
    ("base64", b"PHA+PC9wPg"),
    ("base64", b"PHA+PC9wPg==PHA+PC9wPg=="),
    ("x-uuencode", b"<p>"),
    ("7bit; x=y", b"<p>"),
    ("8 bit", b"<p>"),
]


@pytest.mark.parametrize(("encoding", "body"), TOUCHY)
def test_an_encoding_that_two_would_read_differently_is_left_alone(encoding, body):
    assert copied(with_html(body, encoding)) == with_html(body, encoding)


@pytest.mark.parametrize(
    "more",
    [
        *("Content-Type: text/plain\n", "content-transfer-encoding: base64\n"),
        *("Content-Disposition: attachment; filename=a.html\n", "Content-Disposition: Attachment\n"),
        *("Content-Disposition: something-new\n", "Content-Disposition: inline\nContent-Disposition: inline\n"),
    ],
)
def test_a_part_that_may_not_be_a_page_is_left_alone(more):
    assert copied(with_html(b"<p>", more=more)) == with_html(b"<p>", more=more)


@pytest.mark.parametrize(
    "more", ["Content-Disposition: inline; filename=a.html\n", "Content-Disposition:\n", "X: 1\nX: 2\n"]
)
def test_an_inline_page_is_turned(more):
    assert copied(with_html(b"<p>", more=more)) == with_html(b"<p><0>", more=more)


# What the change may not do.


def test_a_change_that_would_be_a_boundary_is_encoded():
    raw = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>\n--b--\n")
    found = copied(raw, lambda index, text: text + "\r\n--b\r\n\r\nevil")
    assert [part.get_payload(decode=True) for part in leaves(found)] == [b"<p>\r\n--b\r\n\r\nevil"]


@pytest.mark.parametrize("html", [b"<p>\r\n=2D-b\r\n\r\nevil</p>", b"=2D-b--\r\n<p>", b"x" * 73 + b"=2D-b\r\n"])
def test_what_was_escaped_so_as_not_to_be_a_boundary_stays_escaped(html):
    head = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n"
    raw = crlf(f"{head}Content-Transfer-Encoding: quoted-printable\n\n") + html + b"\r\n--b--\r\n"
    assert [part.get_payload(decode=True) for part in leaves(copied(raw))] == [quopri.decodestring(html) + b"<0>"]


@pytest.mark.parametrize("change", ["\n", "\r", "x\n\ny", "x" * 999])
def test_a_change_that_could_not_leave_as_it_is_is_encoded(change):
    found = copied(with_html(b"<p>\r\n", "7bit"), lambda index, text: text + change)
    assert email.message_from_bytes(found)["Content-Transfer-Encoding"] == "quoted-printable"
    assert content_of(found) == b"<p>\r\n" + change.encode()


# Tracked.


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize(
    ("charset", "codec"), [("utf-8", "utf-8"), ("iso-8859-1", "latin-1"), ("iso-8859-2", "iso8859-2"), ("", "utf-8")]
)
def test_a_link_with_characters_beyond_ascii_is_tracked_unharmed(encoding, charset, codec):
    html = '<body>ü<a href="https://example.com/ü?a=1&amp;b=ä">x</a></body>'.encode(codec)
    encode = {"8bit": bytes, "quoted-printable": quopri.encodestring, "base64": base64.encodebytes}[encoding]
    links: list[str] = []

    def track(index: int, text: str) -> str:
        tracked = tracking.track_html(
            text, click_url=lambda n, url: f"https://t.test/{n}", pixel_url="https://t.test/p"
        )
        links.extend(tracked.links)
        return tracked.html

    found = content_of(copied(with_html(encode(html), encoding, charset), track)).decode(codec)
    assert links == ["https://example.com/%C3%BC?a=1&b=%C3%A4"]
    assert found.startswith('<body>ü<a href="https://t.test/0">x</a><img src="https://t.test/p"')


@pytest.mark.parametrize("charset", ["utf-8", "x-nobody-knows"])
def test_a_link_that_cannot_be_read_is_left_as_it_is(charset):
    raw = with_html(b'<a href="https://example.com/\xfc">x</a><a href="https://example.com/y">y</a>', charset=charset)

    def track(index: int, text: str) -> str:
        return tracking.track_html(text, click_url=lambda n, url: "https://t.test/c", pixel_url="https://t.test/p").html

    found = copied(raw, track)
    assert b'<a href="https://example.com/\xfc">x</a><a href="https://t.test/c">y</a><img' in found


# Sealed.


def multi(kind: str, *parts: str) -> bytes:
    return crlf(f"Content-Type: {kind}; boundary=b\n\n" + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n")


HTML = "Content-Type: text/html\n\n<p>"
CLEAR = "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhi"
SECRET = "\nhello\n-----BEGIN PGP MESSAGE-----\n\nabc"


def encoded(text: str, encoding: str) -> str:
    encode = {"base64": base64.encodebytes, "quoted-printable": lambda raw: raw.replace(b"--", b"=2D-")}[encoding]
    return f"Content-Transfer-Encoding: {encoding}\n\n{encode(text.strip().encode()).decode().strip()}"


@pytest.mark.parametrize(
    ("raw", "seal"),
    [
        (multi("multipart/signed", HTML, "Content-Type: application/pgp-signature\n\nx"), "signed"),
        (multi("multipart/encrypted", HTML), "encrypted"),
        (
            multi("multipart/mixed", HTML, "Content-Type: multipart/signed; boundary=c\n\n--c\n" + HTML + "\n--c--"),
            "signed",
        ),
        (multi("multipart/mixed", HTML, "Content-Type: multipart/signed\n\n"), "signed"),
        (with_html(b"x").replace(b"text/html", b"application/pkcs7-mime"), "encrypted"),
        (b"Content-Type: application/X-PKCS7-mime; smime-type=enveloped-data\r\n\r\nx", "encrypted"),
        (b"Content-Type: application/pkcs7-mime; smime-type=Signed-Data; name=smime.p7m\r\n\r\nx", "signed"),
        (multi("multipart/alternative", CLEAR, HTML), "signed"),
        (multi("multipart/alternative", SECRET, HTML), "encrypted"),
        (multi("multipart/alternative", encoded(SECRET, "base64"), HTML), "encrypted"),
        (multi("multipart/alternative", encoded(CLEAR, "quoted-printable"), HTML), "signed"),
        (with_html(b"<pre>\r\n-----BEGIN PGP MESSAGE-----\r\n"), "encrypted"),
    ],
)
def test_what_is_signed_or_encrypted_is_left_alone(raw, seal):
    found = mail.Original.read(raw)
    assert (found.sealed, found.html_parts) == (seal, 0)
    assert found.copy(above=b"X: y\r\n", without=never, html=marked) == b"X: y\r\n" + raw


@pytest.mark.parametrize(
    "part",
    [
        *("\n> -----BEGIN PGP MESSAGE-----", "\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----BEGIN PGP ", "\nhi"),
        "Content-Type: message/rfc822\n\nContent-Type: multipart/signed; boundary=c\n\n--c\n" + HTML + "\n--c--",
        "Content-Disposition: attachment\n" + SECRET,
        encoded("hi", "base64"),
        encoded("a\n--b BEGIN PGP MESSAGE", "quoted-printable"),
    ],
)
def test_what_only_mentions_it_is_not_sealed(part):
    found = mail.Original.read(multi("multipart/mixed", HTML, part))
    assert (found.sealed, found.html_parts) == (None, 1)

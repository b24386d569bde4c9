"""Transfer encodings written: any decoder gets the octets back, and no line can do harm."""

import binascii
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright.mail import transfer
from sendwright.mail.charsets import exact_octets, exact_text
from tests.mail.work import is_linear

PIECES = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b" ", b"\t", b"=", b"--b", b"-", b".", b"\xfc", b"\0", b"x" * 70, b"ab"]
)
CONTENT = st.lists(PIECES | st.binary(max_size=5), max_size=80).map(b"".join)


def assert_lines_are_good(encoded: bytes) -> None:
    lines = encoded.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith(b"--") or line.endswith((b" ", b"\t")) for line in lines)
    assert not any(set(line) - set(range(32, 127)) - {9} for line in lines)


@settings(max_examples=60)
@given(CONTENT)
def test_quoted_content_comes_back(content):
    encoded = transfer.quoted(content)
    assert quopri.decodestring(encoded) == content
    assert_lines_are_good(encoded)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", b""),
        (b"a=b\r\n", b"a=3Db\r\n"),
        (b"a \r\nb\t\r\nc ", b"a=20\r\nb=09\r\nc=20"),
        (b"c\t", b"c=09"),
        (b"a\nb\rc\r\nd", b"a=0Ab=0Dc\r\nd"),
        (b"--b\r\n--b--\r\n---", b"=2D-b\r\n=2D-b--\r\n=2D--"),
        ("ü€".encode(), b"=C3=BC=E2=82=AC"),
        (bytes(range(128, 145)), b"=" + bytes(range(128, 145)).hex("=").upper().encode()),
    ],
)
def test_quoted_content_is_as_rfc_2045_has_it(content, expected):
    assert transfer.quoted(content) == expected


def test_a_line_of_74_stays_whole_and_a_longer_one_does_not():
    assert transfer.quoted(b"x" * 74 + b"\r\n") == b"x" * 74 + b"\r\n"
    assert transfer.quoted(b"x" * 75 + b"\r\n") == b"x" * 73 + b"=\r\nxx\r\n"


def test_an_escaped_octet_is_not_torn():
    assert transfer.quoted(b"x" * 72 + b"=" * 3) == b"x" * 72 + b"=\r\n=3D=3D=3D"


def test_a_soft_break_makes_no_boundary():
    assert b"\n--" not in transfer.quoted(b"x" * 73 + b"--b" + b"y" * 73)


@pytest.fixture
def small(monkeypatch):
    """Pieces small enough that a few octets have many."""
    monkeypatch.setattr(transfer, "_QUOTED_CHUNK", 10)
    monkeypatch.setattr(transfer, "_BASE64_CHUNK", 57)


def cut(pieces) -> bytes:
    return b"".join(pieces)


@settings(max_examples=60)
@given(CONTENT)
def test_content_in_pieces_is_the_same_quoted(content):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_QUOTED_CHUNK", 10)
        encoded = cut(transfer.quoted_pieces(b"<<" + content + b">>", 2, len(content) + 2))
    assert quopri.decodestring(encoded) == content
    assert_lines_are_good(encoded)


@settings(max_examples=60)
@given(CONTENT)
def test_content_in_pieces_is_the_same_in_base64(content):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_BASE64_CHUNK", 57)
        encoded = cut(transfer.base64_pieces(b"<<" + content + b">>", 2, len(content) + 2))
    assert encoded == transfer.base64(content)
    assert binascii.a2b_base64(encoded) == content


@settings(max_examples=60)
@given(CONTENT)
def test_rewrapped_quoted_printable_says_the_same(content):
    one_line = content.replace(b"\r", b"").replace(b"\n", b"")
    encoded = b"".join(
        b"=%02X" % octet if octet in b"=\xfc\0\t " or octet > 126 else bytes([octet]) for octet in one_line
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_QUOTED_CHUNK", 10)
        rewrapped = cut(transfer.rewrapped_quoted(b"<<" + encoded + b">>", 2, len(encoded) + 2))
    assert quopri.decodestring(rewrapped) == quopri.decodestring(encoded)
    assert max(map(len, rewrapped.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("odd", [b"=" * 3_000, b"=\r\n" * 1_000, b"=3" * 2_000, b"-" * 3_000, b"x=\r\n" * 900])
def test_foreign_quoted_printable_loses_nothing_when_it_is_rewrapped(odd):
    rewrapped = cut(transfer.rewrapped_quoted(odd, 0, len(odd)))
    assert rewrapped.replace(b"=\r\n", b"").replace(b"=2D", b"-") == odd.replace(b"=\r\n", b"")


def test_soft_breaks_that_fall_on_the_end_of_a_piece_stay(small):
    raw = b"123456789\r\n12345678=\r\n1234567890"
    assert quopri.decodestring(cut(transfer.rewrapped_quoted(raw, 0, len(raw)))) == quopri.decodestring(raw)


@given(st.binary(max_size=400))
def test_rewrapped_base64_is_base64_as_it_ought_to_be(content):
    one_line = b"<" + binascii.b2a_base64(content, newline=False).replace(b"A", b"A*") + b">"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_QUOTED_CHUNK", 10)
        assert cut(transfer.rewrapped_base64(one_line, 1, len(one_line) - 1)) == transfer.base64(content)


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_a_line_of_998_octets_is_not_long_and_one_more_is(line_end):
    fit, long = b"x" * 998 + line_end, b"x" * 1_000 + line_end
    assert not transfer.has_long_line(fit * 3, 0, len(fit) * 3)
    assert not transfer.has_long_line(fit + b"x" * 998, 0, len(fit) + 998)
    assert transfer.has_long_line(fit + long, 0, len(fit + long))
    assert transfer.has_long_line(fit + b"x" * 999, 0, len(fit) + 999)
    assert transfer.has_long_line(b"x" * 999 + b"\r\n", 0, 1_001)


@given(st.lists(st.sampled_from([b"\r\n", b"x" * 499, b"x" * 500, b"y"]), max_size=12).map(b"".join))
def test_long_lines_are_those_that_splitting_finds(raw):
    assert transfer.has_long_line(raw, 0, len(raw)) == (max(map(len, raw.split(b"\r\n"))) > 998)


@pytest.mark.parametrize("piece", [b"=", b"-", b" ", b"\r", b"\n", b"\xfc", b"=3", b"\r\n--", b"x" * 77 + b"\n"])
def test_encoding_is_linear(piece):
    def encode(raw: bytes) -> None:
        transfer.quoted(raw)
        cut(transfer.rewrapped_quoted(raw, 0, len(raw)))
        transfer.has_long_line(raw, 0, len(raw))

    assert is_linear(encode, lambda size: piece * (size // len(piece)), 20_000)


CHARSETS = [
    *("", "utf-8", "us-ascii", "iso-8859-1", "windows-1252", "iso-8859-15", "koi8-r", "cp874", "euc-jp", "shift_jis"),
    *(
        "gb2312",
        "big5",
        "iso-2022-jp",
        "iso-2022-kr",
        "utf-16",
        "utf-16le",
        "utf-7",
        "hz-gb-2312",
        "x-unknown",
        "utf-32",
    ),
]


@given(st.binary(max_size=60), st.sampled_from(CHARSETS))
def test_exact_text_gives_its_octets_back(content, charset):
    read = exact_text(content, charset)
    assert read is None or exact_octets(*read) == content


@pytest.mark.parametrize("charset", [label for label in CHARSETS if "16" not in label and "32" not in label])
def test_exact_text_holds_ascii_as_ascii_unless_it_hides(charset):
    read = exact_text(b'<a href="x">', charset)
    assert (read is None) == (charset in ("utf-7", "hz-gb-2312"))
    assert read is None or read[0] == '<a href="x">'


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *(("grüße", "utf-8"), ("grüße €", "windows-1252"), ("привет", "koi8-r"), ("日本語", "shift_jis")),
        *(("日本語", "iso-2022-jp"), ("日本語", "euc-jp"), ("中文", "gb2312"), ("grüße", "utf-16-le"), ("grüße", "")),
    ],
)
def test_exact_text_is_the_text(text, charset):
    codec = charset or "utf-8"
    text_read, _ = exact_text(text.encode(codec), charset.replace("-le", "le"))
    assert text_read == text


@pytest.mark.parametrize(
    ("content", "charset", "expected"),
    [
        (b"\xff\xfea", "utf-8", "\udcff\udcfea"),
        (b"a\x81\x80", "windows-1252", "a\udc81€"),
        (b"a\xfc", "x-unknown", "a\udcfc"),
        (b"a\xff", "euc-jp", "a\udcff"),
        (b"\x8f\xa2\xb7", "euc-jp", "\udc8f\udca2\udcb7"),  # another pair of octets says the same
    ],
)
def test_octets_that_a_charset_does_not_know_are_surrogates(content, charset, expected):
    text_read, _ = exact_text(content, charset)
    assert text_read == expected


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (b"\x87\x90", "shift_jis"),
        ("\ufeffa".encode("utf-16-be"), "utf-16"),
        (b"a", "utf-16le"),
        (b"a\0", "x-unknown"),
        (b"\x1b$B", "x-unknown"),
        (b"a", "UTF-32"),
        (b"a", "ISO-10646-UCS-2"),
    ],
)
def test_what_would_not_come_back_is_not_read(content, charset):
    assert exact_text(content, charset) is None


def test_a_text_that_a_codec_cannot_say_has_no_octets():
    assert exact_octets("€", "ascii") is None

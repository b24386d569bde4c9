"""Charsets, parameters and file names as strangers write them."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright.mail.charsets import _CODECS, decode_base64, decode_quoted, decode_text
from sendwright.mail.file_names import safe_file_name
from sendwright.mail.parameters import parse_parameters
from tests.mail.work import is_linear


@pytest.mark.parametrize("label", sorted(_CODECS))
def test_every_charset_of_the_list_is_a_codec_that_keeps_ascii(label):
    codec = codecs.lookup(_CODECS[label]).name
    assert codec.startswith("utf-16") or decode_text(b"abc", label) == "abc"


@pytest.mark.parametrize("label", ["iso-8859-15", "ISO_8859-15", " iso8859-15 "])
def test_a_label_is_known_in_any_spelling(label):
    assert decode_text(b"\xa4", label) == "€"


@pytest.mark.parametrize("label", ["windows-1252", "iso-8859-1", "latin1", "cp1252", "x-cp1252"])
def test_latin_1_is_read_as_the_larger_set_that_is_meant(label):
    assert decode_text(b"\x80\x93", label) == "€“"


@pytest.mark.parametrize(
    "label",
    [
        *(
            "utf-7",
            "utf-8-sig",
            "idna",
            "punycode",
            "undefined",
            "unicode_escape",
            "raw_unicode_escape",
            "rot13",
            "hex",
            "zlib",
        ),
        *("base64", "mbcs", "x" * 10_000, "a\0b", "../utf-8", "utf-32", "é"),
    ],
)
def test_a_charset_that_is_not_on_the_list_is_latin_1(label):
    assert decode_text(b"+AGE-\\x41\xfc", label) == "+AGE-\\x41ü"


@pytest.mark.parametrize(("content", "expected"), [("ü".encode(), "ü"), (b"\xfc", "ü"), (b"a", "a")])
@pytest.mark.parametrize("label", ["", "us-ascii", "ASCII"])
def test_unlabelled_text_is_utf8_if_it_can_be(label, content, expected):
    assert decode_text(content, label) == expected


@given(st.binary(max_size=100), st.sampled_from(sorted(_CODECS)))
def test_any_bytes_are_text(content, label):
    decode_text(content, label)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        (b"YWI=", b"ab"),
        (b"YWI", b"ab"),
        (b"Y W\r\nI=*", b"ab"),
        (b"Y", b""),
        (b"YWJjY", b"abc"),
        (b"", b""),
        (b"====", b""),
    ],
)
def test_base64_with_mistakes_is_read_as_far_as_it_goes(given_text, expected):
    assert decode_base64(given_text) == expected


@given(st.binary(max_size=200))
def test_any_bytes_pass_both_transfer_encodings(content):
    decode_base64(content)
    decode_quoted(content)


@pytest.mark.parametrize(
    ("value", "word", "expected"),
    [
        ("text/plain", "text/plain", {}),
        ("Text/HTML; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('a/b; name="x; y=z"; c=d', "a/b", {"name": "x; y=z", "c": "d"}),
        (r'a/b; name="x\"y\\z"', "a/b", {"name": 'x"y\\z'}),
        ('a/b; name="open; c=d', "a/b", {"name": "open; c=d"}),
        ("a/b; name = x ; name=y", "a/b", {"name": "x"}),
        ("a/b;;; =x; y; c=d", "a/b", {"c": "d"}),
        ("attachment; filename==?utf-8?q?=C3=BC.txt?=", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename*=utf-8''%C3%BC.txt", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename*=iso-8859-1'de'%FC.txt", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename=old.txt; filename*=utf-8''new.txt", "attachment", {"filename": "new.txt"}),
        ('a; filename*1="b.txt"; filename*0="a"', "a", {"filename": "ab.txt"}),
        ("a; filename*0*=utf-8''%C3; filename*1*=%BC; filename*2=%41", "a", {"filename": "ü%41"}),
        ("a; filename*0=a; filename*2=c", "a", {"filename": "a"}),
        ("a; filename*1=b", "a", {"filename": ""}),
        ("a; filename*=no-quotes", "a", {"filename": "no-quotes"}),
        ("a; file**name=x", "a", {"file**name": "x"}),
        ("", "", {}),
    ],
)
def test_parameters_are_read(value, word, expected):
    assert parse_parameters(value) == (word, expected)


def test_a_hundred_parameters_are_read_and_no_more():
    _, found = parse_parameters("a" + "".join(f"; p{number}=x" for number in range(500)))
    assert len(found) == 100


def test_a_hundred_sections_join():
    _, found = parse_parameters("a" + "".join(f"; p*{number}=x" for number in range(100)))
    assert found == {"p": "x" * 100}


@given(st.text("a;=\"\\*'% 0", max_size=60))
def test_any_parameters_are_read(value):
    parse_parameters(value)


@pytest.mark.parametrize("piece", [";", '"', "a", " ", ";a", '; a="', "; a=b", "; ", '\\"', "; a*0*=%41", "; a*9"])
def test_reading_parameters_is_linear(piece):
    assert is_linear(parse_parameters, lambda size: "a/b; x" + piece * (size // len(piece)), 2_000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.exe", "x.exe"),
        ("/", "file-1"),
        ("", "file-1"),
        ("..", "file-1"),
        (".htaccess", "htaccess"),
        ("a\0b\r\nc.txt", "abc.txt"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("a\ud800.txt", "a.txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("NUL", "_NUL"),
        ("con.txt", "_con.txt"),
        ("com1 .x", "_com1.x"),
        ("console.txt", "console.txt"),
        ("Grüße.pdf ", "Grüße.pdf"),
        ("a" * 300 + ".pdf", "a" * 150 + ".pdf"),
        ("漢" * 300 + ".pdf", "漢" * 50 + ".pdf"),
        ("a" * 300, "a" * 150),
        ("x." + "e" * 300, "x." + "e" * 148),
    ],
)
def test_a_file_name_is_made_safe(name, expected):
    assert safe_file_name(name, "file-1") == expected


@given(st.text(max_size=400))
def test_any_file_name_is_made_safe(name):
    safe = safe_file_name(name, "file-1")
    assert safe
    assert not set(safe) & set('/\\:\0\r\n<>"|?*')
    assert len(safe.encode()) <= 220

import pytest

from sendwright.mail import HeaderInjection, headers
from sendwright.mail.encoded_words import decode_words


def unfolded(field: str) -> str:
    return field.removesuffix("\r\n").replace("\r\n", "")


def test_a_short_value_is_one_line():
    assert headers.unstructured("X-Note", "hello") == "X-Note: hello\r\n"


def test_an_empty_value_is_allowed():
    assert headers.unstructured("X-Note", " ") == "X-Note: \r\n"


def test_a_long_ascii_value_folds_at_spaces_and_keeps_them_all():
    value = "word  two " * 40 + "end"
    field = headers.unstructured("X-Note", value)
    assert unfolded(field) == f"X-Note: {value}"
    assert all(len(line) <= 78 for line in field.split("\r\n"))


def test_a_url_longer_than_a_line_stays_whole():
    url = f"<https://example.com/{'a' * 300}>"
    assert headers.unstructured("List-Unsubscribe", url) == f"List-Unsubscribe: {url}\r\n"


def test_a_word_longer_than_any_line_is_encoded():
    field = headers.unstructured("X-Note", "a" * 2_000)
    assert all(len(line) <= 78 for line in field.split("\r\n"))
    assert decode_words(unfolded(field).removeprefix("X-Note: ")) == "a" * 2_000


def test_what_looks_like_an_encoded_word_is_encoded():
    assert headers.unstructured("X", "=?utf-8?q?=0A?=") == "X: =?utf-8?B?PT91dGYtOD9xPz0wQT89?=\r\n"


def test_a_long_name_leaves_room_for_a_word():
    field = headers.unstructured("X" * 70, "ü" * 40)
    assert decode_words(unfolded(field).partition(": ")[2]) == "ü" * 40


@pytest.mark.parametrize("control", [*map(chr, range(32)), "\x7f", *map(chr, range(128, 160)), "\u2028", "\u2029"])
def test_a_control_becomes_a_space(control):
    assert headers.clean(f"a{control}b") == "a b"


GOOD = b"From: a@b.test\r\nSubject: x\r\n y\r\n"


def test_a_good_block_passes():
    headers.check_block(GOOD, ["From", "Subject"])


@pytest.mark.parametrize(
    "block",
    [
        GOOD + b"Bcc: x\r\n",
        GOOD[:-2],
        GOOD + b"\r\n",
        GOOD + b" \r\n",
        GOOD + b" a\rb\r\n",
        GOOD + b" a\nb\r\n",
        GOOD + b" a\0b\r\n",
        GOOD + b" a\tb\r\n",
        GOOD + b" a\x7fb\r\n",
        GOOD + b" a\xe2\x80\xa8b\r\n",
        GOOD + b" a\xc2\x85b\r\n",
        GOOD + b" \n\r\r\n",
        GOOD + b" " + b"a" * 998 + b"\r\n",
        b"From: a@b.test\r\n",
        b"Subject: x\r\nFrom: a@b.test\r\n",
        b"From:a@b.test\r\nSubject: x\r\n",
        b"From : a@b.test\r\nSubject: x\r\n",
        b"",
    ],
)
def test_a_block_that_is_not_exactly_the_expected_lines_is_refused(block):
    with pytest.raises(HeaderInjection):
        headers.check_block(block, ["From", "Subject"])


def test_a_block_may_hold_utf8():
    headers.check_block("To: jürgen@example.com\r\n".encode(), ["To"])

import email.header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright.mail.encoded_words import decode_words, encode_words
from tests.mail.work import is_linear

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
ROOMS = st.integers(24, 75)


@given(TEXTS, ROOMS, ROOMS)
def test_words_read_back_in_both_readers(text, first, later):
    words = " ".join(encode_words(text, first=first, later=later))
    assert decode_words(words) == text
    assert str(email.header.make_header(email.header.decode_header(words))) == text


@given(TEXTS, ROOMS, ROOMS)
def test_no_word_is_longer_than_asked(text, first, later):
    words = encode_words(text, first=first, later=later)
    assert len(words[0]) <= first
    assert all(len(word) <= later for word in words[1:])


@given(TEXTS)
def test_no_character_is_split_over_two_words(text):
    assert "".join(decode_words(word) for word in encode_words(text, first=24, later=24)) == text


def test_text_mostly_in_ascii_is_quoted_printable():
    assert encode_words("Grüße aus Köln") == ["=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?="]


def test_other_text_is_base64():
    assert encode_words("漢字") == ["=?utf-8?B?5ryi5a2X?="]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?a?=", "a"),
        ("x =?utf-8?Q?=C3=BC?= y", "x ü y"),
        ("=?utf-8?q?a?= =?utf-8?b?Yg==?=", "ab"),
        ("=?utf-8?q?a?=\r\n =?iso-8859-1?q?=FC?=", "aü"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?b?w7w?=", "ü"),
        ("=?utf-8?b?w?= =?utf-8?b?7w?=", "\ufffd"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
        ("=?utf-8*en?q?a_b?=", "a b"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?x-unknown?q?=FC?=", "ü"),
        ("=?utf-7?q?+AGE-?=", "+AGE-"),
        ("=?unicode_escape?q?=5Cx41?=", "\\x41"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("=?utf-8?q?=C3?=", "\ufffd"),
        ("=?", "=?"),
        ("\ud800=?utf-8?q?a?=", "?a"),
    ],
)
def test_encoded_words_of_strangers_are_read(raw, expected):
    assert decode_words(raw) == expected


@pytest.mark.parametrize(
    "piece", ["=?utf-8?q?a?= ", "=?", "=?a?q?", "=?a?q?a?", "=?utf-8?b?AAAA", "=?utf-8*", "?=", "=?q?b? "]
)
def test_decoding_is_linear(piece):
    assert is_linear(decode_words, lambda size: piece * (size // len(piece)), 2_000)

"""From the text of an href to an address that is safe in a Location header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright.tracking.urls import MAX_URL_BYTES, is_trackable, read_href


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://example.com/?a=1&amp;b=2", "https://example.com/?a=1&b=2"),
        ("https://example.com/?a=1&b=2", "https://example.com/?a=1&b=2"),
        ("https://example.com/?a=1&copy=2&reg=3", "https://example.com/?a=1&copy=2&reg=3"),
        ("https://example.com/?a=1&copyright=2&amp;b", "https://example.com/?a=1&copyright=2&b"),
        ("https://example.com/?a&amp", "https://example.com/?a&"),
        ("https://example.com/&ampx=1", "https://example.com/&ampx=1"),
        ("https://example.com/&nosuch;", "https://example.com/&nosuch;"),
        ("https&colon;//example.com&sol;a", "https://example.com/a"),
        ("https://example.com/&#97;&#x62;&#X63&#100", "https://example.com/abcd"),
        ("https://example.com/&#0;", "https://example.com/%EF%BF%BD"),
        ("https://example.com/&#" + "9" * 4000 + ";", "https://example.com/&#" + "9" * 4000 + ";"),
        ("https://example.com/&#;&#x;&;&", "https://example.com/&#;&#x;&;&"),
        ("  https://example.com/a\n", "https://example.com/a"),
        ("\x01https://example.com/a\x00", "https://example.com/a"),
        ("https://example.com/a\r\n\tb", "https://example.com/ab"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://example.com/caf&eacute;?q=é%20", "https://example.com/caf%C3%A9?q=%C3%A9%20"),
        ("https://Bücher.example/é", "https://xn--bcher-kva.example/%C3%A9"),
        ("https://u@bücher.example:8443/", "https://u@xn--bcher-kva.example:8443/"),
    ],
)
def test_an_href_is_read_as_a_browser_reads_it(value, url):
    assert read_href(value) == url


@pytest.mark.parametrize(
    "value", ["https://\ud800.example/", "https://example.com/\ud800", "https://☃.example.é-.test/", "https://[é/"]
)
def test_an_address_that_cannot_be_written_in_ascii_is_not_tracked(value):
    assert not is_trackable(read_href(value))


@pytest.mark.parametrize(
    "url", ["http://example.com", "HTTPS://example.com/a?b#c", "http://[2001:db8::1]/", "http://a"]
)
def test_http_and_https_are_trackable(url):
    assert is_trackable(url)


@pytest.mark.parametrize("url", ["", "mailto:a@example.com", "tel:+49", "sms:1", "#a", "/a", "//example.com/a",
    "javascript:x", "http:/example.com", "http://", "http:///a", "http://?", "http://#", "http://\\a",
    "ftp://example.com", " http://example.com",
    "http://example.com/a\n", "http://example.com/\x7f", "xhttp://example.com", "httpſ://example.com"])  # fmt: skip
def test_nothing_else_is_trackable(url):
    assert not is_trackable(url)


def test_the_longest_trackable_address_has_6000_characters():
    longest = "http://example.com/".ljust(MAX_URL_BYTES, "a")
    assert (is_trackable(longest), is_trackable(longest + "a")) == (True, False)


@given(st.text(max_size=60).map("https://example.com/".__add__))
def test_whatever_follows_the_host_is_safe_in_a_header_or_not_tracked(value):
    url = read_href(value)
    assert not is_trackable(url) or (url.isascii() and url.isprintable() and " " not in url)

"""The scanner held against a slow second reading of HTML, one character at a time, after WHATWG HTML 13.2.5."""

from collections.abc import Iterator
from html import escape, unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright.tracking import Tracked, track_html
from sendwright.tracking.urls import is_trackable, read_href

BLANKS = " \t\n\f\r"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
RAW = {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}

Attribute = tuple[str, int, int]  # name, where its value begins and ends
Tag = tuple[int, str, list[Attribute]]


def tags(html: str) -> Iterator[Tag]:
    """Each tag: where it begins, its name (with `/` if it closes) and its attributes, none if it never ends."""
    at = 0
    while (at := html.find("<", at)) >= 0:
        start = at
        if html.startswith("<!--", at):
            at = end_of_comment(html, at + 4)
            continue
        closing = html.startswith("</", at)
        first = at + 1 + closing
        if first >= len(html):
            return
        if html[first] not in LETTERS:
            if closing or html[first] in "!?":
                at = html.find(">", first)
                if at < 0:
                    return
            else:
                at += 1
            continue
        at = first
        while at < len(html) and html[at] not in BLANKS + "/>":
            at += 1
        name = html[first:at].lower()
        attributes: list[Attribute] = []
        at = read_attributes(html, at, attributes)
        if at < 0:
            yield start, "/" * closing + name, []
            return
        yield start, "/" * closing + name, attributes
        if name in RAW and not closing:
            at = end_of_raw(html, at, name)


def end_of_comment(html: str, at: int) -> int:
    for short in (">", "->"):
        if html.startswith(short, at):
            return at + len(short)
    ends = [(html.find(end, at), len(end)) for end in ("-->", "--!>")]
    found = [where + length for where, length in ends if where >= 0]
    return min(found, default=len(html))


def end_of_raw(html: str, at: int, name: str) -> int:
    lowered = html.lower()
    while (at := lowered.find(f"</{name}", at)) >= 0:
        after = at + 2 + len(name)
        if after < len(html) and html[after] in BLANKS + "/>":
            return at
        at = after
    return len(html)


def read_attributes(html: str, at: int, into: list[Attribute]) -> int:
    """Where the tag ends, or -1 if it does not."""
    while at < len(html):
        if html[at] == ">":
            return at + 1
        if html[at] in BLANKS + "/":
            at += 1
            continue
        name_at = at
        at += 1
        while at < len(html) and html[at] not in BLANKS + "/>=":
            at += 1
        name = html[name_at:at].lower()
        after = at
        while after < len(html) and html[after] in BLANKS:
            after += 1
        value_at = value_end = at
        if after < len(html) and html[after] == "=":
            at = after + 1
            while at < len(html) and html[at] in BLANKS:
                at += 1
            value_at, value_end, at = read_value(html, at)
            if at < 0:
                return -1
        into.append((name, value_at, value_end))
    return -1


def read_value(html: str, at: int) -> tuple[int, int, int]:
    if at < len(html) and html[at] in "\"'":
        end = html.find(html[at], at + 1)
        return at + 1, end, end + 1 if end >= 0 else -1
    end = at
    while end < len(html) and html[end] not in BLANKS + ">":
        end += 1
    return at, end, end


ALPHABET = (
    """< > / = " ' - ! ? a A href HREF http://a.b/ http://c.d/?x&amp;y&copy=1 &amp; body </body> <body> <a <area </a>"""
    """ <p <!-- --> --!> <!--[if <![endif]--> <![if <script> </script> <style </STYLE> <title> </title>"""
    """ <textarea> </textarea <td =http://a.b> x é ſ \0 data-unsubscribe"""
    """ data-unsubscribe="" class="b" alt='<a <xmp </xmp>"""
)
PLAIN = (
    '<a href="http://a.b/">',
    '<a class="x"',
    ' href="http://c.d/?x&amp;y"',
    ' data-unsubscribe="x"',
    ' style="y">',
)
PIECES = st.sampled_from(
    [*ALPHABET.split(), "<a\thref='", '<a\nhref="', *PLAIN, " ", "\n", "\t", "\f", "\r", "\v", "\xa0"]
)
PIXEL = '<img src="pixel" width="1" height="1" alt="" style="display:block;border:0">'


def click_url(link: int, url: str) -> str:
    return f"https://t.example.com/{link}?a&'{url[-1]}"


def tracked_slowly(html: str) -> Tracked:
    edits: list[tuple[int, int, str]] = []
    links: list[str] = []
    pixel_at = len(html)
    for start, name, attributes in tags(html):
        if name == "/body":
            pixel_at = start
        value = href_of(name, attributes)
        if value is None:
            continue
        begin, end = value
        url = read_href(html[begin:end])
        if is_trackable(url):
            quote = "" if html[begin - 1] in "\"'" and html[end : end + 1] == html[begin - 1] else '"'
            edits.append((begin, end, quote + escape(click_url(len(links), url)) + quote))
            links.append(url)
    for begin, end, text in sorted([*edits, (pixel_at, pixel_at, PIXEL)], reverse=True):
        html = html[:begin] + text + html[end:]
    return Tracked(html=html, links=tuple(links))


def href_of(name: str, attributes: list[Attribute]) -> tuple[int, int] | None:
    if name not in ("a", "area") or any(attribute[0] == "data-unsubscribe" for attribute in attributes):
        return None
    return next((attribute[1:] for attribute in attributes if attribute[0] == "href"), None)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_the_scanner_does_what_a_tokeniser_would_do(html):
    assert track_html(html, click_url=click_url, pixel_url="pixel") == tracked_slowly(html)


def test_what_a_browser_reads_from_the_new_value_is_the_click_address():
    html = track_html('<a href="http://a.b">', click_url=lambda *_: "http://t.test/?'\"<>&copy=", pixel_url="").html
    [_, value_at, value_end] = next(attributes for _, name, attributes in tags(html) if name == "a")[0]
    assert unescape(html[value_at:value_end]) == "http://t.test/?'\"<>&copy="

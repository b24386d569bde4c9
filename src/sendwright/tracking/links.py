"""Wrapping the links of an HTML body and placing the pixel, with every other byte left as the author wrote it.

No tree is built: one pass finds the tags that matter, as HTML's tokeniser would (WHATWG HTML, 13.2.5), so that an `<a`
inside a comment, a style, a title or another tag's attribute is not taken for a link. Every pattern eats what it has
begun, to the end of the text if need be, and never turns back, so that hostile HTML costs linear time.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

from sendwright.tracking.model import Tracked
from sendwright.tracking.urls import MAX_URL_BYTES, is_trackable, read_href

# A wrapped link is longer than the shortest link by 100 bytes and more: this bounds how far a body can grow.
MAX_LINKS = 2000


def _any_case(word: str) -> str:
    """A pattern for the word in any case. The IGNORECASE flag would make the whole scan twice as slow."""
    return "".join(f"[{letter}{letter.upper()}]" for letter in word)


_BLANK = r"[ \t\n\f\r]"
_NO_NAME = r" \t\n\f\r/>"
_NAME = rf"[^{_NO_NAME}][^{_NO_NAME}=]*+"
_EQUALS = rf"{_BLANK}*+={_BLANK}*+"
_PLAIN_ATTRIBUTES = r'(?: [a-zA-Z-]++="[^"]*+")*+'  # how nearly all are written: three times as fast as the next line
_ATTRIBUTES = rf"(?:[ \t\n\f\r/]++|{_NAME}(?:{_EQUALS}(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^ \t\n\f\r>]++)?+)?+)*+"
_REST_OF_TAG = rf"{_PLAIN_ATTRIBUTES}(?:>|{_ATTRIBUTES}(?:>|\Z))"

# Elements whose content is text, whatever it looks like.
_RAW_NAMES = tuple(map(_any_case, ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")))
_RAW = "|".join(f"{raw}(?=[{_NO_NAME}]){_REST_OF_TAG}(?:[^<]++|<(?!/{raw}[{_NO_NAME}]))*+" for raw in _RAW_NAMES)
_LINK = rf"{_any_case('a')}(?:{_any_case('rea')})?[ \t\n\f\r/]"
_END_OF_BODY = rf"/{_any_case('body')}[{_NO_NAME}]"
# The first letter of most tags says already that they are neither links nor raw.
_CLOSING = rf"(?!{_END_OF_BODY})/[a-zA-Z][^{_NO_NAME}]*+{_REST_OF_TAG}"
_OPENING = rf"(?:[b-hj-mo-ru-wyzB-HJ-MO-RU-WYZ]|(?!{_LINK}|(?:{'|'.join(_RAW_NAMES)})[{_NO_NAME}])[ainstxAINSTX])"
_COMMENT = r"!--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>|\Z))"
_BOGUS = r"(?:[!?]|/(?![a-zA-Z]))[^>]*+(?:>|\Z)"
_UNWANTED_TAG = rf"{_CLOSING}|{_OPENING}[^{_NO_NAME}]*+{_REST_OF_TAG}|{_RAW}"
_UP_TO_WANTED = re.compile(rf"(?:[^<]++|<(?:{_UNWANTED_TAG}|{_COMMENT}|{_BOGUS}|(?![a-zA-Z/!?])))*+")
_TAG_NAME = re.compile(r"</?[a-zA-Z]++")
# Group 1 is the name; 2, 3 or 4 is the value; no group at all is the end of the tag.
_ATTRIBUTE = re.compile(
    rf"[ \t\n\f\r/]*+(?:>|({_NAME})(?:{_EQUALS}(?:\"([^\"]*+)(?:\"|\Z)|'([^']*+)(?:'|\Z)|([^ \t\n\f\r>]++))?+)?+)"
)
_NAME_ONLY, _BARE_VALUE = 1, 4
# A link as nearly all are written, in one go; the last group is the value here, too. All others are read slowly.
_OTHER_THAN = r' (?!{})[a-z-]++="[^"]*+"'
_PLAIN_LINK = re.compile(
    rf"<a(?:{_OTHER_THAN.format('href=|data-unsubscribe=')})*+"
    r' href="([^"]*+)"'
    rf"(?:{_OTHER_THAN.format('data-unsubscribe=')})*+>"
)


def track_html(
    html: str,
    *,
    click_url: Callable[[int, str], str] | None,
    pixel_url: str | None,
    untouched: tuple[str, ...] = (),
) -> Tracked:
    """The same HTML with each http(s) href of `a` and `area` led through `click_url(link, url)`, and the pixel before
    the last `</body>`, or at the end. Without `click_url` no link is changed, without `pixel_url` there is no pixel.

    Left alone: every other scheme, relative addresses, anchors, unrendered `{{ }}`, tags marked `data-unsubscribe`,
    addresses over 6 kB, links after the 2000th, whatever stands in a comment (so Outlook's conditional ones), and
    addresses that begin with one of `untouched`. Give it our own prefixes (click, unsubscribe, web version), each up to
    its last slash, and a second run changes nothing.
    """
    ours = tuple(prefix.lower() for prefix in untouched)
    pieces: list[str] = []
    links: list[str] = []
    copied = pixel_after = 0
    for start, href in _wanted_tags(html):
        if href is None:
            pieces.append(html[copied:start])
            copied, pixel_after = start, len(pieces)
        elif click_url is not None and len(links) < MAX_LINKS and (url := _url_to_wrap(href, ours)) is not None:
            value_start, value_end = href.span(href.lastindex or 0)
            pieces += (html[copied:value_start], _as_value(click_url(len(links), url), href))
            copied = value_end
            links.append(url)
    pieces.append(html[copied:])
    if pixel_url is None:
        return Tracked(html="".join(pieces), links=tuple(links))
    pixel = f'<img src="{escape(pixel_url)}" width="1" height="1" alt="" style="display:block;border:0">'
    before_pixel = pixel_after or len(pieces)
    if not pieces[before_pixel - 1].endswith(pixel):
        pieces.insert(before_pixel, pixel)
    return Tracked(html="".join(pieces), links=tuple(links))


def _wanted_tags(html: str) -> Iterator[tuple[int, re.Match[str] | None]]:
    """Where a body ends, with None, and where a link begins, with the match of its href."""
    position = 0
    while (start := _end_of(_UP_TO_WANTED, html, position)) < len(html):
        position, href = _read_tag(html, start)
        if html[start + 1] == "/":
            yield start, None
        elif href is not None:
            yield start, href


def _read_tag(html: str, start: int) -> tuple[int, re.Match[str] | None]:
    """Where the tag that begins here ends, and its href, if it has one with a value and is not marked to be left alone.

    A browser drops a tag that never ends with all that follows, so it has no href.
    """
    plain = _PLAIN_LINK.match(html, start)
    if plain is not None:
        return plain.end(), plain
    position = _end_of(_TAG_NAME, html, start)
    href: re.Match[str] | None = None
    marked = False
    while (attribute := _ATTRIBUTE.match(html, position)) is not None:
        position = attribute.end()
        if attribute.lastindex is None:
            return position, None if marked or href is None or href.lastindex == _NAME_ONLY else href
        name = attribute[1].lower()
        if name == "href" and href is None:  # of two, browsers take the first
            href = attribute
        elif name == "data-unsubscribe":
            marked = True
    return len(html), None


def _end_of(pattern: re.Pattern[str], html: str, start: int) -> int:
    found = pattern.match(html, start)
    return found.end() if found else start


def _url_to_wrap(href: re.Match[str], ours: tuple[str, ...]) -> str | None:
    value = href[href.lastindex or 0]
    if len(value) > MAX_URL_BYTES or "{{" in value or "{%" in value:
        return None
    url = read_href(value)
    return url if is_trackable(url) and not url.lower().startswith(ours) else None


def _as_value(url: str, href: re.Match[str]) -> str:
    return f'"{escape(url)}"' if href.lastindex == _BARE_VALUE else escape(url)

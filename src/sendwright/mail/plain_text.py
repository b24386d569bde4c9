"""A readable plain-text part from HTML.

A scanner of our own, since `html.parser` is quadratic on hostile tags (CVE-2025-6069): every search goes forward from
where the last one ended, and one that fails ends the work or is never asked again.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Final, NamedTuple

MAX_HTML: Final = 2 * 1024 * 1024  # characters
_MAX_URL: Final = 4_000
_MAX_INDENT: Final = 8

_TAG: Final = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})|(!--)|[!?/])")
_TAG_END: Final = re.compile(r"""=\s*(["'])|>""")
_ATTRIBUTE: Final = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")
_HIDING: Final = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|\shidden[\s=>/]", re.IGNORECASE)
_LONG_REFERENCE: Final = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_DROPPED: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u034f\u200b\ufeff]|\u200c(?=\\s|$)")
_SCHEMES: Final = ("https://", "http://", "mailto:", "tel:")

# Elements whose content is not text. The first kind ends only at its own end tag, whatever stands in it.
_RAW: Final = {
    name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE)
    for name in ("style", "script", "title", "textarea", "iframe")
}
_SKIPPED: Final = frozenset({"head", "template", "object", "select"})
_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})

_NOTHING, _WORD, _CELL, _LINE, _BLANK = range(5)
_BREAKS: Final = ("", " ", " | ", "\n", "\n\n")
_BLOCKS: Final = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr", "form"}
_LINES: Final = {"div", "tr", "li", "dt", "dd", "br", "center", "section", "article", "header", "footer", "main", "nav"}
_BEFORE_AND_AFTER: Final = (
    dict.fromkeys(_BLOCKS, _BLANK) | dict.fromkeys(_LINES, _LINE) | dict.fromkeys(("td", "th"), _CELL)
)


class _Tag(NamedTuple):
    name: str
    closing: bool
    source: str
    hides: bool
    strength: int
    raw_end: re.Pattern[str] | None


class _Page:
    """The text so far, and the strongest break that waits for more text."""

    def __init__(self) -> None:
        self.chunks: list[str] = []
        self.waiting = _NOTHING
        self.prefix = ""
        self.lists: list[int] = []
        self.link = ""
        self.link_start = 0
        self.pre = 0
        self.hidden = ""
        self.hidden_depth = 0

    def add(self, text: str) -> None:
        """Running text: white space of any kind is one space."""
        words = text.split()
        if text[0].isspace():
            self.part(_WORD)
        if words:
            self.put(" ".join(words))
            if text[-1].isspace():
                self.part(_WORD)

    def add_lines(self, text: str) -> None:
        """Preformatted text: its own lines and spaces stay, but for runs of empty lines."""
        first, *others = text.expandtabs(4).split("\n")
        if first.strip():
            self.put(first.rstrip())
        for line in others:
            self.part(_LINE if line.strip() else _BLANK)
            if line.strip():
                self.put(line.rstrip())

    def part(self, strength: int) -> None:
        if strength > self.waiting:
            self.waiting = strength

    def put(self, text: str) -> None:
        if self.chunks:
            self.chunks.append(_BREAKS[self.waiting])
        self.chunks.append(self.prefix + text)
        self.waiting, self.prefix = _NOTHING, ""


def text_from_html(html: str) -> str:
    """The text a reader of the HTML would see, with `\\n` line ends.

    Links become `text (url)`, list items get bullets or numbers, cells of a row stand apart by ` | `. Gone: what is
    styled `display:none`, style, script, head, comments with the MSO conditionals. Only the first 2 Mi characters are
    read; linear time, never raises.
    """
    page = _Page()
    for piece in _pieces(html[:MAX_HTML]):
        if page.hidden:
            _still_hidden(page, piece)
        elif isinstance(piece, str):
            _show(page, _characters(piece))
        else:
            _turn(page, piece)
    _end_link(page)
    return "".join(page.chunks)


def _pieces(html: str) -> Iterator[str | _Tag]:
    """Text and tags in turn; comments, declarations and raw elements are left out."""
    last_quote = {quote: html.rfind(quote) for quote in "\"'"}
    seen: dict[str, _Tag] = {}  # a mail says the same few tags over and over
    position = 0
    while found := _TAG.search(html, position):
        start, name = found.span()[0], found[2]
        if start > position:
            yield html[position:start]
        if found[3]:
            position = _after(html, "-->", start + 2)  # "<!-->" is a whole comment
            continue
        position = html.find(">", start) + 1
        tag = seen.get(html[start:position])
        if tag is None:
            position = _tag_end(html, found.end(), last_quote)
            if not name:
                continue
            source = html[start:position]
            tag = seen[source] = _tag(name.lower(), bool(found[1]), source)
        yield tag
        if tag.raw_end:
            position = _after_raw(html, tag.raw_end, position)
    if position < len(html):
        yield html[position:]


def _tag(name: str, closing: bool, source: str) -> _Tag:
    return _Tag(
        name=name,
        closing=closing,
        source=source,
        hides=not closing and (name in _SKIPPED or _hides(name, source)),
        strength=_BEFORE_AND_AFTER.get(name, _NOTHING),
        raw_end=None if closing else _RAW.get(name),
    )


def _hides(name: str, source: str) -> bool:
    if len(source) < len(name) + len("< hidden>"):
        return False
    lowered = source.lower()
    # Two plain look-ups spare nearly every tag the pattern.
    return ("none" in lowered or "hid" in lowered) and _HIDING.search(lowered) is not None


def _after(html: str, mark: str, start: int) -> int:
    end = html.find(mark, start)
    return len(html) if end < 0 else end + len(mark)


def _tag_end(html: str, position: int, last_quote: dict[str, int]) -> int:
    """Where the tag ends; a `>` in a quoted value does not end it, but a quote that never closes is no quote."""
    end = html.find(">", position)
    if end < 0:
        return len(html)
    if '"' not in html[position:end] and "'" not in html[position:end]:
        return end + 1
    while found := _TAG_END.search(html, position):
        position = found.end()
        if not found[1]:
            return position
        if position <= last_quote[found[1]]:
            position = html.index(found[1], position) + 1
    return len(html)


def _after_raw(html: str, raw_end: re.Pattern[str], position: int) -> int:
    found = raw_end.search(html, position)
    return found.start() if found else len(html)


def _characters(text: str) -> str:
    if "&" in text:
        # int() refuses very long numbers by raising, and no character has one.
        text = unescape(_LONG_REFERENCE.sub("\ufffd", text))
    return text if text.isascii() and text.isprintable() else _DROPPED.sub("", text)


def _show(page: _Page, text: str) -> None:
    if not text:
        return
    if page.pre:
        page.add_lines(text)
    else:
        page.add(text)


def _still_hidden(page: _Page, piece: str | _Tag) -> None:
    """Wait for the end of the hidden element. A paragraph ends by itself where the next block starts."""
    if isinstance(piece, str):
        return
    if page.hidden == "p" and piece.name != "p" and piece.strength > _CELL:
        page.hidden = ""
        _turn(page, piece)
    elif page.hidden == "head" and piece.name == "body":
        page.hidden = ""
    elif piece.name == page.hidden:
        page.hidden_depth += -1 if piece.closing or page.hidden == "p" else 1
        if page.hidden_depth == 0:
            page.hidden = ""


def _turn(page: _Page, tag: _Tag) -> None:
    if tag.hides:
        if tag.name not in _VOID:
            page.hidden, page.hidden_depth = tag.name, 1
        return
    if tag.strength:
        inside = len(page.lists) - (tag.closing and tag.name in ("ul", "ol"))
        page.part(min(tag.strength, _LINE) if inside > 0 else tag.strength)  # a list has no blank lines
    act = _ACTS.get(tag.name)
    if act:
        act(page, tag)


def _turn_link(page: _Page, tag: _Tag) -> None:
    _end_link(page)
    if not tag.closing:
        page.link, page.link_start = _link_target(tag.source), len(page.chunks)


def _link_target(source: str) -> str:
    target = "".join(_characters(_attribute(source, "href")).split())
    good = target.lower().startswith(_SCHEMES) and len(target) <= _MAX_URL
    return target if good else ""


def _end_link(page: _Page) -> None:
    if not page.link:
        return
    target, page.link = page.link, ""
    shown = "".join(page.chunks[page.link_start :]).strip()
    bare = target.partition(":")[2] if target.lower().startswith(("mailto:", "tel:")) else target
    if shown in (target, bare):
        return
    waiting, page.waiting = page.waiting, _WORD if shown else page.waiting
    page.put(f"({target})" if shown else target)
    page.part(waiting if shown else _WORD)


def _attribute(source: str, name: str) -> str:
    for found in _ATTRIBUTE.finditer(source):
        if found[1].lower() == name and found[2]:
            return found[2].strip("\"'")
    return ""


def _turn_image(page: _Page, tag: _Tag) -> None:
    _show(page, _characters(_attribute(tag.source, "alt")))


def _turn_list(page: _Page, tag: _Tag) -> None:
    """A number counts the items of an ordered list; -1 stands for a list of bullets."""
    if not tag.closing:
        page.lists.append(0 if tag.name == "ol" else -1)
    elif page.lists:
        page.lists.pop()


def _turn_item(page: _Page, tag: _Tag) -> None:
    if tag.closing:
        page.prefix = ""
        return
    mark = "- "
    if page.lists and page.lists[-1] >= 0:
        page.lists[-1] += 1
        mark = f"{page.lists[-1]}. "
    page.prefix = "  " * min(len(page.lists) - 1, _MAX_INDENT) + mark


def _turn_pre(page: _Page, tag: _Tag) -> None:
    page.pre = max(0, page.pre + (-1 if tag.closing else 1))


def _turn_rule(page: _Page, _tag: _Tag) -> None:
    page.put("---")
    page.part(_BLANK)


_ACTS: Final[dict[str, Callable[[_Page, _Tag], None]]] = {
    "a": _turn_link,
    "img": _turn_image,
    "ul": _turn_list,
    "ol": _turn_list,
    "li": _turn_item,
    "pre": _turn_pre,
    "hr": _turn_rule,
}

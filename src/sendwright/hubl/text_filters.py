"""Filters from text to text. Each that makes text longer asks for the room first."""

import hashlib
import html
import json
import re
from urllib.parse import quote_plus, unquote_plus

from .escaping import escaped, escaped_in_script
from .filter import Filter, on_text
from .run import Fault, Given, Run
from .values import Safe, Value, text_of

_TAGS = re.compile(r"<[^<>]*>")
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
_WORD_START = re.compile(r"(?<!\S)[^\w\s]*\w")
_FORMAT = re.compile(r"%(?:%|([-0 +,]{0,4})([0-9]{0,9})(?:\.([0-9]{1,9}))?([sdfxX]))")
_ESCAPE_GROWTH = 6
FORMAT_WIDTH_MAX = 1000


def escape(run: Run, value: Value, given: Given) -> Value:
    """HTML. The result is markup, so an escaping template does not escape it twice."""
    text = run.text(value)
    run.string(len(text))
    return Safe(escaped(text))


def safe(run: Run, value: Value, given: Given) -> Value:
    return Safe(value) if isinstance(value, str) else value


def escape_url(run: Run, value: Value, given: Given) -> Value:
    """For one part of a query: everything but letters, digits and -._~ as UTF-8 percents; maps as a=1&b=2."""
    if isinstance(value, dict):
        return "&".join([f"{_quoted(run, key)}={_quoted(run, run.text(item))}" for key, item in value.items()])
    return _quoted(run, run.text(value))


def _quoted(run: Run, text: str) -> str:
    run.string(len(text) * 3)
    return quote_plus(text)


def escape_script(run: Run, value: Value, given: Given) -> Value:
    text = run.text(value)
    run.string(len(text) * _ESCAPE_GROWTH)
    return escaped_in_script(text)


def to_json(run: Run, value: Value, given: Given) -> Value:
    """Compact. Weighed first, so that a value which holds itself many times over cannot grow here."""
    run.string(run.weigh(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda odd: text_of(odd))


def title(text: str) -> str:
    """Punctuation before the first letter of a word is passed over."""
    return _WORD_START.sub(lambda start: start[0].upper(), text.lower())


def replace(run: Run, value: Value, given: Given) -> Value:
    if not isinstance(value, str):
        return value
    old, new, count = given.text(0, "old"), given.text(1, "new"), given.whole(2, "count", -1)
    found = value.count(old) if count < 0 else min(count, value.count(old))
    run.string(len(value) + found * max(0, len(new) - len(old)))
    return value.replace(old, new, count)


def cut(run: Run, value: Value, given: Given) -> Value:
    return value.replace(given.text(0), "") if isinstance(value, str) and given.text(0) else value


def strip_tags(text: str) -> str:
    """Tags out, entities kept, blanks made one. Not a defence: the result is escaped when it is printed."""
    return _BLANKS.sub(" ", _TAGS.sub("", text)).strip()


def truncate(run: Run, value: Value, given: Given) -> Value:
    """The ending is not counted in the length; without killwords the text ends at its last blank."""
    if not isinstance(value, str):
        return value
    length, end = max(0, given.whole(0, "length", 255)), given.text(2, "end", "...")
    if len(value) <= length:
        return value
    start = value[:length]
    if not given.flag(1, "killwords") and " " in start:
        start = start[: start.rindex(" ") + 1]
    run.string(len(start) + len(end))
    return start + end


def center(run: Run, value: Value, given: Given) -> Value:
    text, width = run.text(value), given.whole(0, "width", 80)
    run.string(max(len(text), width))
    return text.center(width)


def indent(run: Run, value: Value, given: Given) -> Value:
    if not isinstance(value, str):
        return value
    width = max(0, given.whole(0, "width", 4))
    run.string(len(value) + width * (value.count("\n") + 1))
    blank = " " * width
    return (blank if given.flag(1, "indentfirst") else "") + value.replace("\n", "\n" + blank)


def word_wrap(run: Run, value: Value, given: Given) -> Value:
    """Each line for itself; a blank where a line is broken goes, a word longer than a line is broken."""
    if not isinstance(value, str):
        return value
    width = max(1, given.whole(0, "width", 79))
    run.string(2 * len(value))
    run.spend(4 * (len(value) // width))
    return "\n".join([_wrapped(line, width) for line in value.split("\n")])


def _wrapped(line: str, width: int) -> str:
    parts: list[str] = []
    at = 0
    while len(line) - at > width:
        blank = line.rfind(" ", at + 1, at + width + 1)
        end = blank if blank > 0 else at + width
        parts.append(line[at:end])
        at = end + 1 if blank > 0 else end
    return "\n".join([*parts, line[at:]])


def format_text(run: Run, value: Value, given: Given) -> Value:
    """`%s %d %5.2f %x`: each taken apart here, so that no width reaches Python unread."""
    text = run.text(value)
    places = iter(given.values)
    parts: list[str] = []
    at = 0
    for match in _FORMAT.finditer(text):
        parts += (text[at : match.start()], "%" if match[0] == "%%" else _formatted(run, match, next(places, None)))
        at = match.end()
    return "".join([*parts, text[at:]])


def _formatted(run: Run, match: re.Match[str], value: Value) -> str:
    flags, width, precision, kind = match.groups()
    sizes = int(width or 0), int(precision or 0)
    if max(sizes) > FORMAT_WIDTH_MAX:
        raise Fault("a width or precision of |format is too large")
    if kind == "s":
        text = run.text(value)
        run.string(len(text) + sizes[0])
        return f"%{'-' if '-' in flags else ''}{width}s" % text
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fault("|format needs a number here")
    run.spend(sum(sizes))
    spec = flags.replace("-", "<").replace(",", "") + width + ("," if "," in flags else "")
    return format(value if kind == "f" else int(value), spec + (f".{precision}" if precision else "") + kind)


def split(run: Run, value: Value, given: Given) -> Value:
    """Pieces without the blanks around them, empty ones left out."""
    text, separator = run.text(value), given.text(0, "separator", " ") or " "
    limit = given.whole(1, "limit", -1)
    run.items(text.count(separator) + 1 if limit < 1 else min(limit, text.count(separator) + 1))
    pieces = text.split(separator, limit - 1 if limit > 0 else -1)
    return [piece.strip() for piece in pieces if piece.strip()]


def digest(run: Run, value: Value, given: Given) -> Value:
    """For addresses of pictures of people (Gravatar), not for secrets."""
    return hashlib.md5(run.text(value).encode(), usedforsecurity=False).hexdigest()


def word_count(run: Run, value: Value, given: Given) -> Value:
    return len(_WORD.findall(run.text(value)))


def string(run: Run, value: Value, given: Given) -> Value:
    return "null" if value is None else run.text(value)


def decoded(text: str) -> str:
    return unquote_plus(text)


TEXT_FILTERS: dict[str, Filter] = {
    "escape": escape,
    "e": escape,
    "escape_html": escape,
    "escape_attr": escape,
    "forceescape": escape,
    "escape_url": escape_url,
    "urlencode": escape_url,
    "urldecode": on_text(decoded),
    "escape_js": escape_script,
    "escapejs": escape_script,
    "safe": safe,
    "tojson": to_json,
    "upper": on_text(str.upper),
    "lower": on_text(str.lower),
    "capitalize": on_text(str.capitalize),
    "title": on_text(title),
    "trim": on_text(str.strip),
    "replace": replace,
    "cut": cut,
    "striptags": on_text(strip_tags),
    "unescape_html": on_text(html.unescape),
    "truncate": truncate,
    "center": center,
    "indent": indent,
    "wordwrap": word_wrap,
    "wordcount": word_count,
    "format": format_text,
    "split": split,
    "md5": digest,
    "string": string,
}

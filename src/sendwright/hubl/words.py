"""The words of an expression: numbers, strings, names and signs."""

import re
from typing import NamedTuple

from .values import INT_MAX


class Unparsable(Exception):
    """The text of an expression or tag follows no rule of the language; the text says what to do."""


class TemplateTooLarge(Exception):
    """The template as a whole is refused: it would cost too much memory for as long as it is cached."""


class Word(NamedTuple):
    kind: str  # "value", "name", "sign" or "end"
    text: str
    value: str | int | float | None = None


END = Word("end", "")
_WORD = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w))"
    r"|(?P<name>[^\W\d]\w*)"
    r"""|(?P<string>"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')"""
    r"|(?P<sign>\*\*|//|==|!=|<=|>=|&&|\|\||[-+*/%~<>=!?:.,|()\[\]{}]))",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_FLOAT_CHARS = 400
WORDS_MAX = 10_000


def words_of(text: str) -> list[Word]:
    """Raises Unparsable at the first sign that is none."""
    words: list[Word] = []
    text = text.rstrip()
    at = 0
    while at < len(text):
        if len(words) >= WORDS_MAX:
            raise Unparsable("this expression is too long; set parts of it as variables first")
        match = _WORD.match(text, at)
        if match is None or match.lastgroup is None:
            raise Unparsable("there is a sign or a number in this expression that HubL does not know")
        at = match.end()
        words.append(_word(match.lastgroup, match[match.lastgroup]))
    return words


def _word(kind: str, text: str) -> Word:
    match kind:
        case "number":
            return Word("value", text, _number(text))
        case "string":
            return Word("value", text, _ESCAPED.sub(_escaped, text[1:-1]) if "\\" in text else text[1:-1])
    return Word(kind, text)


def _escaped(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPES:
        raise Unparsable("a backslash in a text may only stand before \\ ' \" n t r b f; double it")
    return _ESCAPES[match[1]]


def _number(text: str) -> int | float:
    if len(text) > _FLOAT_CHARS:
        raise Unparsable("a number in this expression is too long")
    if not text.isdecimal():
        return float(text)
    number = int(text)
    if number > INT_MAX:
        raise Unparsable("a whole number in this expression is beyond 64 bits; write it with a point")
    return number

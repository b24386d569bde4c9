"""Cuts a template into text, printed expressions and tags. Linear in the length of the source."""

import re
from dataclasses import dataclass
from enum import Enum

from .model import Reason, Severity, TemplateError
from .words import TemplateTooLarge

_OPEN = re.compile(r"\{[{%#]")
_STOPS = {"{{": re.compile(r"[\"'{}]"), "{%": re.compile(r"[\"']|%\}")}
_QUOTED = {'"': re.compile(r'\\.|"', re.DOTALL), "'": re.compile(r"\\.|'", re.DOTALL)}
_RAW = re.compile(r"\s*raw\s*\Z", re.IGNORECASE)
_END_RAW = re.compile(r"\{%\s*endraw\s*-?%\}", re.IGNORECASE)

PIECES_MAX = 50_000


class Kind(Enum):
    TEXT = "text"
    PRINT = "{{"
    TAG = "{%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    kind: Kind
    text: str
    line: int


class Scanner:
    """Use once: `pieces, errors = Scanner(source).run()`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[Piece] = []
        self._errors: list[TemplateError] = []
        self._at = 0
        self._line = 1
        self._trim_next = False

    def run(self) -> tuple[list[Piece], list[TemplateError]]:
        while opening := _OPEN.search(self._source, self._at):
            if len(self._pieces) > PIECES_MAX:
                raise TemplateTooLarge
            start = opening.start()
            self._text(start, trim_end=self._source.startswith("-", start + 2))
            if opening.group() == "{#":
                self._comment()
            else:
                self._tag(opening.group())
        self._text(len(self._source))
        return self._pieces, self._errors

    def _text(self, end: int, *, trim_end: bool = False) -> None:
        text = self._source[self._at : end]
        line = self._line
        self._line += text.count("\n")
        self._at = end
        if self._trim_next:
            text = text.lstrip()
        if trim_end:
            text = text.rstrip()
        self._trim_next = False
        if text:
            self._pieces.append(Piece(kind=Kind.TEXT, text=text, line=line))

    def _advance(self, end: int) -> None:
        self._line += self._source.count("\n", self._at, end)
        self._at = end

    def _comment(self) -> None:
        end = self._source.find("#}", self._at + 2)
        if end < 0:
            self._unclosed("The comment is never closed; add #} where it ends.")
            self._at = len(self._source)
            return
        self._trim_next = self._source[end - 1] == "-" and end - 1 >= self._at + 2
        self._advance(end + 2)

    def _tag(self, opening: str) -> None:
        start = self._at + 2
        end = _end_of_tag(self._source, start, opening)
        if end < 0:
            closing = "}}" if opening == "{{" else "%}"
            self._unclosed(f"{opening} is never closed; add {closing}, and look for an open quote.")
            self._text(len(self._source))
            return
        inside = self._source[start:end]
        self._trim_next = inside.endswith("-")
        inside = inside.removesuffix("-")
        if opening == "{%" and _RAW.match(inside.removeprefix("-")):
            self._raw(end + 2)
            return
        self._pieces.append(Piece(kind=Kind(opening), text=inside.removeprefix("-"), line=self._line))
        self._advance(end + 2)

    def _raw(self, start: int) -> None:
        closing = _END_RAW.search(self._source, start)
        if not closing:
            self._unclosed("raw is never closed; add {% endraw %}.")
        self._advance(start)
        self._text(closing.start() if closing else len(self._source))
        if closing:
            self._trim_next = closing.group()[-3] == "-"
            self._advance(closing.end())

    def _unclosed(self, message: str) -> None:
        self._errors.append(
            TemplateError(severity=Severity.FATAL, reason=Reason.SYNTAX, line=self._line, message=message)
        )


def _end_of_tag(source: str, at: int, opening: str) -> int:
    """Where the closing mark begins, outside quotes and (unlike the reference) outside braces; -1 if nowhere."""
    braces = 0
    while stop := _STOPS[opening].search(source, at):
        mark = stop.group()
        at = stop.end()
        if mark in _QUOTED:
            at = _end_of_quote(source, at, mark)
            if at < 0:
                break
        elif mark == "{":
            braces += 1
        elif braces and mark == "}":
            braces -= 1
        elif mark == "%}" or source.startswith("}", at):
            return stop.start()
    return -1


def _end_of_quote(source: str, at: int, quote: str) -> int:
    while stop := _QUOTED[quote].search(source, at):
        at = stop.end()
        if stop.group() == quote:
            return at
    return -1

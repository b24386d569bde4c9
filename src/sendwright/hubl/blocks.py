"""Reads a whole template: pieces into a tree. Faults are collected, and reading goes on behind them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from .grammar import Budget, Reader
from .model import Reason, Severity, TemplateError
from .nodes import Body, Expr, Literal, Print, Statement, Text
from .scan import Kind, Piece, Scanner
from .words import TemplateTooLarge, Unparsable

T = TypeVar("T")
DEPTH_MAX = 40
SOURCE_MAX = 1_000_000
ERRORS_MAX = 100
NOTHING = Literal(value=None)
TOO_DEEP = TemplateError(
    severity=Severity.FATAL,
    reason=Reason.TOO_LARGE,
    line=1,
    message="The template is nested too deeply; flatten its blocks and expressions.",
)
_TAG = re.compile(r"\s*([a-zA-Z_]+)")
_ADDRESS_OPENS = re.compile(r"(?:href|src|action|background|cite|poster)\s{0,9}=\s{0,9}[\"']?\s{0,9}\Z", re.IGNORECASE)
_TAIL = 60
_BRANCHES = ("elif", "elseif", "else")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag that opens, divides or ends a block; name "" at the end of the template."""

    name: str
    rest: str
    line: int


Rule: TypeAlias = "Callable[[Parser, Tag], Statement | None]"


class Parser:
    """Use once. `rules` say how each tag is read."""

    def __init__(self, rules: "dict[str, Rule]") -> None:
        self._rules = rules
        self.errors: list[TemplateError] = []
        self.budget = Budget()
        self._pieces: list[Piece] = []
        self._at = 0
        self._depth = 0
        self.loops = 0
        self._tail = ""

    def template(self, source: str) -> Body:
        try:
            return self._template(source)
        except TemplateTooLarge:
            self.fatal(1, "The template is too large; split it into several e-mails or shorten it.", Reason.TOO_LARGE)
        except RecursionError:
            self.errors.append(TOO_DEEP)
        return ()

    def _template(self, source: str) -> Body:
        if len(source) > SOURCE_MAX:
            raise TemplateTooLarge
        self._pieces, errors = Scanner(source).run()
        self.errors.extend(errors[:ERRORS_MAX])
        body, orphan = self.body()
        whole = list(body)
        while orphan.name:
            self.fatal(orphan.line, f"{{% {orphan.name} %}} ends or divides a block that was never opened; remove it.")
            body, orphan = self.body()
            whole.extend(body)
        return tuple(whole)

    def fatal(self, line: int, message: str, reason: Reason = Reason.SYNTAX) -> None:
        if len(self.errors) < ERRORS_MAX:
            self.errors.append(TemplateError(severity=Severity.FATAL, reason=reason, line=line, message=message))

    # bodies

    def body(self) -> tuple[Body, Tag]:
        """Reads up to the first tag that does not start a statement."""
        statements: list[Statement] = []
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            self._at += 1
            self.budget.take()
            if piece.kind is not Kind.TAG:
                statements.append(self._plain(piece))
                continue
            tag = self._tag(piece)
            if tag.name.startswith("end") or tag.name in _BRANCHES:
                return tuple(statements), tag
            statement = self._rules.get(tag.name, unknown)(self, tag)
            if statement is not None:
                statements.append(statement)
        return tuple(statements), Tag(name="", rest="", line=0)

    def _plain(self, piece: Piece) -> Statement:
        if piece.kind is Kind.TEXT:
            self._tail = piece.text[-_TAIL:]
            return Text(text=piece.text)
        opens = _ADDRESS_OPENS.search(self._tail) is not None
        return Print(expr=self.expr(piece.text, piece.line), line=piece.line, opens_address=opens)

    def _tag(self, piece: Piece) -> Tag:
        match = _TAG.match(piece.text)
        if match is None:
            return Tag(name="?", rest="", line=piece.line)
        return Tag(name=match[1].lower(), rest=piece.text[match.end() :].strip(), line=piece.line)

    def block(self, opening: Tag, *ends: str) -> tuple[Body, Tag]:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise TemplateTooLarge
        body, ending = self.body()
        while ending.name and ending.name not in ends:
            self.fatal(ending.line, f"{{% {ending.name} %}} does not end {{% {opening.name} %}}; close that first.")
            more, ending = self.body()
            body += more
        if not ending.name:
            self.fatal(opening.line, f"{{% {opening.name} %}} is never closed; add {{% {ends[0]} %}}.")
        self._depth -= 1
        return body, ending

    # expressions

    def expr(self, text: str, line: int) -> Expr:
        return self.read(text, line, Reader.whole) or NOTHING

    def read(self, text: str, line: int, rule: Callable[[Reader], T]) -> T | None:
        """What the rule makes of the text, or None with the fault recorded."""
        try:
            return rule(Reader(text, line, self.budget))
        except Unparsable as fault:
            self.fatal(line, f"Cannot read this: {fault}.")
            return None


def unknown(parser: Parser, tag: Tag) -> None:
    parser.fatal(tag.line, f"{{% {tag.name} %}} is a tag that Sendwright does not have; remove it.", Reason.UNKNOWN)

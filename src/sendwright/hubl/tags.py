"""How each tag is read."""

from .blocks import NOTHING, TOO_DEEP, Parser, Rule, Tag
from .grammar import Reader
from .model import TemplateError
from .nodes import (
    Autoescape,
    Body,
    CallBlock,
    Cycle,
    Do,
    Expr,
    For,
    If,
    Leave,
    Literal,
    MacroOf,
    Name,
    Print,
    SetBlock,
    SetNames,
    Statement,
    Unary,
)
from .words import Unparsable

__all__ = ["TOO_DEEP", "parse"]
BLOCK_TEXT = Name(name="")  # no template can write this name


def parse(source: str) -> tuple[Body, tuple[TemplateError, ...], int]:
    """The tree, the faults in it, and how many nodes it has."""
    parser = Parser(RULES)
    before = parser.budget.nodes
    body = parser.template(source)
    return body, tuple(parser.errors), before - parser.budget.nodes


def _condition(parser: Parser, tag: Tag) -> Expr:
    if not tag.rest:
        parser.fatal(tag.line, f"{{% {tag.name} %}} needs a condition.")
        return NOTHING
    expr = parser.expr(tag.rest, tag.line)
    return Unary(sign="not", operand=expr) if tag.name == "unless" else expr


def _if(parser: Parser, tag: Tag) -> If:
    branches: list[tuple[Expr, Body]] = []
    otherwise: Body = ()
    ends = (f"end{tag.name}", "elif", "elseif", "else")
    divider = tag
    while divider.name not in ("", ends[0]):
        if divider.name == "else":
            otherwise, divider = parser.block(tag, ends[0])
        else:
            condition = _condition(parser, divider)
            body, divider = parser.block(tag, *ends)
            branches.append((condition, body))
    return If(branches=tuple(branches), otherwise=otherwise, line=tag.line)


def _for(parser: Parser, tag: Tag) -> For | None:
    head = parser.read(tag.rest, tag.line, _for_head)
    parser.loops += 1
    body, ending = parser.block(tag, "endfor", "else")
    while ending.name == "else":  # HubL has no "else" of a loop: what follows belongs to each turn
        more, ending = parser.block(tag, "endfor", "else")
        body += more
    parser.loops -= 1
    if head is None:
        return None
    return For(names=head[0], iterable=head[1], body=body, line=tag.line)


def _for_head(reader: Reader) -> tuple[tuple[str, ...], Expr]:
    names = _names(reader)
    reader.needs("in")
    return names, reader.whole()


def _names(reader: Reader) -> tuple[str, ...]:
    names = [reader.name()]
    while reader.takes(","):
        names.append(reader.name())
    return tuple(names)


def _set(parser: Parser, tag: Tag) -> Statement | None:
    head = parser.read(tag.rest, tag.line, _set_head)
    if head is None:
        return None
    names, exprs, filters = head
    if exprs:
        return SetNames(names=names, exprs=exprs, line=tag.line)
    body, _ = parser.block(tag, "endset")
    return SetBlock(name=names[0], body=body, filters=filters, line=tag.line)


def _set_head(reader: Reader) -> tuple[tuple[str, ...], tuple[Expr, ...], Expr]:
    names = _targets(reader)
    if not reader.takes("="):
        if len(names) != 1:
            raise Unparsable("a block set takes one name")
        return names, (), reader.applied(BLOCK_TEXT)
    exprs = _expressions(reader)
    if len(exprs) != len(names):
        raise Unparsable("set needs as many values as names")
    return names, exprs, BLOCK_TEXT


def _targets(reader: Reader) -> tuple[str, ...]:
    """Names to set, and `space.name` for what a namespace holds."""
    names = [_target(reader)]
    while reader.takes(","):
        names.append(_target(reader))
    return tuple(names)


def _target(reader: Reader) -> str:
    name = reader.name()
    return f"{name}.{reader.name()}" if reader.takes(".") else name


def _expressions(reader: Reader) -> tuple[Expr, ...]:
    exprs = [reader.expression()]
    while reader.takes(","):
        exprs.append(reader.expression())
    reader.done()
    return tuple(exprs)


def _macro(parser: Parser, tag: Tag) -> MacroOf | None:
    head = parser.read(tag.rest, tag.line, _macro_head)
    body = _called_body(parser, tag, "endmacro")
    if head is None:
        return None
    name, parameters = head
    names = tuple(parameter for parameter, _ in parameters)
    defaults = tuple(default for _, default in parameters)
    return MacroOf(name=name, parameters=names, defaults=defaults, body=body, line=tag.line)


def _macro_head(reader: Reader) -> tuple[str, list[tuple[str, Expr | None]]]:
    name = reader.name()
    parameters: list[tuple[str, Expr | None]] = []
    reader.needs("(")
    while not reader.takes(")"):
        parameters.append((reader.name(), reader.expression() if reader.takes("=") else None))
        if not reader.sees(")"):
            reader.needs(",")
    reader.done()
    return name, parameters


def _call(parser: Parser, tag: Tag) -> CallBlock:
    call = parser.expr(tag.rest, tag.line)
    body = _called_body(parser, tag, "endcall")
    return CallBlock(call=call, body=body, line=tag.line)


def _called_body(parser: Parser, tag: Tag, end: str) -> Body:
    """Runs wherever it is called, so a `break` in it has no loop of its own to leave."""
    loops, parser.loops = parser.loops, 0
    body, _ = parser.block(tag, end)
    parser.loops = loops
    return body


def _do(parser: Parser, tag: Tag) -> Statement:
    if tag.rest:
        return Do(expr=parser.expr(tag.rest, tag.line), line=tag.line)
    body, _ = parser.block(tag, "enddo")
    return SetBlock(name="", body=body, filters=BLOCK_TEXT, line=tag.line)


def _print(parser: Parser, tag: Tag) -> Print:
    return Print(expr=parser.expr(tag.rest, tag.line), line=tag.line, opens_address=False)


def _cycle(parser: Parser, tag: Tag) -> Cycle:
    return Cycle(exprs=parser.read(tag.rest, tag.line, _expressions) or (NOTHING,), line=tag.line)


def _autoescape(parser: Parser, tag: Tag) -> Autoescape:
    body, _ = parser.block(tag, "endautoescape")
    return Autoescape(on=tag.rest.lower() != "false", body=body)


def _leave(parser: Parser, tag: Tag) -> Leave | None:
    if parser.loops:
        return Leave(turn_only=tag.name == "continue")
    parser.fatal(tag.line, f"{{% {tag.name} %}} stands outside a loop; remove it.")
    return None


def _named_block(parser: Parser, tag: Tag) -> If:
    """`block` marks a place that a child template may fill; without child templates its content stands."""
    body, _ = parser.block(tag, "endblock")
    return If(branches=((Literal(value=True), body),), otherwise=(), line=tag.line)


RULES: dict[str, Rule] = {
    "if": _if,
    "unless": _if,
    "for": _for,
    "set": _set,
    "macro": _macro,
    "call": _call,
    "do": _do,
    "print": _print,
    "cycle": _cycle,
    "autoescape": _autoescape,
    "break": _leave,
    "continue": _leave,
    "block": _named_block,
}

"""The tree of a template. Plain data; what it means is in build.py, what it reads of `custom` in manifest.py."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`target.name`"""

    target: "Expr"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """`target[key]`"""

    target: "Expr"
    key: "Expr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    target: "Expr"
    start: "Expr | None"
    stop: "Expr | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    items: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf:
    pairs: "tuple[tuple[Expr, Expr], ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    sign: str
    operand: "Expr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    sign: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`condition ? then : otherwise`, and `then if condition else otherwise`"""

    condition: "Expr"
    then: "Expr"
    otherwise: "Expr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    given: "tuple[Expr, ...]" = ()
    named: "tuple[tuple[str, Expr], ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    operand: "Expr"
    name: str
    arguments: Arguments
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`operand is name(arguments)`"""

    operand: "Expr"
    name: str
    arguments: Arguments
    negated: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    target: "Expr"
    arguments: Arguments
    line: int


Expr: TypeAlias = (
    Literal | Name | Member | Item | Slice | ListOf | MapOf | Unary | Binary | Choice | Filtered | Asked | Called
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    expr: Expr
    line: int
    opens_address: bool  # stands at the start of an href or src: the scheme is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    branches: "tuple[tuple[Expr, Body], ...]"
    otherwise: "Body"
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    names: tuple[str, ...]
    iterable: Expr
    body: "Body"
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNames:
    names: tuple[str, ...]
    exprs: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBlock:
    name: str
    body: "Body"
    filters: Expr  # filters around Name("") which stands for the text of the block
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroOf:
    name: str
    parameters: tuple[str, ...]
    defaults: tuple[Expr | None, ...]
    body: "Body"
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBlock:
    call: Expr
    body: "Body"
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    expr: Expr
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    exprs: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoescape:
    on: bool
    body: "Body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """`break`, or `continue` if it only leaves this turn."""

    turn_only: bool


Tagged: TypeAlias = Print | If | For | SetNames | SetBlock | MacroOf | CallBlock | Do | Cycle | Autoescape | Leave
Statement: TypeAlias = Text | Tagged
Body: TypeAlias = tuple[Statement, ...]

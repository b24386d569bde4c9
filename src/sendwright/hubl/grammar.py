"""Reads an expression: precedence climbing over words, with bounds on depth and size."""

from .nodes import (
    Arguments,
    Asked,
    Binary,
    Called,
    Choice,
    Expr,
    Filtered,
    Item,
    ListOf,
    Literal,
    MapOf,
    Member,
    Name,
    Slice,
    Unary,
)
from .words import END, TemplateTooLarge, Unparsable, Word, words_of

DEPTH_MAX = 60
CHAIN_MAX = 100
NODES_MAX = 50_000
NOT_LEVEL = 3
LEVELS = {
    "or": 1, "||": 1, "and": 2, "&&": 2,
    "==": 4, "!=": 4, "<": 4, ">": 4, "<=": 4, ">=": 4, "eq": 4, "ne": 4, "lt": 4, "gt": 4, "le": 4, "ge": 4,
    "in": 4, "not": 4,
    "+": 5, "-": 5, "~": 5, "*": 6, "/": 6, "//": 6, "%": 6, "div": 6, "mod": 6, "**": 7,
}  # fmt: skip
SIGNS = {
    "||": "or", "&&": "and", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
    "div": "/", "mod": "%",
}  # fmt: skip
SYMBOL_TESTS = frozenset({"==", "!=", "<", ">", "<=", ">="})
LITERALS = {"true": True, "false": False, "True": True, "False": False, "null": None, "none": None, "None": None}


class Budget:
    """Nodes left for the whole template: each costs memory for as long as it is cached."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes = NODES_MAX

    def take(self) -> None:
        self.nodes -= 1
        if self.nodes < 0:
            raise TemplateTooLarge


class Reader:
    """Words of one tag. Every method that reads leaves `_at` behind what it read, or raises Unparsable."""

    def __init__(self, text: str, line: int, budget: Budget) -> None:
        self._words = words_of(text)
        self._at = 0
        self._depth = 0
        self._line = line
        self._budget = budget

    # words

    def peek(self, ahead: int = 0) -> Word:
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else END

    def next(self) -> Word:
        word = self.peek()
        self._at += 1
        return word

    def sees(self, *texts: str) -> bool:
        word = self.peek()
        return word.kind in ("sign", "name") and word.text in texts

    def takes(self, text: str) -> bool:
        if not self.sees(text):
            return False
        self._at += 1
        return True

    def needs(self, text: str) -> None:
        if not self.takes(text):
            raise Unparsable(f"'{text}' is missing in this expression")

    def name(self) -> str:
        word = self.next()
        if word.kind != "name":
            raise Unparsable("a name is missing here")
        return word.text

    def done(self) -> None:
        if self.peek() is not END:
            raise Unparsable("there is something after the end of this expression; remove it")

    # expressions

    def whole(self) -> Expr:
        expr = self.expression()
        self.done()
        return expr

    def expression(self) -> Expr:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unparsable("this expression is nested too deeply; set parts of it as variables first")
        expr = self._choice(self._binary(1))
        self._depth -= 1
        return expr

    def _choice(self, first: Expr) -> Expr:
        self._budget.take()
        if self.takes("?"):
            then = self.expression()
            self.needs(":")
            return Choice(condition=first, then=then, otherwise=self.expression())
        if self.takes("if"):
            condition = self._binary(1)
            otherwise = self.expression() if self.takes("else") else Literal(value=None)
            return Choice(condition=condition, then=first, otherwise=otherwise)
        return first

    def _binary(self, level: int) -> Expr:
        left = self._negation() if level <= NOT_LEVEL and self.sees("not") else self._unary()
        for _ in range(CHAIN_MAX):
            sign = self._operator(level)
            if sign is None:
                return left
            self._budget.take()
            right = self._binary(LEVELS[sign] + 1)
            left = _joined(sign, left, right)
        raise Unparsable("this expression is too long; set parts of it as variables first")

    def _operator(self, level: int) -> str | None:
        word = self.peek()
        if word.kind not in ("sign", "name") or LEVELS.get(word.text, 0) < level:
            return None
        if word.text == "not":
            if self.peek(1).text != "in":
                return None
            self._at += 1
        self._at += 1
        return word.text

    def _deeper(self) -> None:
        self._budget.take()
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unparsable("this expression has too many signs in a row; remove some")

    def _negation(self) -> Expr:
        self._deeper()
        self.needs("not")
        operand = self._binary(NOT_LEVEL)
        self._depth -= 1
        return Unary(sign="not", operand=operand)

    def _unary(self) -> Expr:
        return self._filters(self._signed())

    def _signed(self) -> Expr:
        if not self.sees("-", "+", "!"):
            return self._postfix(self._primary())
        self._deeper()
        sign = self.next().text
        operand = self._signed()
        self._depth -= 1
        if sign == "-" and isinstance(operand, Literal) and type(operand.value) in (int, float):
            return Literal(value=-operand.value)  # type: ignore[operator]
        return Unary(sign="not" if sign == "!" else sign, operand=operand)

    def _filters(self, operand: Expr) -> Expr:
        for _ in range(CHAIN_MAX):
            self._budget.take()
            if self.takes("|"):
                operand = Filtered(operand=operand, name=self.name(), arguments=self._arguments(), line=self._line)
            elif self.takes("is"):
                operand = self._test(operand)
            else:
                return operand
        raise Unparsable("too many filters in a row; set the value as a variable half way")

    def applied(self, operand: Expr) -> Expr:
        """Filters that stand alone, as behind a block set."""
        expr = self._filters(operand)
        self.done()
        return expr

    def _test(self, operand: Expr) -> Expr:
        negated = self.takes("not")
        word = self.next()
        if word.kind != "name" and word.text not in SYMBOL_TESTS:
            raise Unparsable("the name of a test is missing after 'is'")
        arguments = self._arguments()
        if not arguments.given and self._starts_operand():
            arguments = Arguments(given=(self._postfix(self._primary()),))
        return Asked(operand=operand, name=word.text, arguments=arguments, negated=negated, line=self._line)

    def _starts_operand(self) -> bool:
        word = self.peek()
        if word.kind == "name":
            return word.text not in LEVELS and word.text not in ("if", "else", "is")
        return word.kind == "value" or word.text in ("[", "{")

    def _arguments(self) -> Arguments:
        given: list[Expr] = []
        named: list[tuple[str, Expr]] = []
        if self.takes("("):
            while not self.takes(")"):
                if self.peek().kind == "name" and self.peek(1).text == "=" and self.peek(1).kind == "sign":
                    name = self.name()
                    self.needs("=")
                    named.append((name, self.expression()))
                else:
                    given.append(self.expression())
                if not self.sees(")"):
                    self.needs(",")
        return Arguments(given=tuple(given), named=tuple(named))

    def _postfix(self, target: Expr) -> Expr:
        for _ in range(CHAIN_MAX):
            self._budget.take()
            if self.takes("."):
                target = Member(target=target, name=self.name())
            elif self.takes("["):
                target = self._item(target)
            elif self.sees("("):
                target = Called(target=target, arguments=self._arguments(), line=self._line)
            else:
                return target
        raise Unparsable("too many points and brackets in a row; set the value as a variable half way")

    def _item(self, target: Expr) -> Expr:
        if self.takes(":"):
            return self._slice(target, None)
        key = self.expression()
        if self.takes(":"):
            return self._slice(target, key)
        self.needs("]")
        return Item(target=target, key=key)

    def _slice(self, target: Expr, start: Expr | None) -> Slice:
        stop = None if self.sees("]") else self.expression()
        self.needs("]")
        return Slice(target=target, start=start, stop=stop)

    def _primary(self) -> Expr:
        word = self.next()
        if word.kind == "value":
            return Literal(value=word.value)
        if word.kind == "name" and word.text not in LEVELS:
            return Literal(value=LITERALS[word.text]) if word.text in LITERALS else Name(name=word.text)
        match word.text:
            case "(":
                return self._grouped()
            case "[":
                return ListOf(items=self._listed("]"))
            case "{":
                return self._map()
        raise Unparsable("a value is missing in this expression")

    def _grouped(self) -> Expr:
        items = self._listed(")")
        return items[0] if len(items) == 1 else ListOf(items=items)

    def _listed(self, closing: str) -> tuple[Expr, ...]:
        items: list[Expr] = []
        while not self.takes(closing):
            items.append(self.expression())
            if not self.sees(closing):
                self.needs(",")
        return tuple(items)

    def _map(self) -> Expr:
        pairs: list[tuple[Expr, Expr]] = []
        while not self.takes("}"):
            key: Expr = Literal(value=self.next().text) if self.peek().kind == "name" else self._binary(1)
            self.needs(":")
            pairs.append((key, self.expression()))
            if not self.sees("}"):
                self.needs(",")
        return MapOf(pairs=tuple(pairs))


def _joined(sign: str, left: Expr, right: Expr) -> Expr:
    if sign == "not":
        return Unary(sign="not", operand=Binary(sign="in", left=left, right=right))
    return Binary(sign=SIGNS.get(sign, sign), left=left, right=right)

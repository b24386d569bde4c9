"""The source as the lints read it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2] / "src" / "sendwright"
GENERATED = "database/migrations/"
"""Migrations are written by a tool and never changed afterwards."""


@dataclass(frozen=True)
class Module:
    """One file. ``path`` is relative to the package, with slashes."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def package(self) -> str:
        """The room, story or floor that it belongs to: the first name below ``sendwright``."""
        return self.path.partition("/")[0].removesuffix(".py")

    @property
    def comments(self) -> dict[int, str]:
        """By line."""
        return _comments(self.text)


@cache
def modules() -> tuple[Module, ...]:
    """All of them, without what is generated."""
    found = []
    for file in sorted(ROOT.rglob("*.py")):
        path = file.relative_to(ROOT).as_posix()
        if not path.startswith(GENERATED):
            found.append(Module(path, file.read_text()))
    return tuple(found)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function, also those within others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of each module imported; ``from a import b`` gives ``a.b``. Relative ones stay at home."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _comments(text: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

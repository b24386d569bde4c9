"""A broad ``except`` hides faults (style 7): each is a fault barrier with its reason beside it, and they are few."""

from __future__ import annotations

import ast

import pytest

from .source import Module, modules

MOST = 14
BROAD = ("Exception", "BaseException")
MARK = "fault barrier"


def broad_excepts(module: Module) -> list[ast.ExceptHandler]:
    """Those that may swallow: a handler that always raises again only cleans up."""
    return [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _raises_again(node)
    ]


def unmarked(module: Module) -> list[str]:
    return [
        f"{module.path}:{node.lineno} catches everything and does not say why"
        for node in broad_excepts(module)
        if not _is_marked(module, node)
    ]


def _is_broad(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_is_broad(element) for element in kind.elts)
    return kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD)


def _raises_again(node: ast.ExceptHandler) -> bool:
    return isinstance(node.body[-1], ast.Raise)


def _is_marked(module: Module, node: ast.ExceptHandler) -> bool:
    """``# fault barrier of …`` on its line or on the one before, with some words."""
    near = " ".join(module.comments.get(line, "") for line in (node.lineno - 1, node.lineno))
    _, found, why = near.partition(MARK)
    return bool(found) and len(why.split()) >= 3


def test_a_broad_except_says_what_it_is_the_barrier_of():
    assert [fault for module in modules() for fault in unmarked(module)] == []


def test_fault_barriers_are_few():
    found = [f"{module.path}:{node.lineno}" for module in modules() for node in broad_excepts(module)]
    assert 0 < len(found) <= MOST, found


@pytest.mark.parametrize("clause", ["except Exception:", "except:", "except (ValueError, BaseException) as e:"])
def test_the_lint_refuses_an_unmarked_one(clause: str):
    assert len(unmarked(Module("a.py", f"try:\n    f()\n{clause}\n    pass\n"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept ValueError:\n    pass\n",
        "try:\n    f()\nexcept Exception:  # the fault barrier of one turn\n    pass\n",
        "try:\n    f()\n# the fault barrier of one turn\nexcept Exception:\n    pass\n",
        "try:\n    f()\nexcept BaseException:\n    close()\n    raise\n",
    ],
)
def test_the_lint_accepts(text: str):
    assert unmarked(Module("a.py", text)) == []


def test_a_mark_without_a_reason_is_refused():
    assert len(unmarked(Module("a.py", "try:\n    f()\nexcept Exception:  # fault barrier\n    pass\n"))) == 1

"""A room is entered by its door (house, law 3): what others do not see can be changed without them."""

from __future__ import annotations

import ast

import pytest

from .source import ROOT, Module, imports, modules

SEVERAL_DOORS = frozenset({"doors"})
"""A floor, not a room: each module on it is a door of its own."""


def is_package(name: str) -> bool:
    return (ROOT / name.replace(".", "/")).is_dir()


def round_the_back(module: Module) -> list[str]:
    """Imports of what lies inside another package."""
    found = []
    for line, name in imports(module.tree):
        inside = name.split(".")[1:] if name.startswith("sendwright.") else []
        if not inside or inside[0] == module.package:
            continue
        if inside[0] in SEVERAL_DOORS:
            inside = inside[1:] if len(inside) > 1 and is_package(".".join(inside[:2])) else inside[:1]
            prefix = name.split(".")[1] + "."
        else:
            prefix = ""
        if len(inside) > 2 or (len(inside) == 2 and is_inner(module, prefix + inside[0], line)):
            found.append(f"{module.path}:{line} imports {name}")
    return found


def is_inner(module: Module, package: str, line: int) -> bool:
    """Whether the import on this line names the inside: ``from sendwright.room.verb import …`` or ``import …``."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.lineno == line:
            return node.module != f"sendwright.{package}"
        if isinstance(node, ast.Import) and node.lineno == line:
            return True
    return False


def test_nobody_comes_in_round_the_back():
    assert [fault for module in modules() for fault in round_the_back(module)] == []


@pytest.mark.parametrize(
    "text",
    [
        "from sendwright.ledger.store import x",
        "from sendwright.ledger.rules import SEND_MOVES",
        "import sendwright.ledger.store",
        "from sendwright.doors.http.app import build_app",
        "def f():\n    from sendwright.mail.addresses import Address",
    ],
)
def test_the_lint_refuses(text: str):
    assert len(round_the_back(Module("single_send/compose.py", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from sendwright import ledger",
        "from sendwright.ledger import claim_sends",
        "from sendwright.single_send.rules import decide",
        "from sendwright.doors.http import build_app",
        "from sendwright.doors.tracking import Visits",
        "import json",
    ],
)
def test_the_lint_accepts(text: str):
    assert round_the_back(Module("single_send/compose.py", text)) == []


PACKAGES = tuple(
    module
    for module in modules()
    if module.path.endswith("__init__.py") and module.path.count("/") == 1 and module.package not in SEVERAL_DOORS
)


@pytest.mark.parametrize("module", PACKAGES, ids=lambda module: module.path)
def test_a_door_says_what_the_package_is_for(module: Module):
    assert len(ast.get_docstring(module.tree) or "") > 60

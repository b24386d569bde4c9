"""Decide, then do (style 1, 6): what asks no clock, dice, disk, network or log can be tested by facts alone."""

from __future__ import annotations

import ast

import pytest

from .source import Module, imports, modules

IMPURE = frozenset(
    {"time", "random", "secrets", "uuid"}  # clock and chance
    | {"os", "pathlib", "shutil", "tempfile", "sqlite3", "sqlalchemy", "psycopg", "subprocess", "fcntl"}  # disk
    | {"socket", "ssl", "asyncio", "http", "httpx", "dns", "selectors", "urllib.request"}  # network
    | {"logging", "structlog", "sys", "threading", "multiprocessing", "sendwright.database"}
)
PACKAGES = ("mail", "smtp", "hubl")
FILES = ("rules.py", "model.py")
EXCEPTIONS = {
    ("hubl/template.py", "time.thread_time"): "the time limit of a render is measured, and can only end it",
    ("hubl/template.py", "threading.Lock"): "compiled templates are shared by threads",
}


def is_pure_by_law(path: str) -> bool:
    return path.partition("/")[0] in PACKAGES or path.rpartition("/")[2] in FILES


def impure_imports(module: Module) -> list[str]:
    found = []
    for line, name in imports(module.tree):
        roots = {name.split(".", 1)[0], ".".join(name.split(".")[:2])}
        if roots & IMPURE and (module.path, name) not in EXCEPTIONS:
            found.append(f"{module.path}:{line} imports {name}")
    return found + _asked_by_name(module)


def _asked_by_name(module: Module) -> list[str]:
    """``datetime.now`` needs no import of its own, ``open`` and ``print`` need none at all."""
    asked = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            if isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date"):
                asked.append(f"{module.path}:{node.lineno} asks {node.value.id}.{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("open", "print"):
            asked.append(f"{module.path}:{node.lineno} calls {node.func.id}")
    return asked


PURE = tuple(module for module in modules() if is_pure_by_law(module.path))


def test_something_is_measured():
    assert len(PURE) > 40


def test_words_and_rules_ask_nobody():
    assert [fault for module in PURE for fault in impure_imports(module)] == []


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=str)
def test_an_exception_is_still_needed(exception: tuple[str, str]):
    path, name = exception
    (module,) = (module for module in modules() if module.path == path)
    assert name in {found for _, found in imports(module.tree)}


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from time import monotonic",
        "import random",
        "from secrets import token_hex",
        "import os.path",
        "from pathlib import Path",
        "import socket",
        "import asyncio",
        "import structlog",
        "from sendwright import database",
        "from sqlalchemy import select",
        "from urllib.request import urlopen",
        "from datetime import datetime\nx = datetime.now()",
        "from datetime import date\nx = date.today()",
        "x = open('a')",
        "def f():\n    import random",
    ],
)
def test_the_lint_refuses(text: str):
    assert len(impure_imports(Module("room/rules.py", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime, timedelta",
        "from urllib.parse import quote",
        "import io",
        "def f(now):\n    return now + 1",
        "x = clock.now()",
        "from sendwright import mail",
        "from sendwright.mail import Address",
    ],
)
def test_the_lint_accepts(text: str):
    assert impure_imports(Module("room/rules.py", text)) == []

"""No statement forgets whose rows it is about: one that does shows an account the mail of another.

Every function (or module-level statement) of a room that reads, changes or deletes rows compares ``account_id`` with
something, or says ``# of all accounts: <reason>``. What the statements really say at run time is in
``test_statements.py``; this one also sees those that no test reaches.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .source import Module, imports, modules

ROOMS = ("accounts", "crm", "domains", "egresses", "emails", "feedback", "ledger", "outbound", "sandbox", "tracking")
VERBS = frozenset({"select", "update", "delete"})
REASON = re.compile(r"# of all accounts: \S+ \S+")
FILTERS = frozenset({"_held", "_is", "_conditions"})
"""Functions that give a condition which begins with the account; each is itself looked at."""


def units(module: Module) -> Iterator[ast.stmt]:
    """Functions, methods and module-level statements: a statement and its conditions stand within one of them."""
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef):
            yield from node.body
        else:
            yield node


def statements(unit: ast.AST) -> list[ast.Call]:
    """The places where a statement begins, except those from a subquery, which has its own."""
    return [node for node in ast.walk(unit) if isinstance(node, ast.Call) and _begins(node)]


def _begins(node: ast.Call) -> bool:
    if isinstance(node.func, ast.Name):
        return node.func.id in VERBS
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("update", "delete"):
        return isinstance(node.func.value, ast.Name) and not node.args and not node.keywords
    return False


def compares_account(unit: ast.AST) -> bool:
    """``c.account_id == …``, ``c.account_id.in_(…)``, ``among((c.account_id, …), …)``, or a filter that does."""
    for node in ast.walk(unit):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq) and _is_account(node.left):
            return True
        if isinstance(node, ast.Call) and _filters(node):
            return True
    return False


def _filters(node: ast.Call) -> bool:
    match node.func:
        case ast.Attribute(attr="in_", value=ast.Call(func=ast.Name(id="tuple_"), args=[first, *_])):
            return _is_account(first)
        case ast.Attribute(attr="in_", value=column):
            return _is_account(column)
        case ast.Name(id="among"):
            columns = node.args[0]
            return isinstance(columns, ast.Tuple) and _is_account(columns.elts[0])
        case ast.Name(id="among_ids"):
            return _is_account(node.args[0])
        case ast.Name(id=name):
            return name in FILTERS
    return False


def _is_account(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "account_id"


def says_why(module: Module, unit: ast.stmt) -> bool:
    lines = range(unit.lineno, (unit.end_lineno or unit.lineno) + 1)
    return any(REASON.search(module.comments.get(line, "")) for line in lines)


def needs_no_account(call: ast.Call, unit: ast.AST) -> bool:
    """It reads a clock, a count of a subquery, or a subquery by its name: there is no table in it."""
    text = ast.unparse(unit)
    begun = ast.unparse(call)
    if begun == "select(clock_ms() + lease_ms)":
        return True
    return f"{begun}.select_from(query.subquery())" in text


def forgetful(module: Module) -> list[str]:
    found = []
    for unit in units(module):
        begun = [call for call in statements(unit) if not needs_no_account(call, unit)]
        if begun and not compares_account(unit) and not says_why(module, unit):
            found.append(f"{module.path}:{begun[0].lineno} {ast.unparse(begun[0])} names no account")
    return found


KEPT = tuple(module for module in modules() if module.package in ROOMS)


def test_every_statement_says_whose_rows():
    assert [fault for module in KEPT for fault in forgetful(module)] == []


def test_something_is_measured():
    assert sum(len(statements(unit)) for module in KEPT for unit in units(module)) > 50


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_filter_compares_the_account(name: str):
    found = [unit for m in KEPT for unit in units(m) if isinstance(unit, ast.FunctionDef) and unit.name == name]
    assert found
    assert all(compares_account(unit) for unit in found)


OTHERS = tuple(module for module in modules() if module.package not in (*ROOMS, "database", "run"))


def test_only_rooms_speak_sql():
    """Stories and doors ask the rooms. That a database answers at all is asked without a table."""
    speaking = [m for m in OTHERS if any(name.startswith("sqlalchemy") for _, name in imports(m.tree))]
    begun = [ast.unparse(call) for m in speaking for unit in units(m) for call in statements(unit)]
    assert [text for text in begun if text != "select(1)"] == []


def unit_of(body: str) -> Module:
    return Module("ledger/find.py", f"def f(conn, account_id):\n    {body}\n")


@pytest.mark.parametrize(
    "body",
    [
        "conn.execute(select(sends).where(s.id == send_id))",
        "conn.execute(update(sends).where(s.id == send_id).values(state=1))",
        "conn.execute(sends.delete().where(s.id == send_id))",
        "conn.execute(select(s.account_id).where(s.id == send_id))",
        "conn.execute(select(sends).where(s.account_id != 1))",
        "conn.execute(select(sends))  # of all accounts:",
        "conn.execute(select(sends).where(among((s.id, s.account_id), ids)))",
        "conn.execute(select(sends).where(among_ids(s.id, s.account_id, ids)))",
    ],
)
def test_the_lint_refuses(body: str):
    assert len(forgetful(unit_of(body))) == 1


@pytest.mark.parametrize(
    "body",
    [
        "conn.execute(select(sends).where(s.account_id == account_id))",
        "conn.execute(update(sends).where(s.account_id == bindparam('k')).values(state=1))",
        "conn.execute(sends.delete().where(s.account_id.in_(ids)))",
        "conn.execute(delete(sends).where(among((s.account_id, s.id), ids)))",
        "conn.execute(select(s.id).where(tuple_(s.account_id, s.id).in_(ids)))",
        "conn.execute(delete(sends).where(among_ids(s.account_id, s.id, ids)))",
        "conn.execute(select(sends))  # of all accounts: workers serve them all",
        "conn.execute(update(sends).where(_held(sends, 'a')))",
        "facts.update(more)",
        "self.rows.delete()",
        "row = {'a': 1}",
    ],
)
def test_the_lint_accepts(body: str):
    assert forgetful(unit_of(body)) == []

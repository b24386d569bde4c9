"""The reference page of the SMTP doors says every reply in the words of the code, and no other.

The replies are read from the source: whatever is made with ``reply``, ``Reply`` or ``Refusal`` there is said to
somebody. What is put into a text at run time stands as … in it and on the page.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sendwright import mail, smtp
from sendwright.doors.login_guard import Tolerance
from sendwright.doors.smtp_shell import Patience
from sendwright.run.settings import Settings
from sendwright.submission import rules
from sendwright.submission.model import Refusal, Requests

ROOT = Path(__file__).parent.parent.parent
SOURCES = (
    "smtp/server_words.py", "smtp/commands.py", "smtp/proofs.py", "doors/smtp_shell/words.py", "doors/submission.py",
    "submission/rules.py",
)  # fmt: skip
_MAKERS = frozenset({"reply", "_reply", "Reply", "Refusal"})
# These doors offer TLS and DSN, and say what they accepted in words of their own.
_NEVER_HERE = {
    "454 4.7.0 TLS is not available",
    "555 5.5.4 RCPT takes no parameters here",
    "250 2.0.0 message taken",
}
_SUSPENDED = "this account is suspended: …. Ask the operator to resume it"
_ROW = re.compile(r"^\| (\d{3}(?: \d\.\d\.\d+)?) \| (.+?) \| (?:.+ )?\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "reference" / "smtp.md").read_text("utf-8")


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every reply of the doors: code, enhanced code, text."""
    found = {each for name in SOURCES for each in replies_in((ROOT / "src" / "sendwright" / name).read_text("utf-8"))}
    suspended = {f"{code} {enhanced} {_SUSPENDED}" for code, enhanced in (rules.AT_LOG_IN, rules.AT_MAIL)}
    return (found | suspended) - {_SUSPENDED} - _NEVER_HERE


@pytest.fixture(scope="module")
def shown(page: str) -> set[str]:
    """Every reply of the page's tables."""
    return {f"{code} {text}" for code, text in _ROW.findall(page)}


def test_every_reply_is_on_the_page(said: set[str], shown: set[str]):
    assert sorted(said - shown) == []


def test_the_page_has_no_reply_that_nobody_says(said: set[str], shown: set[str]):
    assert sorted(shown - said) == []


def test_the_source_was_read(said: set[str]):
    assert {"535 5.7.8", "554 5.6.0", "421 4.3.2", "250 2.1.5"} <= {each[:9] for each in said}
    assert len(said) > 50


def test_every_extension_is_on_the_page(page: str):
    core = smtp.Server(hostname="mail.example.com", starttls=True, auth=True, dsn=True)
    core.accept()
    core.feed(b"EHLO a.example.com\r\n")
    offered = re.findall(r"^250[ -](\w+)", core.outgoing().decode(), re.MULTILINE)[1:]
    assert len(offered) > 6
    assert [name for name in [*offered, "AUTH"] if not re.search(rf"^\| `{name}\b", page, re.MULTILINE)] == []


def test_every_limit_is_on_the_page(page: str):
    core, patience, tolerance = smtp.Limits(), Patience(), Tolerance()
    settings = [
        Settings.model_fields[name].default for name in ("submission_connections", "submission_connections_each")
    ]
    numbers = [
        core.message_octets, core.recipients, core.errors, core.idle_commands, core.auth_failures,
        core.text_line_octets, tolerance.network, int(patience.idle), int(patience.grace),
        int(patience.octets_per_second), int(patience.slowest), *settings,
    ]  # fmt: skip
    limits = page.partition("## Limits")[2].partition("\n## ")[0]
    assert [number for number in numbers if not re.search(rf"(?<![\d,]){number:,}(?![\d,])", limits)] == []


def test_every_request_that_a_mail_can_make_is_on_the_page(page: str):
    fields = [f"X-Sendwright-{name.title()}" for name in rules._KNOWN]
    assert [name for name in fields if f"| `{name}` |" not in page] == []


def test_what_a_mail_can_ask_for_is_taken_as_in_the_examples(page: str):
    rows = re.findall(r"^\| `(X-Sendwright-[A-Za-z-]+)` \| .+ \| `(.+)` \|$", page, re.MULTILINE)
    assert len(rows) == len(rules._KNOWN)
    assert isinstance(rules.read_requests(rows), Requests)


def test_the_page_s_examples_of_other_refusals_are_as_the_code_says(page: str):
    unknown = rules.read_requests([("X-Sendwright-Track-Open", "no")])
    twice = mail.read_heading(b"From: a@example.com\r\nFrom: b@example.com\r\n\r\n")
    assert isinstance(unknown, Refusal)
    assert isinstance(twice, mail.Malformed)
    assert f"`{unknown.text}`" in page
    assert f"`{twice.reason}`" in page


def replies_in(source: str) -> Iterator[str]:
    """As ``550 5.7.1 text``; without what is known at run time only."""
    for scope in ast.walk(ast.parse(source)):
        if isinstance(scope, ast.Module | ast.FunctionDef):
            yield from _replies_of(scope)


def _replies_of(scope: ast.Module | ast.FunctionDef) -> Iterator[str]:
    """Those of this scope itself, with the texts that it gave a name to."""
    nodes = list(_own(scope))
    names = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node.func) in _MAKERS:
            yield from _reply(node, names)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _own(child)


def _reply(call: ast.Call, names: dict[str, ast.expr]) -> Iterator[str]:
    given = dict(zip(("code", "enhanced", "text"), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    text = given.get("text", given.get("lines"))
    text = text.elts[0] if isinstance(text, ast.Tuple) else text
    shown = _text(names.get(text.id, text) if isinstance(text, ast.Name) else text)
    codes = [node.value for key in ("code", "enhanced") if isinstance(node := given.get(key), ast.Constant)]
    if shown.strip("…: ") and (codes or "account" in shown):
        yield " ".join([*map(str, filter(None, codes)), shown])


def _text(node: ast.expr | None) -> str:
    """The text with … for what is put in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
    return "…"


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

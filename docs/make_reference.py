"""Writes the parts of the reference pages that the program knows better than we do.

    python docs/make_reference.py            # writes them anew
    python docs/make_reference.py --check    # exit code 1 if a page is not as it would be written

In a page such a part stands between ``<!-- made: name -->`` and ``<!-- end -->``; the rest of the page is by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from sendwright import accounts, sandbox
from sendwright.doors.http import Operation, all_operations
from sendwright.ledger import rules as ledger_rules
from sendwright.run import metrics
from sendwright.run.cli import token_blocks
from sendwright.run.cli.main import app
from sendwright.run.settings import PREFIX, Role, Settings

ROOT = Path(__file__).parent.parent
PAGES = (
    "ARCHITECTURE.md",
    "docs/how-to/send-by-smtp.md",
    "docs/reference/settings.md",
    "docs/reference/commands.md",
    "docs/reference/http-api.md",
    "docs/reference/sandbox-addresses.md",
    "docs/reference/metrics.md",
)
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rewritten(text: str) -> str:
    """The page with each made part as it should be. ``KeyError`` for a part that nobody makes."""
    return _PART.sub(lambda found: f"{found[1]}\n{MAKERS[found[2]]()}\n\n{found[3]}", text)


def main(words: Sequence[str]) -> int:
    """The exit code."""
    stale = [page for page in PAGES if rewritten((ROOT / page).read_text("utf-8")) != (ROOT / page).read_text("utf-8")]
    if "--check" in words:
        for page in stale:
            sys.stderr.write(f"{page} is not up to date: run python docs/make_reference.py\n")
        return int(bool(stale))
    for page in stale:
        (ROOT / page).write_text(rewritten((ROOT / page).read_text("utf-8")), "utf-8")
        sys.stdout.write(f"{page} written\n")
    return 0


def settings() -> str:
    """All settings, with every way to give them."""
    flags = {option for command in commands() if command.name == "serve" for option in options_of(command)}
    return "\n\n".join(_setting(name, field, flags) for name, field in Settings.model_fields.items())


def _setting(name: str, field: FieldInfo, flags: set[str]) -> str:
    flag = f"--{name.replace('_', '-')}"
    ways = [f"`serve {flag}`"] if flag in flags else []
    ways += [f"`{PREFIX}{name.upper()}`", f"`{name}` in the TOML file"]
    if "SecretStr" in str(field.annotation):
        ways.append(f"`{PREFIX}{name.upper()}_FILE` (a file that holds it)")
    lines = [
        f"### {name}",
        "",
        field.description or "",
        "",
        f"- Default: {_default(name, field)}",
        f"- Given by: {', '.join(ways)}",
    ]
    return "\n".join(lines)


def _default(name: str, field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        return f"`{_iso(value)}`"
    if isinstance(value, frozenset):
        return "`" + ",".join(role.value for role in Role if role in value) + "`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _iso(value: timedelta) -> str:
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return "PT" + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds or not minutes else "")


def commands() -> Iterator[Any]:
    """Every command, each with its whole name."""
    yield from _below(typer.main.get_command(app), "")


def _below(group: Any, path: str) -> Iterator[Any]:
    for name, command in sorted(group.commands.items()):
        command.name = f"{path}{name}"
        if hasattr(command, "commands"):
            yield from _below(command, f"{path}{name} ")
        else:
            yield command


def options_of(command: Any) -> list[str]:
    """The names of its options and arguments, as they are typed."""
    return [_parameter_name(each) for each in command.params if each.name != "help"]


def commands_page() -> str:
    """All commands with their options."""
    return "\n\n".join(_command(command) for command in commands())


def _command(command: Any) -> str:
    rows = [(f"`{_parameter_name(each)}`", _about(each)) for each in command.params if each.name != "help"]
    return f"### sendwright {command.name}\n\n{command.help}\n\n{_table(('option', 'what it is'), rows)}"


def _parameter_name(parameter: Any) -> str:
    return parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper()


def _about(parameter: Any) -> str:
    notes = [parameter.help or ""]
    if parameter.required:
        notes.append("Required.")
    elif parameter.default not in (None, False) and not callable(parameter.default):
        notes.append(f"Default: `{parameter.default}`.")
    return " ".join(notes)


def http_api() -> str:
    """All operations, under the headings of the docs page."""
    tags: dict[str, list[Operation]] = {}
    for operation in all_operations():
        tags.setdefault(operation.tag, []).append(operation)
    return "\n\n".join(f"### {tag}\n\n" + "\n\n".join(map(_operation, members)) for tag, members in tags.items())


def _operation(operation: Operation) -> str:
    paths = [f"`{operation.method} {operation.paths[0]}`", *(f"also `{path}`" for path in operation.paths[1:])]
    facts = [f"answers {operation.success}"]
    if operation.scopes:
        facts.append("any scope of " + ", ".join(f"`{scope}`" for scope in operation.scopes))
    if operation.query:
        facts.append("query " + ", ".join(f"`{each.name}`" for each in operation.query))
    return f"**{operation.summary}** ({'; '.join(facts)})\n\n" + "\n".join(f"- {path}" for path in paths)


def sandbox_addresses() -> str:
    """The addresses that behave ill, with what they do."""
    rows = [
        (f"`{trick.value}@{sandbox.TRICK_DOMAIN}`", f"Mail to it {about}.") for trick, about in sandbox.TRICKS.items()
    ]
    return _table(("address", "what happens"), rows)


def smtp_clients() -> str:
    """What ``sendwright tokens create`` prints to be pasted, for a token that nobody has."""
    found = token_blocks.blocks(_an_example())
    return "\n\n".join("\n".join((f"**{title}**", "", "```", *lines, "```")) for title, lines in found)


def _an_example() -> token_blocks.Paste:
    token = accounts.SmtpToken(
        account_id=accounts.AccountId(1), id=accounts.SmtpTokenId("k3v9q2x7b5n8m4ta@1.smtp.mail.example.com"),
        epoch=1, campaign_name="Receipts", create_contact=True, email_id=1, campaign_id=1, created_by="you",
        created_at=datetime(2026, 3, 2, tzinfo=UTC), expires_at=None, warned=0, last_used_at=None,
    )  # fmt: skip
    return token_blocks.Paste(
        host="mail.example.com", port=587, implicit_tls=False, token=token, password="sws-the-password-that-was-shown",  # noqa: S106 - nobody has it
        sender="hello@example.com",
    )  # fmt: skip


def metrics_page() -> str:
    """The figures of ``/metrics`` that are ours."""
    nobody: Any = SimpleNamespace(backlog=0)
    found = [family for family in metrics.registry(nobody).collect() if family.name.startswith("sendwright_")]
    rows = [(f"`{_metric_name(family)}`", family.type, family.documentation) for family in found]
    return _table(("name", "kind", "what it is"), rows)


def _metric_name(family: Any) -> str:
    return f"{family.name}_total" if family.type == "counter" else str(family.name)


def _mermaid(drawing: str) -> str:
    return f"```mermaid\n{drawing}\n```"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


MAKERS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands_page,
    "http_api": http_api,
    "sandbox_addresses": sandbox_addresses,
    "metrics": metrics_page,
    "smtp_clients": smtp_clients,
    "life_of_a_send": lambda: _mermaid(ledger_rules.draw_sends()),
    "life_of_a_delivery": lambda: _mermaid(ledger_rules.draw_deliveries()),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

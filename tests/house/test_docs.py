"""The reference pages are complete and say what the program says: a page that lags behind sends people astray."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sendwright import ledger, sandbox
from sendwright.doors.http import all_operations
from sendwright.run.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
_FENCE = re.compile(r"^[ \t]*```.*?^[ \t]*```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that writes the made parts."""
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def test_every_made_part_is_as_the_program_says(maker: ModuleType):
    stale = [page for page in maker.PAGES if maker.rewritten((ROOT / page).read_text()) != (ROOT / page).read_text()]
    assert stale == [], "run python docs/make_reference.py"


def test_a_page_that_lags_behind_is_noticed(maker: ModuleType):
    lagging = "<!-- made: sandbox_addresses -->\nold\n<!-- end -->"
    assert maker.rewritten(lagging) != lagging


def test_the_architecture_shows_the_lives_as_the_tables_have_them(maker: ModuleType):
    page = (ROOT / "ARCHITECTURE.md").read_text()
    assert {"life_of_a_send", "life_of_a_delivery"} <= set(re.findall(r"<!-- made: (\w+) -->", page))


def test_every_setting_is_in_the_reference():
    page = _page("settings.md")
    assert [name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in page] == []


def test_every_setting_says_what_it_is():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_command_and_option_is_in_the_reference(maker: ModuleType):
    page = _page("commands.md")
    parts = {each.split("\n", 1)[0]: each for each in page.split("\n### ")[1:]}
    missing = [
        (command.name, option)
        for command in maker.commands()
        for option in maker.options_of(command)
        if f"`{option}`" not in parts.get(f"sendwright {command.name}", "")
    ]
    assert missing == []


def test_every_command_says_what_it_does(maker: ModuleType):
    assert [command.name for command in maker.commands() if not command.help] == []


def test_every_option_says_what_it_is(maker: ModuleType):
    bare = [
        (command.name, each.name)
        for command in maker.commands()
        for each in command.params
        if each.name != "help" and not each.help
    ]
    assert bare == []


def test_every_path_of_the_api_is_in_the_reference():
    page = _page("http-api.md")
    paths = [path for operation in all_operations() for path in operation.paths]
    assert [path for path in paths if f"{path}`" not in page] == []


def test_every_result_of_a_send_is_in_the_reference():
    page = _page("send-results.md")
    assert [result for result in ledger.SendResult if f"| `{result}` |" not in page] == []


def test_every_status_of_a_send_is_in_the_reference():
    page = _page("send-results.md")
    assert [status for status in ledger.Status if f"| `{status}` |" not in page] == []


def test_every_type_of_event_is_in_the_reference():
    page = _page("events.md")
    assert [type_ for type_ in ledger.EventType if f"| `{type_}` |" not in page] == []


def test_every_sandbox_address_is_in_the_reference():
    page = _page("sandbox-addresses.md")
    addresses = [f"{trick.value}@{sandbox.TRICK_DOMAIN}" for trick in sandbox.Trick]
    assert [address for address in addresses if f"`{address}`" not in page] == []


def test_every_link_between_pages_leads_somewhere():
    broken = [
        (str(page.relative_to(ROOT)), target)
        for page in PAGES
        for target in _LINK.findall(_FENCE.sub("", page.read_text("utf-8")))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_page_of_the_docs_can_be_reached_from_its_list():
    listed = (ROOT / "docs" / "README.md").read_text("utf-8") + (ROOT / "docs/decisions/README.md").read_text("utf-8")
    pages = [page for page in (ROOT / "docs").rglob("*.md") if page != ROOT / "docs" / "README.md"]
    assert [page.name for page in pages if page.name not in listed and page.name != "README.md"] == []

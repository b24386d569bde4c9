"""A failpoint that stands nowhere proves nothing, and one that stands twice proves who knows what."""

from __future__ import annotations

import re
from collections import Counter

from sendwright import failpoints

from .source import ROOT, modules

_CALL = re.compile(r"\bfailpoint(?:_soon|_once_written)?\(\s*\"(\w+)\"")


def test_every_failpoint_stands_in_the_source_exactly_once():
    found = Counter(name for module in modules() for name in _CALL.findall(module.text))
    assert found == dict.fromkeys(failpoints.POINTS, 1)


def test_only_named_failpoints_are_asked_about():
    asked = {name for module in modules() for name in re.findall(r"\barmed\(\s*\"(\w+)\"", module.text)}
    assert asked <= set(failpoints.POINTS)


def test_every_failpoint_is_in_the_docs_as_it_is():
    page = (ROOT.parents[1] / "docs" / "why" / "durability.md").read_text("utf-8")
    assert [name for name, where in failpoints.POINTS.items() if f"| {name} | {where} |" not in page] == []

"""A failpoint that stands nowhere proves nothing, and one that stands twice proves who knows what."""

from __future__ import annotations

import re
from collections import Counter

from sendwright import failpoints

from .source import modules

_CALL = re.compile(r"\bfailpoint(?:_soon|_once_written)?\(\s*\"(\w+)\"")


def test_every_failpoint_stands_in_the_source_exactly_once():
    found = Counter(name for module in modules() for name in _CALL.findall(module.text))
    assert found == dict.fromkeys(failpoints.POINTS, 1)


def test_only_named_failpoints_are_asked_about():
    asked = {name for module in modules() for name in re.findall(r"\barmed\(\s*\"(\w+)\"", module.text)}
    assert asked <= set(failpoints.POINTS)

"""Which operation a method and a path mean.

Every path is known with and without a slash at its end, and never answered with a redirect: some clients add one, some
do not, and none follows a redirect of a POST. ``{date}`` matches the date-versioned families (``2026-03``,
``2027-03-beta``); any other name in braces matches one segment, which is decoded after the path was taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from sendwright.doors.http.errors import Fault, not_found
from sendwright.doors.http.operations import Operation

_DATE = re.compile(r"\d{4}-\d{2}(?:-beta)?", re.ASCII)
_LONGEST_PATH = 4096


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    date: _Node | None = None
    parameter: _Node | None = None
    ends: dict[str, tuple[Operation, Sequence[str]]] = field(default_factory=dict)


class Router:
    """All paths of all operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        self._whole: dict[tuple[str, bytes], Operation] = {}
        for operation in operations:
            for path in operation.paths:
                self._add(operation, path)

    def find(self, method: str, raw_path: bytes) -> tuple[Operation, Mapping[str, str]]:
        """The operation and its path parameters, decoded. Raises 404, or 405 with ``Allow``."""
        at_once = self._whole.get((method, raw_path))
        if at_once is not None:
            return at_once, {}
        if len(raw_path) > _LONGEST_PATH:
            raise Fault(414, "VALIDATION_ERROR", "The path is too long.")
        steps = _decode(raw_path)
        ends = list(_walk(self._root, steps, 0, []))
        for node, values in ends:
            if method in node.ends:
                operation, names = node.ends[method]
                return operation, dict(zip(names, values, strict=True))
        allowed = sorted({each for node, _ in ends for each in node.ends})
        if allowed:
            raise Fault(
                405,
                "METHOD_NOT_ALLOWED",
                f"This path takes {', '.join(allowed)}, not {method[:20]}.",
                headers=[("Allow", ", ".join(allowed))],
            )
        raise not_found("There is no such path. GET /openapi.json lists those that there are.")

    def _add(self, operation: Operation, path: str) -> None:
        node, names = self._root, list[str]()
        for step in path.strip("/").split("/"):
            if step == "{date}":
                node.date = node = node.date or _Node()
            elif step.startswith("{"):
                names.append(step[1:-1])
                node.parameter = node = node.parameter or _Node()
            else:
                node = node.literal.setdefault(step, _Node())
        if operation.method in node.ends:
            raise ValueError(f"two operations are at {operation.method} {path}")
        node.ends[operation.method] = (operation, tuple(names))
        if "{" not in path:
            self._whole[operation.method, path.encode()] = operation


def _decode(raw_path: bytes) -> list[str]:
    steps = raw_path.split(b"/")[1:]
    if len(steps) > 1 and not steps[-1]:
        del steps[-1]
    try:
        return [unquote_to_bytes(step).decode() if b"%" in step else step.decode() for step in steps]
    except UnicodeDecodeError:
        return []


def _walk(node: _Node, steps: Sequence[str], at: int, values: list[str]) -> Iterable[tuple[_Node, list[str]]]:
    """Every node where the steps can end, the most literal first."""
    if at == len(steps):
        if node.ends:
            yield node, values
        return
    step = steps[at]
    if step in node.literal:
        yield from _walk(node.literal[step], steps, at + 1, values)
    if node.date is not None and _DATE.fullmatch(step):
        yield from _walk(node.date, steps, at + 1, values)
    if node.parameter is not None and step and "\0" not in step:
        yield from _walk(node.parameter, steps, at + 1, [*values, step])

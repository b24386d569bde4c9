"""Watches an API object of a client: which of its methods a script calls, and that each answers when it should."""

from __future__ import annotations

from typing import Any


class Watched:
    """Stands before an API object. Methods named in ``silent`` answer with None; any other None fails the script.

    The classic client answers None, and says nothing, to a success code that it did not expect.
    """

    def __init__(self, api: Any, *, silent: frozenset[str]) -> None:
        self._api = api
        self._silent = silent
        self.called: set[str] = set()

    @property
    def methods(self) -> set[str]:
        """What could be called: the plain methods, not those that give the raw answer."""
        found = {name for name in dir(type(self._api)) if callable(getattr(type(self._api), name))}
        return {name for name in found if not name.startswith("_") and not name.endswith("_with_http_info")}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._api, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            assert (answer is None) == (name in self._silent), f"{name} answered {answer!r}"
            self.called.add(name)
            return answer

        return call

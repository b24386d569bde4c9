"""The fake name server of ``tests.fakes``, in a thread of its own, for programs that are tested from outside."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from tests.fakes.name_server import NameServer, Zone, name_server


class Names:
    """``with Names(zone) as names``: the setting ``resolver`` is ``names.address``."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._loop = asyncio.new_event_loop()
        self._open, self._end = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="names", daemon=True)
        self.server: NameServer | None = None

    @property
    def address(self) -> str:
        """HOST:PORT."""
        assert self.server is not None
        return self.server.address

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._open.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with name_server(self._zone) as self.server:
            self._open.set()
            await self._end.wait()

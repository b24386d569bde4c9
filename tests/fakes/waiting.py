"""Waiting for a stranger on a socket, without guessing how long it takes."""

import asyncio
from collections.abc import Callable


async def wait_for(happened: Callable[[], bool]) -> None:
    """Lets the others run until it happened; fails after two seconds."""
    async with asyncio.timeout(2):
        while not happened():  # noqa: ASYNC110 - a stranger sets no event of ours
            await asyncio.sleep(0.005)

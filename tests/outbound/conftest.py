"""The event loops that the post runs on: the one of the standard library and the one we serve with."""

from typing import Any

import pytest


@pytest.fixture(
    scope="package",
    params=[("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})],
    ids=["asyncio", "uvloop"],
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param  # type: ignore[no-any-return]

"""One scene for most attacks; whoever would spoil it for others opens one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.scene import Scene, opened


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened(tmp_path_factory.mktemp("scene")) as scene:
        yield scene


@pytest.fixture
def untouched(scene: Scene) -> Iterator[Scene]:
    """The same; the test fails if anything at all was accepted or left."""
    sends, heard = scene.count(), len(scene.witness.received)
    yield scene
    assert (scene.count(), len(scene.witness.received)) == (sends, heard)

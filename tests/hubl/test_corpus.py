"""How much of the reference's own behaviour is met. The floor only rises; the rest is the next engine's work."""

import pytest

from . import corpus


@pytest.mark.skipif(
    not corpus.folder().is_dir(), reason="the corpora are not here: set SENDWRIGHT_CORPORA to their folder"
)
@pytest.mark.parametrize(("name", "floor"), [("matrix.jsonl", 0.80), ("jinjava_cases.jsonl", 0.73)])
def test_the_engine_prints_what_the_reference_prints(name, floor):
    assert corpus.score(name).rate >= floor

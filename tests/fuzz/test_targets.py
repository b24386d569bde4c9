"""A short form of each fuzz target: what was found once stays found."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.__main__ import fault_of
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS

_ROUNDS = 150


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_target_withstands_its_seeds(name: str):
    assert [fault for seed in TARGETS[name].seeds() if (fault := fault_of(TARGETS[name], seed))] == []


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_target_withstands_variations(name: str):
    chance, seeds = random.Random(name), TARGETS[name].seeds()
    tried = (mutated(chance, seeds) for _ in range(_ROUNDS))
    assert [fault for octets in tried if (fault := fault_of(TARGETS[name], octets))] == []

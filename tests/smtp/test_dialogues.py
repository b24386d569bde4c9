"""Every dialogue in tests/dialogues, however the network cuts it."""

from pathlib import Path

import pytest

from tests.smtp.dialogue import Player, dialogues, in_two_at, octet_by_octet, whole

ALL = pytest.mark.parametrize("path", dialogues(), ids=lambda path: path.stem)


@ALL
def test_a_dialogue_goes_as_written_when_flights_come_whole(path: Path) -> None:
    Player(path, whole).play()


@ALL
def test_a_dialogue_goes_as_written_when_octets_come_one_by_one(path: Path) -> None:
    Player(path, octet_by_octet).play()


@ALL
def test_a_dialogue_goes_as_written_wherever_it_is_cut_in_two(path: Path) -> None:
    for position in range(Player(path, whole).play()):
        Player(path, in_two_at(position)).play()

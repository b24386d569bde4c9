"""Every dialogue in tests/dialogues, however the network cuts it."""

import pytest

from tests.smtp.dialogue import Dialogue, Player, codes_without_class, dialogues, in_two_at, octet_by_octet, whole

EVERY = dialogues()
ALL = pytest.mark.parametrize("dialogue", EVERY, ids=lambda dialogue: dialogue.name)
OF_SERVERS = [dialogue for dialogue in EVERY if dialogue.side == "server"]


@ALL
def test_a_dialogue_goes_as_written_when_flights_come_whole(dialogue: Dialogue) -> None:
    Player(dialogue, whole).play()


@ALL
def test_a_dialogue_goes_as_written_when_octets_come_one_by_one(dialogue: Dialogue) -> None:
    Player(dialogue, octet_by_octet).play()


@ALL
def test_a_dialogue_goes_as_written_wherever_it_is_cut_in_two(dialogue: Dialogue) -> None:
    size = Player(dialogue, whole).play()
    # Of a long dialogue every second or third place, to save time; octet by octet it is cut at all of them at once.
    for position in range(0, size, 1 + size // 400):
        Player(dialogue, in_two_at(position)).play()


@pytest.mark.parametrize("dialogue", OF_SERVERS, ids=lambda dialogue: dialogue.name)
def test_every_reply_of_a_server_has_an_enhanced_code_of_its_class(dialogue: Dialogue) -> None:
    player = Player(dialogue, whole)
    player.play()
    assert codes_without_class(player.all_written) == []

"""Signed names: true ones are known in any case, and of a thousand forged ones none is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendwright import feedback

KEY, OTHER = b"k" * 32, b"o" * 32
NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
ID = "019caedb-3318-7056-8412-9dcd45558937"
TRUE = feedback.make_return_path(KEY, 7, ID, "ann@example.org")
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def test_a_return_path_names_its_delivery_and_the_moment_it_was_made():
    path = feedback.read_return_path(KEY, TRUE)
    assert path is not None
    assert (path.account_id, path.delivery_id, path.made) == (7, ID, NOW)


def test_it_knows_its_recipient():
    path = feedback.read_return_path(KEY, TRUE)
    assert path is not None
    assert path.is_for("ann@example.org")
    assert not path.is_for("bob@example.org")


@pytest.mark.parametrize("folded", [TRUE.upper(), TRUE.lower(), TRUE.title(), TRUE.swapcase()])
def test_it_survives_every_folding_of_case(folded: str):
    assert feedback.read_return_path(KEY, folded) == feedback.read_return_path(KEY, TRUE)


@pytest.mark.parametrize("account", [0, 1, 127, 128, 1 << 35, (1 << 63) - 1])
def test_it_is_a_local_part_for_every_account(account: int):
    local = feedback.make_return_path(KEY, account, ID, "ann@example.org")
    path = feedback.read_return_path(KEY, local)
    assert len(local) <= 64
    assert re.fullmatch(r"b\.[a-z2-7]+", local)
    assert path is not None
    assert path.account_id == account


def test_of_names_changed_in_any_one_place_none_is_true():
    forged = [TRUE[:n] + c + TRUE[n + 1 :] for n in range(2, len(TRUE)) for c in ALPHABET if c != TRUE[n]]
    assert len(forged) > 1000
    assert [each for each in forged if feedback.read_return_path(KEY, each) is not None] == []


def test_of_names_cut_or_lengthened_none_is_true():
    forged = [TRUE[:n] for n in range(len(TRUE))] + [TRUE + c for c in ALPHABET] + [TRUE + "=", TRUE + " ", "b." + TRUE]
    assert [each for each in forged if feedback.read_return_path(KEY, each) is not None] == []


def test_another_installation_makes_other_names():
    assert feedback.read_return_path(OTHER, TRUE) is None


def test_a_name_opens_only_its_own_door():
    message, loop = feedback.make_message_token(KEY, 7, ID), feedback.make_loop(KEY, 7)
    for name in (message, loop):
        assert feedback.read_return_path(KEY, "b." + name.rpartition(".")[2]) is None
    assert feedback.read_loop(KEY, "fbl." + TRUE[2:]) is None
    assert feedback.find_message_token(KEY, b"m." + TRUE[2:].encode()) is None


def test_a_message_token_is_found_anywhere_in_what_came_back():
    token = feedback.make_message_token(KEY, 7, ID)
    found = feedback.find_message_token(KEY, b"Subject: x\r\nCFBL-Feedback-ID: " + token.encode() + b"\r\n\r\nx")
    assert found is not None
    assert (found.account_id, found.send_id, found.made) == (7, ID, NOW)
    assert feedback.find_message_token(KEY, token.upper().encode()) == found


def test_of_very_many_candidates_only_some_are_tried():
    lies = b" ".join(b"m." + ALPHABET.encode() + b"a" * 20 for _ in range(30))
    assert feedback.find_message_token(KEY, lies + b" " + feedback.make_message_token(KEY, 7, ID).encode()) is None


def test_an_accounts_address_names_the_account():
    assert feedback.read_loop(KEY, feedback.make_loop(KEY, 7).upper()) == 7


@pytest.mark.parametrize("id_", ["", "x", ID.upper(), ID.replace("-", ""), ID + "0"])
def test_only_a_canonical_uuid_is_named(id_: str):
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        feedback.make_return_path(KEY, 7, id_, "ann@example.org")


@pytest.mark.parametrize("account", [-1, 1 << 63])
def test_only_an_account_is_named(account: int):
    with pytest.raises(ValueError, match="63-bit"):
        feedback.make_loop(KEY, account)


@given(st.text(max_size=80))
def test_no_text_makes_it_stumble(text: str):
    assert feedback.read_return_path(KEY, "b." + text) is None
    assert feedback.read_loop(KEY, "fbl." + text) is None


def test_an_id_beyond_the_calendar_is_of_no_moment():
    path = feedback.read_return_path(
        KEY, feedback.make_return_path(KEY, 1, "ffffffff-ffff-7fff-bfff-ffffffffffff", "a")
    )
    assert path is not None
    assert path.made < NOW - timedelta(days=1)

"""Passwords and secrets."""

from __future__ import annotations

import pytest

from sendwright import accounts
from sendwright.accounts import secrets_made


@pytest.fixture(scope="module")
def hashed() -> str:
    return accounts.hash_password("correct horse")


def test_the_right_password_fits(hashed: str):
    assert accounts.password_fits(hashed, "correct horse")


def test_a_wrong_password_does_not_fit(hashed: str):
    assert not accounts.password_fits(hashed, "correct horsf")


def test_no_user_has_no_password():
    assert not accounts.password_fits(None, "")


def test_passwords_are_kept_with_argon2id(hashed: str):
    assert hashed.startswith("$argon2id$")


def test_a_damaged_hash_fits_nothing():
    assert not accounts.password_fits("not a hash", "correct horse")


def test_half_a_surrogate_pair_is_a_password_like_any_other(hashed: str):
    assert not accounts.password_fits(hashed, "\ud800")


def test_made_passwords_differ():
    assert accounts.new_password() != accounts.new_password()


def test_a_secret_of_any_text_has_a_hash():
    assert len(secrets_made.hash_secret("\ud800")) == 64

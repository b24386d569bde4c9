"""The secrets of this room: made from the system's chance, kept only as hashes.

Tokens and session ids carry 192 random bits, so a plain SHA-256 protects them: there is nothing to guess. Passwords
are chosen by people and go through argon2id. A look-up goes by the hash, so how long it takes tells nothing about the
secret.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

import argon2

TOKEN_PREFIX = "pat-sw1-"  # noqa: S105 - the public part
SMTP_PASSWORD_PREFIX = "sws-"  # noqa: S105 - likewise
_RANDOM_BYTES = 24
_USER_NAME_BYTES = 10
# A choice that OWASP recommends: 19 MiB, two passes, one lane. Two cores that also send mail can log people in.
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What an unknown user's password is held against, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_urlsafe(_RANDOM_BYTES))


def new_token_secret() -> str:
    """A bearer secret: ``pat-sw1-`` and 32 characters of base64url."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def new_session_secret() -> str:
    """The value of a session cookie."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def new_smtp_user(account_id: int, host: str) -> str:
    """A user name for SMTP: 16 letters and digits of chance (80 bits), then whose it is."""
    chance = base64.b32encode(secrets.token_bytes(_USER_NAME_BYTES)).decode().lower()
    return f"{chance}@{account_id}.smtp.{host}"


def new_smtp_password() -> str:
    """``sws-`` and 32 characters of base64url: no mail program has to quote it."""
    return SMTP_PASSWORD_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def new_password() -> str:
    """A password that a person can copy once: 120 random bits."""
    return secrets.token_urlsafe(15)


def hash_secret(secret: str) -> str:
    """SHA-256, as hexadecimal text. For secrets that are random; any text is taken."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    """argon2id. Tens of milliseconds and 19 MiB: call it in a thread."""
    return _hasher.hash(password.encode("utf-8", "surrogatepass"))


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; False for no user at all, after the same work. Call it in a thread."""
    try:
        _hasher.verify(password_hash or _NOBODY, password.encode("utf-8", "surrogatepass"))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return password_hash is not None

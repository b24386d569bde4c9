"""The installation's secret, and what is made from it: sealed columns and the keys of signed tokens.

The secret is one random value per installation. On SQLite it lives beside the database file, readable by its owner
only. An operator may give it instead (``secret_key``), and must where machines share a PostgreSQL server and the
database shall hold no secret in the clear. Without one, a PostgreSQL database keeps it in a table of its own.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, Connection, Integer, String, Table, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sendwright.database.columns import metadata

installation = Table(  # not of an account: one row for the whole installation
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("secret", String),
    Column("fingerprint", String, nullable=False),
)

_NONCE_BYTES = 12


class WrongSecret(Exception):
    """The installation's secret is not the one this database was made with. Give the same secret key as before."""


class Seal:
    """Secrets sealed before they reach a table (AES-256-GCM), each bound to its place by ``context``."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._aead = AESGCM(self.derive("seal"))

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A key for one purpose ("tracking", …): HKDF-SHA256 (RFC 5869)."""
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"sendwright/" + purpose.encode()).derive(
            self._secret
        )

    def seal(self, plain: bytes, context: str) -> bytes:
        """Nonce and ciphertext. ``context`` names table and row, so that a ciphertext moved elsewhere does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plain bytes. Raises :class:`WrongSecret` if the secret or the context is another."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except InvalidTag as fault:
            raise WrongSecret(
                f"cannot open what was sealed for {context}: give the secret key it was sealed with"
            ) from fault

    @property
    def fingerprint(self) -> str:
        """Tells secrets apart without telling them."""
        return hashlib.sha256(self.derive("fingerprint")).hexdigest()[:32]


def secret_beside(file: Path) -> str:
    """The secret kept beside a SQLite file; made at the first call."""
    place = file.with_name("secret.key")
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return place.read_text().strip()
    with os.fdopen(handle, "w") as out:
        secret = secrets.token_urlsafe(32)
        out.write(secret + "\n")
        out.flush()
        os.fsync(out.fileno())
    return secret


def settle_secret(conn: Connection, given: str | None) -> Seal:
    """The installation's seal: from the secret given, else from the table; the first caller decides for ever.

    Raises :class:`WrongSecret` when the secret given is not the one the database was made with.
    """
    fresh = given or secrets.token_urlsafe(32)
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    first = Seal(_stretch(fresh))
    conn.execute(
        insert(installation)
        .values(id=1, secret=None if given else fresh, fingerprint=first.fingerprint)
        .on_conflict_do_nothing()
    )
    row = conn.execute(select(installation.c.secret, installation.c.fingerprint)).one()
    seal = Seal(_stretch(given or row.secret or ""))
    if row.secret and given:
        seal = Seal(_stretch(row.secret))
    if seal.fingerprint != row.fingerprint:
        raise WrongSecret(
            "this database was made with another secret key: give the same one "
            "(SENDWRIGHT_SECRET_KEY or SENDWRIGHT_SECRET_KEY_FILE)"
        )
    return seal


def _stretch(secret: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    except ValueError:
        raw = b""
    return raw if len(raw) >= 32 else hashlib.sha256(secret.encode()).digest()

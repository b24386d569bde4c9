"""The story of a new account: the account, a user who logs in, a token for the API, maybe a domain to send from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sendwright import accounts, database, domains, mail, outbound

_RSA = "sw1"
_ED25519 = "sw2"
_WHO = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What is shown once, at the start. The secrets cannot be read again."""

    account_id: int
    token: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    domain: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What takes long to make, made before the transaction."""

    keys: tuple[domains.NewKey, ...]
    password: str = field(repr=False)
    password_hash: str = field(repr=False)


def prepare() -> Prepared:
    """Keys and password; takes a moment."""
    password = accounts.new_password()
    return Prepared(keys=new_keys(), password=password, password_hash=accounts.hash_password(password))


def new_keys() -> tuple[domains.NewKey, ...]:
    """An RSA and an Ed25519 key for a new domain: every receiver can check one, modern ones both (RFC 8463)."""
    rsa, ed25519 = outbound.generate_rsa(), outbound.generate_ed25519()
    return (
        domains.NewKey(
            selector=_RSA, algorithm=domains.KeyAlgorithm.RSA_SHA256, private_pem=rsa,
            public_record=outbound.public_record(rsa),
        ),
        domains.NewKey(
            selector=_ED25519, algorithm=domains.KeyAlgorithm.ED25519_SHA256, private_pem=ed25519,
            public_record=outbound.public_record(ed25519),
        ),
    )  # fmt: skip


def found_account(
    conn: database.Connection,
    seal: database.Seal,
    prepared: Prepared,
    name: str,
    domain: str,
    scopes: Sequence[str],
    now: datetime,
) -> Welcome:
    """A new account that can send at once: the operator vouches for the domain. ``ValueError`` for a bad name."""
    email = _free_login(conn, domains.read_domain_name(domain))
    welcome = _found(conn, prepared, name, email, scopes, now)
    added = domains.add_domain(conn, seal, welcome.account_id, domain, prepared.keys, now)
    domains.connect_domain(conn, welcome.account_id, added.name, domains.Proof.DECREE, now)
    return replace(welcome, domain=added.name)


def found_account_without_domain(
    conn: database.Connection, prepared: Prepared, name: str, email: str, scopes: Sequence[str], now: datetime
) -> Welcome:
    """A new account that can send once a domain is connected by DNS. ``email``: of its first user, unknown so far."""
    address = mail.parse_address(email)
    if isinstance(address, mail.Malformed):
        raise ValueError(f"{email!r} is no e-mail address: give one such as you@example.com")
    if accounts.find_user(conn, email) is not None:
        raise ValueError(f"somebody logs in as {email} already: give another address")
    return _found(conn, prepared, name, email, scopes, now)


def _found(
    conn: database.Connection, prepared: Prepared, name: str, email: str, scopes: Sequence[str], now: datetime
) -> Welcome:
    account = accounts.create_account(conn, name, now)
    user = accounts.create_user(conn, account.id, email, prepared.password_hash, now, _WHO)
    _, token = accounts.create_token(conn, account.id, "bootstrap", scopes, now, _WHO)
    return Welcome(account_id=account.id, token=token, email=user.email, password=prepared.password, domain=None)


def _free_login(conn: database.Connection, domain: str) -> str:
    """A log-in is unique in the installation; a domain may be connected in several accounts (IP15)."""
    email, number = f"admin@{domain}", 1
    while accounts.find_user(conn, email) is not None:
        number += 1
        email = f"admin{number}@{domain}"
    return email

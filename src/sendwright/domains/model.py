"""The words of sending domains."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DomainState(StrEnum):
    """Whether mail may be sent from the domain."""

    PENDING = "pending"
    CONNECTED = "connected"


class Proof(StrEnum):
    """How a domain came to count as connected: the operator said so, or its DNS records were found."""

    DECREE = "decree"
    DNS = "dns"


class KeyAlgorithm(StrEnum):
    """The DKIM algorithms that we sign with (RFC 8301, RFC 8463)."""

    RSA_SHA256 = "rsa-sha256"
    ED25519_SHA256 = "ed25519-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """That, since when and why a domain is connected."""

    at: datetime
    how: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A sending domain of an account. ``name`` is in lower case A-labels (RFC 5890).

    ``tracking_host`` carries links and pixels, ``return_path_host`` the envelope sender; None: the installation's own.
    """

    account_id: int
    name: str
    connection: Connection | None
    tracking_host: str | None
    return_path_host: str | None
    created_at: datetime

    @property
    def state(self) -> DomainState:
        """As people see it."""
        return DomainState.PENDING if self.connection is None else DomainState.CONNECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A DKIM key just made. ``public_record`` is the text for the DNS record ``<selector>._domainkey.<domain>``."""

    selector: str
    algorithm: KeyAlgorithm
    private_pem: bytes = field(repr=False)
    public_record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A DKIM key of a domain, opened for signing. Only active keys sign; old ones stay until their mail is old."""

    account_id: int
    domain: str
    selector: str
    algorithm: KeyAlgorithm
    private_pem: bytes = field(repr=False)
    public_record: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRecord:
    """A DNS record that the domain's owner publishes."""

    name: str
    type: str
    value: str
    purpose: str

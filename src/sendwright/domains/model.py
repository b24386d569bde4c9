"""The words of sending domains."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DomainState(StrEnum):
    """Whether mail may be sent from the domain: while it is ``connected`` or ``degraded``.

    Degraded: it was right, and a later check found that a needed record is not. Sending goes on, with a warning.
    """

    PENDING = "pending"
    CONNECTED = "connected"
    DEGRADED = "degraded"


class Proof(StrEnum):
    """How a domain came to count as connected: the operator said so, or its DNS records were found."""

    DECREE = "decree"
    DNS = "dns"


class KeyAlgorithm(StrEnum):
    """The DKIM algorithms that we sign with (RFC 8301, RFC 8463)."""

    RSA_SHA256 = "rsa-sha256"
    ED25519_SHA256 = "ed25519-sha256"


class KeyState(StrEnum):
    """The life of a DKIM key: pending → active → retiring → retired."""

    PENDING = "pending"
    """Waits until its record is seen in DNS."""
    ACTIVE = "active"
    """Signs."""
    RETIRING = "retiring"
    """Signs no more; its record must stay, because mail that it signed is still on its way."""
    RETIRED = "retired"
    """Its private half is erased; its record may be removed."""


class Purpose(StrEnum):
    """What a DNS record is for."""

    DKIM = "dkim"
    RETURN_PATH = "return_path"
    RETURN_PATH_SPF = "return_path_spf"
    TRACKING = "tracking"
    DMARC = "dmarc"
    MX = "mx"
    SPF = "spf"
    BIMI = "bimi"
    MTA_STS = "mta_sts"
    TLS_RPT = "tls_rpt"


class Need(StrEnum):
    """How much depends on a record: a domain is connected without what is only advised or optional."""

    NEEDED = "needed"
    ADVISED = "advised"
    OPTIONAL = "optional"


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
    checked_at: datetime | None = None
    right_at: datetime | None = None
    """When a check last found every needed record right."""
    degraded_since: datetime | None = None
    removed_at: datetime | None = None
    """Takes no new mail since then. What was accepted before still leaves from it, signed."""

    @property
    def state(self) -> DomainState:
        """As people see it."""
        if self.connection is None:
            return DomainState.PENDING
        return DomainState.CONNECTED if self.degraded_since is None else DomainState.DEGRADED


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A DKIM key just made. ``public_record`` is the text for the DNS record ``<selector>._domainkey.<domain>``."""

    selector: str
    algorithm: KeyAlgorithm
    private_pem: bytes = field(repr=False)
    public_record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A DKIM key of a domain, opened for signing."""

    account_id: int
    domain: str
    selector: str
    algorithm: KeyAlgorithm
    private_pem: bytes = field(repr=False)
    public_record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKey:
    """A DKIM key of a domain without its private half. ``changed_at``: since when it is in this state."""

    domain: str
    selector: str
    algorithm: KeyAlgorithm
    public_record: str
    state: KeyState
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRecord:
    """A DNS record that the domain's owner publishes. An empty ``value``: any that is sensible, or none."""

    name: str
    type: str
    value: str
    purpose: Purpose
    need: Need
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """How DNS leads to this installation. A host is None where strangers cannot look it up (localhost, an address).

    ``inbound_host`` takes bounces, ``web_host`` answers links; ``spf`` are the mechanisms, by blanks, that name who
    sends for it (RFC 7208 section 5), such as ``a:mail.example.com``.
    """

    inbound_host: str | None
    web_host: str | None
    spf: str

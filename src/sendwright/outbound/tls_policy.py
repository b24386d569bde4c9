"""What a recipient's domain, its servers and the sender demand of TLS, and what of it was met: facts and decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sendwright.outbound.dane import Tlsa
from sendwright.outbound.mta_sts import Mode, StsPolicy, lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for the mail of one domain. `dane`: its exchangers came from validated DNS, so TLSA may be asked."""

    domain: str = ""
    sts: StsPolicy | None = None
    dane: bool = False

    @property
    def key(self) -> str:
        """Connections made under one key serve all policies of this key, and no other."""
        dane = "dane" if self.dane else ""
        return dane if self.sts is None else f"{dane} {self.sts.mode} {' '.join(self.sts.patterns)}"

    @property
    def enforces(self) -> bool:
        """Whether MTA-STS forbids to deliver where it is not met."""
        return self.sts is not None and self.sts.mode is Mode.ENFORCE


NO_POLICY = Policy()


class PolicyType(StrEnum):
    """As reports call it (RFC 8460 section 4.4)."""

    TLSA = "tlsa"
    STS = "sts"
    NONE = "no-policy-found"


class Result(StrEnum):
    """What became of a session, as reports call it (RFC 8460 section 4.3). Stored; never renamed."""

    SUCCESS = "success"
    NO_STARTTLS = "starttls-not-supported"
    OTHER_HOST = "certificate-host-mismatch"
    EXPIRED = "certificate-expired"
    NOT_TRUSTED = "certificate-not-trusted"
    FAILED = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    STS_FETCH = "sts-policy-fetch-error"
    STS_INVALID = "sts-policy-invalid"
    STS_WEBPKI = "sts-webpki-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one connection has to be. `encrypted`: TLS, or no mail. `certificate`: valid for the host's name.

    `tlsa`: proven by one of these records. `trial`: only tried; where it fails the mail goes on as without policy.
    """

    encrypted: bool = False
    certificate: bool = False
    tlsa: tuple[Tlsa, ...] = ()
    names: tuple[str, ...] = ()
    trial: bool = False
    type: PolicyType = PolicyType.NONE
    domain: str = ""
    flaw: Result | None = None
    """What a report says of a session that succeeds all the same."""
    counted: bool = True

    @property
    def proof(self) -> str | None:
        """What proves the server, once the handshake succeeded."""
        if self.tlsa:
            return "dane"
        return "mta-sts" if self.certificate else None

    @property
    def given_up(self) -> Demand:
        """What is left of a trial that failed."""
        return replace(self, encrypted=False, certificate=False, trial=False, counted=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """This server may not get the mail now. `detail` is safe to show."""

    detail: str
    result: Result
    type: PolicyType


def by_tlsa(policy: Policy, host: str, usable: tuple[Tlsa, ...]) -> Demand:
    """What TLSA records demand: proof, or with none that is usable encryption alone (RFC 7672 section 2.2)."""
    return Demand(
        encrypted=True, tlsa=usable, names=tuple(dict.fromkeys((host, policy.domain))), type=PolicyType.TLSA,
        domain=policy.domain, flaw=None if usable else Result.TLSA_INVALID,
    )  # fmt: skip


def by_sts(policy: Policy, host: str) -> Demand | Forbidden:
    """What MTA-STS demands (RFC 8461 section 5); without a policy nothing."""
    if policy.sts is None or policy.sts.mode is Mode.NONE:
        return Demand(domain=policy.domain)
    if lists(policy.sts, host):
        trial = not policy.enforces
        return Demand(encrypted=True, certificate=True, trial=trial, type=PolicyType.STS, domain=policy.domain)
    if not policy.enforces:
        return Demand(type=PolicyType.STS, domain=policy.domain, flaw=Result.FAILED)
    return Forbidden(
        detail=f"the MTA-STS policy of {policy.domain} does not list this server",
        result=Result.FAILED, type=PolicyType.STS,
    )  # fmt: skip

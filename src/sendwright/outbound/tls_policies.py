"""Finds out what holds for a domain and its servers: MTA-STS by DNS and HTTPS, DANE by DNS; and remembers it.

What is remembered of MTA-STS is in the database as well: whoever cuts us off from a policy host, and waits for a
restart, must not find us without its policy (RFC 8461 section 10.2).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import structlog

from sendwright import database
from sendwright.outbound import dane, mta_sts, tls_store
from sendwright.outbound.https_get import NoPage, Page, get
from sendwright.outbound.resolve import Exchangers, NoAnswer, Resolver
from sendwright.outbound.tls_counts import Counts, Line, Tally
from sendwright.outbound.tls_policy import Demand, Forbidden, Policy, PolicyType, Result, by_sts, by_tlsa

log = structlog.get_logger()

FETCH_AGAIN = timedelta(minutes=5)
"""After a fetch that failed (RFC 8461 section 3.3)."""
FETCH_ANEW = timedelta(minutes=1)
"""After one that succeeded: neither an id that never stays the same nor a max_age of 0 makes us fetch for each mail."""
FRESH = timedelta(days=1)
"""A policy older than this is fetched again, unless half its life is less."""
FETCH_LIMIT = timedelta(seconds=10)
COUNTS_KEPT = timedelta(days=35)
_MOST_ADDRESSES = 2
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of a domain. `kept` None: it had no policy so far."""

    kept: tls_store.KeptPolicy | None = None
    policy: mta_sts.StsPolicy | None = None
    not_before: datetime | None = None
    """No fetch before this."""

    def holds(self, now: datetime) -> mta_sts.StsPolicy | None:
        return self.policy if self.kept is not None and now < self.kept.expires_at else None

    def is_fresh(self, record_id: str, now: datetime) -> bool:
        if self.kept is None or self.kept.record_id != record_id or now >= self.kept.expires_at:
            return False
        return now - self.kept.fetched_at < min(FRESH, (self.kept.expires_at - self.kept.fetched_at) / 2)


class TlsPolicies:
    """One per process. `db` None: nothing outlives it. `ca_file`: who vouches for policy hosts and exchangers, as PEM;
    without it the authorities the system trusts. `now` gives aware datetimes.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        now: Callable[[], datetime],
        db: database.Database | None = None,
        ca_file: str | None = None,
        https_port: int = 443,
    ) -> None:
        self.now = now
        self.tally = Tally()
        self._resolver = resolver
        self._db = db
        self._ca_file = ca_file
        self._https_port = https_port
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    # --- what holds

    async def of(self, domain: str, exchangers: Exchangers, *, relaxed: bool = False) -> Policy:
        """What holds for the mail of a domain. `relaxed`: the sender would rather have it delivered (RFC 8689)."""
        if relaxed or domain.startswith("["):
            return Policy(domain=domain)
        return Policy(domain=domain, sts=await self._sts(domain), dane=exchangers.secure)

    async def demand(self, policy: Policy, host: str, port: int) -> Demand | Forbidden:
        """What holds for a connection to one of the exchangers. DANE goes before MTA-STS (RFC 8461 section 2)."""
        found = await self._resolver.tlsa(host, port) if policy.dane else ()
        if isinstance(found, NoAnswer):  # maybe forged: not now, and never without (RFC 7672 section 2.1.2)
            asked = f"whether DANE protects it is not known: {found.detail}"
            return Forbidden(detail=asked, result=Result.DNSSEC_INVALID, type=PolicyType.TLSA)
        if not found:
            return by_sts(policy, host)
        return by_tlsa(policy, host, dane.usable(found))

    def count(self, domain: str, type_: PolicyType, result: Result, host: str = "") -> None:
        """For the report of the day."""
        self.tally.count(Line(day=self.now().date(), domain=domain, type=type_, result=result, host=host))

    @cached_property
    def context(self) -> ssl.SSLContext:
        """For who has to have a certificate that is valid for the name."""
        return ssl.create_default_context(cafile=self._ca_file)

    # --- upkeep

    async def write_down(self) -> None:
        """Writes the counts. What cannot be written waits for the next time."""
        if self._db is None:
            return
        counts = self.tally.take()
        try:
            await self._db.write(_upkeep, counts, self.now())
        except database.Unavailable:
            self.tally.give_back(counts)

    # --- MTA-STS

    async def _sts(self, domain: str) -> mta_sts.StsPolicy | None:
        try:
            async with self._asking.setdefault(domain, asyncio.Lock()):
                return await self._sts_alone(domain)
        finally:
            self._asking.pop(domain, None)

    async def _sts_alone(self, domain: str) -> mta_sts.StsPolicy | None:
        known, now = await self._recall(domain), self.now()
        record_id = mta_sts.record_id(await self._resolver.texts(f"_mta-sts.{domain}"))
        waits = known.not_before is not None and now < known.not_before
        if record_id is None or waits or known.is_fresh(record_id, now):
            return known.holds(now)
        fetched = await self._fetch(domain, record_id)
        if isinstance(fetched, _Known):
            await self._keep(domain, fetched)
            return fetched.holds(now)
        log.warning("mta_sts_policy_not_fetched", domain=domain, reason=fetched.detail)
        self.count(domain, PolicyType.STS, fetched.result)
        self._remember(domain, _Known(kept=known.kept, policy=known.policy, not_before=now + FETCH_AGAIN))
        return known.holds(now)

    async def _fetch(self, domain: str, record_id: str) -> _Known | Forbidden:
        host = f"mta-sts.{domain}"
        found = await self._get(host)
        if isinstance(found, NoPage):
            return _unfetched(found.reason, Result.STS_WEBPKI if found.untrusted else Result.STS_FETCH)
        if found.status != 200:  # a redirect is not followed (section 3.3)
            return _unfetched(f"{host} answered {found.status}", Result.STS_FETCH)
        if found.media != "text/plain":  # what users may upload to a web server is no policy
            return _unfetched(f"{host} answered with something else than text/plain", Result.STS_INVALID)
        policy = mta_sts.read_policy(found.body)
        if isinstance(policy, mta_sts.BadPolicy):
            return _unfetched(policy.reason, Result.STS_INVALID)
        now = self.now()
        kept = tls_store.KeptPolicy(
            domain=domain, record_id=record_id, text=found.body.decode().replace("\0", ""), fetched_at=now,
            expires_at=now + policy.max_age,
        )  # fmt: skip
        return _Known(kept=kept, policy=policy, not_before=now + FETCH_ANEW)

    async def _get(self, host: str) -> Page | NoPage:
        """A stranger's DNS names the policy host: no address inside is connected to (attack A14)."""
        found = await self._resolver.addresses(host)
        answer: Page | NoPage = NoPage(reason=f"{host} has no address that may be connected to")
        ips = found.ips[:_MOST_ADDRESSES]
        for ip in ips:
            answer = await get(
                host, "/.well-known/mta-sts.txt", ip=ip, port=self._https_port, context=self.context,
                most=mta_sts.MOST_OCTETS, limit=FETCH_LIMIT.total_seconds() / len(ips),
            )  # fmt: skip
            if isinstance(answer, Page):
                return answer
        return answer

    async def _recall(self, domain: str) -> _Known:
        known = self._known.get(domain)
        if known is not None or self._db is None:
            return known or _Known()
        try:
            kept = await self._db.read(tls_store.find_policy, domain)
        except database.Unavailable:
            return _Known()
        policy = None if kept is None else mta_sts.read_policy(kept.text.encode())
        known = _Known(kept=kept, policy=policy) if isinstance(policy, mta_sts.StsPolicy) else _Known()
        return self._remember(domain, known)

    async def _keep(self, domain: str, known: _Known) -> None:
        self._remember(domain, known)
        if self._db is None or known.kept is None:
            return
        try:
            await self._db.write(tls_store.keep_policy, known.kept)
        except database.Unavailable as fault:
            log.warning("mta_sts_policy_not_kept", domain=domain, fault=str(fault))

    def _remember(self, domain: str, known: _Known) -> _Known:
        self._known.pop(domain, None)
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[domain] = known
        return known


def _unfetched(reason: str, result: Result) -> Forbidden:
    return Forbidden(detail=reason, result=result, type=PolicyType.STS)


def _upkeep(conn: database.Connection, counts: Counts, now: datetime) -> None:
    tls_store.add_counts(conn, counts)
    tls_store.forget_counts(conn, (now - COUNTS_KEPT).date())
    tls_store.forget_policies(conn, now)

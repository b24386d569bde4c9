"""By what each delivery leaves: the account's fleet at hand, and the rule's choice made into a way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sendwright import accounts, database, egresses, outbound
from sendwright.composing.refusals import suspended

_FRESH = timedelta(seconds=3)
_MOST = 10_000
_LOOK_AGAIN = timedelta(minutes=10)

Place = tuple[int, str]
"""(account, egress)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A delivery as far as its way depends on it. `previous`: the egress by which it was tried."""

    account_id: int
    stream: str
    delivery_id: str
    domain: str
    previous: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """From here, by this way. `grant`: to be counted in the transaction that begins it."""

    way: outbound.Way
    grant: egresses.Grant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """From the machine that has the address."""

    egress: str
    machine: str
    grant: egresses.Grant | None = None


Departure = Leaves | Elsewhere | egresses.Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    at: datetime
    fleet: egresses.Fleet
    account: accounts.Account | None


class Ways:
    """What is known of the accounts' ways out, each for some seconds. One for a process.

    `machine`: what this machine is called; a source address is used only where it is. `sandbox`: the installation
    keeps all mail; then nothing leaves by any way, and no warm-up is counted.
    """

    def __init__(self, db: database.Database, seal: database.Seal, *, machine: str, sandbox: bool) -> None:
        self._db, self._seal, self._machine, self._sandbox = db, seal, machine, sandbox
        self._kept: dict[int, _Kept] = {}
        self._elsewhere: tuple[datetime, frozenset[Place]] | None = None

    async def learn(self, account_ids: Iterable[int], now: datetime) -> None:
        """Makes sure that what is known of these accounts is fresh."""
        stale = [account_id for account_id in set(account_ids) if not self._is_fresh(account_id, now)]
        if not stale:
            return
        fleets, known = await self._db.read(_read, self._seal, stale)
        if len(self._kept) + len(stale) > _MOST:
            self._kept.clear()
        for account_id, fleet in fleets.items():
            warmed = replace(fleet, warmups={}) if self._sandbox else fleet
            self._kept[account_id] = _Kept(at=now, fleet=warmed, account=known.get(account_id))

    def forget(self, account_ids: Iterable[int]) -> None:
        """What is known of them is not true any more."""
        for account_id in account_ids:
            self._kept.pop(account_id, None)

    def departure(self, asked: Asked, now: datetime) -> Departure:
        """By what a delivery of an account that was learned of leaves, or from when it may."""
        kept = self._kept[asked.account_id]
        choice = egresses.choose(
            kept.fleet, asked.stream, asked.delivery_id, asked.domain, now, asked.previous
        )  # fmt: skip
        match choice:
            case egresses.Own():
                return Leaves(way=outbound.OWN_WAY)
            case egresses.Wait():
                return choice
            case egresses.Chosen(egress=name, grant=grant):
                if grant is not None:
                    fleet = egresses.counted(kept.fleet, grant, now)
                    self._kept[asked.account_id] = replace(kept, fleet=fleet)
                return self._by(kept.fleet.egresses[name], grant)

    def stopped(self, account_id: int, now: datetime) -> egresses.Wait | None:
        """An account that is suspended: what it has waiting stays until it is resumed."""
        refusal = suspended(self._kept[account_id].account)
        return None if refusal is None else egresses.Wait(until=now + _LOOK_AGAIN, why=refusal.explanation)

    async def elsewhere(self, now: datetime) -> frozenset[Place]:
        """The egresses whose deliveries are not to be claimed here: only other machines can use them."""
        if self._sandbox:
            return frozenset()
        if self._elsewhere is None or abs(now - self._elsewhere[0]) >= _FRESH:
            self._elsewhere = now, await self._db.read(egresses.elsewhere, self._machine)
        return self._elsewhere[1]

    def _by(self, egress: egresses.Egress, grant: egresses.Grant | None) -> Departure:
        if self._sandbox:
            return Leaves(way=outbound.Way(name=egress.name))
        if isinstance(egress.means, egresses.OwnAddress) and not egresses.is_here(egress, self._machine):
            return Elsewhere(egress=egress.name, machine=egress.means.machine, grant=grant)
        return Leaves(way=way_of(egress), grant=grant)

    def _is_fresh(self, account_id: int, now: datetime) -> bool:
        kept = self._kept.get(account_id)
        return kept is not None and abs(now - kept.at) < _FRESH


def way_of(egress: egresses.Egress) -> outbound.Way:
    """What an egress means for a connection: an address goes straight to the recipients' servers."""
    match egress.means:
        case egresses.Relay(url=url):
            return outbound.Way(name=egress.name, route=outbound.parse_route(url))
        case egresses.OwnAddress(ip=ip, ehlo_name=ehlo_name, proxy=proxy):
            return outbound.Way(
                name=egress.name, route=outbound.DirectMx(), ehlo_name=ehlo_name, source_ip=ip,
                proxy=None if proxy is None else _proxy(proxy),
            )  # fmt: skip


def _proxy(text: str) -> outbound.Proxy:
    kind, _, where = text.partition("://")
    host, _, port = where.rpartition(":")
    return outbound.Proxy(kind=outbound.ProxyKind(kind), host=host.strip("[]"), port=int(port))


def _read(
    conn: database.Connection, seal: database.Seal, account_ids: list[int]
) -> tuple[dict[int, egresses.Fleet], dict[int, accounts.Account]]:
    return egresses.fleets(conn, seal, account_ids), accounts.states(conn, account_ids)

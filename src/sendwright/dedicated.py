"""The story of a dedicated address: added, looked at, put into a pool, warmed up, paused, taken away.

What the operator does and what an account's own people do differ in one thing: an account may bring only an address
whose name, in DNS both ways, is under a domain that it has connected. That proves that the address is meant for it. A
relay or a proxy names a host for this machine to connect to, so only the operator names one.

Every change says in the audit log who made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sendwright import accounts, database, domains, egresses, outbound

OPERATOR, ACCOUNT = "operator", "account"
DNS = "dns"
"""Who changed an egress, in the audit log, when nobody did but its records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where it is done: for one account, by `who`, on a machine of this name."""

    db: database.Database
    seal: database.Seal
    names: egresses.Names
    machine: str
    account_id: int
    who: str
    now: datetime


async def add_by_operator(office: Office, name: str, means: egresses.OwnAddress | egresses.Relay) -> egresses.Egress:
    """A new egress, checked. `ValueError` with a sentence; what DNS lacks is no fault but a finding."""
    egress = egresses.Egress(
        account_id=office.account_id, name=egresses.read_name(name), means=means,
        state=egresses.EgressState.ACTIVE, created_at=office.now, check=await _check(office, means),
    )  # fmt: skip
    await office.db.write(_add, office, egress)
    return egress


async def add_by_account(office: Office, name: str, means: egresses.OwnAddress) -> egresses.Egress:
    """Likewise, where the name said at EHLO is under a connected domain of the account. `ValueError` if it is not."""
    under = await _connected(office)
    if not any(means.ehlo_name == domain or means.ehlo_name.endswith("." + domain) for domain in under):
        raise ValueError(f"{means.ehlo_name} is under none of your connected domains: connect its domain first")
    if means.proxy is not None:
        raise ValueError("a proxy is named by the operator: ask for it")
    return await add_by_operator(office, name, means)


async def check(office: Office, name: str) -> egresses.Egress | None:
    """Looks again and keeps what was found. None when there is no such egress.

    One that was fit stays so while DNS does not answer: silence proves nothing, and mail would move for a hiccup.
    """
    egress = await office.db.read(egresses.find_egress, office.seal, office.account_id, name)
    if egress is None or egress.state is egresses.EgressState.RETIRED:
        return None
    found = await _check(office, egress.means)
    if found is not None and egress.verified:
        found = replace(found, findings=tuple(replace(f, fatal=f.fatal and not f.unsure) for f in found.findings))
    if found is not None:
        await office.db.write(egresses.note_check, office.account_id, name, found)
    return replace(egress, check=found)


async def force(office: Office, name: str) -> egresses.Egress | None:
    """Looks again, and uses the egress from now on whatever was found: the operator answers for it."""
    egress = await check(office, name)
    if egress is None or egress.check is None:
        return egress
    await office.db.write(_force, office, name, egress.check)
    return replace(egress, forced=True)


async def pause(office: Office, name: str, reason: str) -> bool:
    """Nothing leaves by it; its waiting mail moves to others. False when it was not active."""
    return await office.db.write(_pause, office, name, reason)


async def resume(office: Office, name: str) -> bool:
    """Mail leaves by it again. False when it was not paused, or when the operator paused it and an account asks."""
    return await office.db.write(_resume, office, name)


async def remove(office: Office, name: str) -> bool:
    """It is gone for good; its waiting mail moves to others. False when there is none of this name.

    `ValueError` when the operator paused it and an account asks: it could be back at once under another name.
    """
    return await office.db.write(_remove, office, name)


async def set_pool(office: Office, pool: egresses.Pool) -> None:
    """The pool of a stream from now on. `ValueError` with a sentence."""
    await office.db.write(_set_pool, office, pool)


async def remove_pool(office: Office, stream: egresses.Stream) -> bool:
    """The stream leaves by the installation's own way from now on. False when it had no pool."""
    return await office.db.write(_remove_pool, office, stream)


async def start_warmup(office: Office, warmup: egresses.Warmup) -> None:
    """A plan from its first day. `ValueError` with a sentence."""
    await office.db.write(_start_warmup, office, warmup)


async def stop_warmup(office: Office, egress: str) -> bool:
    """The egress has no cap from now on. False when it had none."""
    return await office.db.write(_stop_warmup, office, egress)


def relay(url: str) -> egresses.Relay:
    """A relay by its route, `smtp://[user:password@]HOST:PORT`. `ValueError` with a sentence, never the password."""
    route = outbound.parse_route(url)
    if isinstance(route, outbound.Sandbox | outbound.DirectMx):
        raise ValueError("a relay is written smtp://[user:password@]HOST:PORT, or smtps:// for TLS from the first byte")
    user = f"{route.user}@" if route.user else ""
    return egresses.Relay(url=url.strip(), shown=f"{user}{route.host}:{route.port}")


async def _check(office: Office, means: egresses.OwnAddress | egresses.Relay) -> egresses.Check | None:
    if isinstance(means, egresses.Relay):
        return None
    found = await egresses.check_address(office.names, means, await _connected(office), office.machine)
    return egresses.Check(at=office.now, findings=tuple(found))


async def _connected(office: Office) -> Sequence[str]:
    """Also those whose records are not right at the moment: a new address makes their SPF so."""
    known = await office.db.read(domains.list_domains, office.account_id)
    return [domain.name for domain in known if domain.state is not domains.DomainState.PENDING]


def _add(conn: database.Connection, office: Office, egress: egresses.Egress) -> None:
    lost = egresses.add_egress(conn, office.seal, egress)
    if lost is not None:
        why = "DNS says that the address is another account's"
        accounts.note(conn, lost.account_id, DNS, "egress.removed", office.now, name=lost.name, why=why)
    means = egress.means
    shown = means.shown if isinstance(means, egresses.Relay) else means.ip
    _note(conn, office, "egress.added", name=egress.name, by=shown)


def _force(conn: database.Connection, office: Office, name: str, found: egresses.Check) -> None:
    egresses.force_egress(conn, office.account_id, name, found)
    _note(conn, office, "egress.forced", name=name, findings=str(len(found.findings)))


def _pause(conn: database.Connection, office: Office, name: str, reason: str) -> bool:
    by = OPERATOR if office.who == OPERATOR else ACCOUNT
    changed = egresses.pause_egress(conn, office.account_id, name, reason, by)
    if changed:
        _note(conn, office, "egress.paused", name=name, reason=reason)
    return changed


def _resume(conn: database.Connection, office: Office, name: str) -> bool:
    may = (OPERATOR, ACCOUNT) if office.who == OPERATOR else (ACCOUNT,)
    changed = egresses.resume_egress(conn, office.account_id, name, may)
    if changed:
        _note(conn, office, "egress.resumed", name=name)
    return changed


def _remove(conn: database.Connection, office: Office, name: str) -> bool:
    spared = () if office.who == OPERATOR else (OPERATOR,)
    changed = egresses.retire_egress(conn, office.account_id, name, spared)
    if changed:
        _note(conn, office, "egress.removed", name=name)
        return True
    known = egresses.find_egress(conn, office.seal, office.account_id, name)
    if known is not None and known.state is egresses.EgressState.PAUSED:
        raise ValueError(f"{name} was paused by the operator, and stays so: ask them")
    return False


def _set_pool(conn: database.Connection, office: Office, pool: egresses.Pool) -> None:
    egresses.set_pool(conn, office.seal, pool)
    shares = ", ".join(f"{member.egress or 'installation'}={member.weight}" for member in pool.members)
    _note(conn, office, "pool.set", stream=pool.stream, members=shares)


def _remove_pool(conn: database.Connection, office: Office, stream: egresses.Stream) -> bool:
    changed = egresses.remove_pool(conn, office.account_id, stream)
    if changed:
        _note(conn, office, "pool.removed", stream=stream)
    return changed


def _start_warmup(conn: database.Connection, office: Office, warmup: egresses.Warmup) -> None:
    egresses.start_warmup(conn, office.seal, warmup)
    _note(conn, office, "warmup.started", egress=warmup.egress, days=str(len(warmup.caps)))


def _stop_warmup(conn: database.Connection, office: Office, egress: str) -> bool:
    changed = egresses.stop_warmup(conn, office.account_id, egress)
    if changed:
        _note(conn, office, "warmup.stopped", egress=egress)
    return changed


def _note(conn: database.Connection, office: Office, what: str, **details: str) -> None:
    accounts.note(conn, office.account_id, office.who, what, office.now, **details)

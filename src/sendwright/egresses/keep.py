"""Egresses, pools and plans: added, changed, found. Plain functions of a connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sendwright import database
from sendwright.egresses import store
from sendwright.egresses.model import Check, Egress, EgressState, Fleet, OwnAddress, Pool, Stream, Warmup
from sendwright.egresses.rules import read_pool

_MOST = 1000


def add_egress(conn: database.Connection, seal: database.Seal, egress: Egress) -> Egress | None:
    """A new egress. `ValueError` with a sentence if its name or its address is taken.

    Who only claims an address, and proves nothing, loses it to another account that DNS says it is meant for: that
    account's egress, retired now, is returned.
    """
    known = store.select_egresses(conn, seal, [egress.account_id])
    if len(known) >= _MOST:
        raise ValueError(f"an account has no more than {_MOST} egresses")
    if any(other.name == egress.name for other in known):
        raise ValueError(f"the account has, or had, an egress {egress.name}: give another name")
    holder = store.select_holder(conn, seal, egress.means.ip) if isinstance(egress.means, OwnAddress) else None
    if holder is not None and not _gives_way(conn, holder, egress):
        raise ValueError("this address is an egress already, here or in another account")
    store.insert_egress(conn, seal, egress)
    return holder


def _gives_way(conn: database.Connection, holder: Egress, egress: Egress) -> bool:
    is_mere_claim = not holder.verified and not holder.forced and holder.account_id != egress.account_id
    return is_mere_claim and egress.verified and retire_egress(conn, holder.account_id, holder.name)


def find_egress(conn: database.Connection, seal: database.Seal, account_id: int, name: str) -> Egress | None:
    """One egress of an account, also a retired one."""
    return store.select_egress(conn, seal, account_id, name)


def list_egresses(conn: database.Connection, seal: database.Seal, account_id: int) -> list[Egress]:
    """The account's egresses by name, without those that are retired."""
    every = store.select_egresses(conn, seal, [account_id])
    return [egress for egress in every if egress.state is not EgressState.RETIRED]


def pause_egress(conn: database.Connection, account_id: int, name: str, reason: str, who: str) -> bool:
    """Nothing leaves by it from now on; its waiting mail moves to others. False when it was not active."""
    return store.set_paused(conn, account_id, name, reason, who)


def resume_egress(conn: database.Connection, account_id: int, name: str, paused_by: Iterable[str]) -> bool:
    """Mail may leave by it again. False when it was not paused, or by none of these."""
    return store.set_active(conn, account_id, name, paused_by)


def retire_egress(conn: database.Connection, account_id: int, name: str, spared: Iterable[str] = ()) -> bool:
    """It is gone from every pool for ever; its waiting mail moves to others.

    False when there is none of this name, or one of `spared` has paused it.
    """
    retired = store.set_retired(conn, account_id, name, spared)
    if retired:
        store.delete_member(conn, account_id, name)
        store.delete_warmup(conn, account_id, name)
    return retired


def note_check(conn: database.Connection, account_id: int, name: str, check: Check) -> bool:
    """Keeps what a check found. False when there is no such egress."""
    return store.set_check(conn, account_id, name, check, None)


def force_egress(conn: database.Connection, account_id: int, name: str, check: Check) -> bool:
    """Keeps what a check found, and uses the egress whatever that is. False when there is no such egress."""
    return store.set_check(conn, account_id, name, check, True)


def set_pool(conn: database.Connection, seal: database.Seal, pool: Pool) -> None:
    """The pool of a stream from now on. `ValueError` with a sentence."""
    account_id = pool.account_id
    egresses = {egress.name: egress for egress in store.select_egresses(conn, seal, [account_id])}
    store.replace_pool(conn, read_pool(pool, egresses, store.select_pools(conn, [account_id])))


def remove_pool(conn: database.Connection, account_id: int, stream: Stream) -> bool:
    """The stream leaves by the installation's own way from now on. False when it had no pool."""
    return store.delete_pool(conn, account_id, stream)


def list_pools(conn: database.Connection, account_id: int) -> list[Pool]:
    """The account's pools."""
    return store.select_pools(conn, [account_id])


def start_warmup(conn: database.Connection, seal: database.Seal, warmup: Warmup) -> None:
    """A new plan, from its first day. `ValueError` when there is no such egress."""
    egress = store.select_egress(conn, seal, warmup.account_id, warmup.egress)
    if egress is None or egress.state is EgressState.RETIRED:
        raise ValueError(f"there is no egress {warmup.egress!r}: see sendwright egress list")
    store.insert_warmup(conn, warmup)


def stop_warmup(conn: database.Connection, account_id: int, egress: str) -> bool:
    """The egress has no cap from now on. False when it had no plan."""
    return store.delete_warmup(conn, account_id, egress)


def fleets(conn: database.Connection, seal: database.Seal, account_ids: Iterable[int]) -> dict[int, Fleet]:
    """Of each of the accounts, in few statements; one without egresses and pools has an empty fleet."""
    ids = sorted(set(account_ids))
    found = {account_id: Fleet(account_id=account_id) for account_id in ids}
    plans = store.select_warmups(conn, ids)
    days = store.select_days(conn, plans)
    for egress in store.select_egresses(conn, seal, ids):
        mine = found[egress.account_id]
        found[egress.account_id] = replace(mine, egresses={**mine.egresses, egress.name: egress})
    for pool in store.select_pools(conn, ids):
        mine = found[pool.account_id]
        found[pool.account_id] = replace(mine, pools={**mine.pools, pool.stream: pool})
    for plan in plans:
        mine = found[plan.account_id]
        found[plan.account_id] = replace(
            mine, warmups={**mine.warmups, plan.egress: plan}, days=days.get(plan.account_id, {})
        )
    return found


def elsewhere(conn: database.Connection, machine: str) -> frozenset[tuple[int, str]]:
    """Account and name of the egresses that only other machines can use."""
    return frozenset(store.select_elsewhere(conn, machine))

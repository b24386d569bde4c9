"""``sendwright warmup``: how a new address gets its daily caps, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from sendwright import dedicated, egresses
from sendwright.run.cli.common import AccountId, AsJson, Data, DatabaseUrl, Failed, settings_for, show_json, show_table
from sendwright.run.cli.egress import in_office

app = typer.Typer(help="Daily caps for a new address, growing by sending days.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The egress's name.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    plan: egresses.Warmup
    progress: list[egresses.Progress]


@app.command()
def start(
    name: Name,
    first: Annotated[int, typer.Option(help="Mails to each provider on the first sending day.")] = 200,
    growth: Annotated[int, typer.Option(help="By how many percent each sending day may send more.")] = 50,
    days: Annotated[int, typer.Option(help="After how many sending days there is no cap any more.")] = 14,
    overflow: Annotated[
        egresses.Overflow, typer.Option(help="Mail over the cap: to others of the pool, or held until there is room.")
    ] = egresses.Overflow.POOL,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Start a plan. A plan that the address has is replaced, and its counts with it."""

    async def work(office: dedicated.Office) -> list[_Shown]:
        plan = egresses.Warmup(
            account_id=office.account_id, egress=name, caps=egresses.curve(first, growth, days), overflow=overflow,
            started_at=office.now,
        )  # fmt: skip
        await dedicated.start_warmup(office, plan)
        return [_Shown(plan=plan, progress=egresses.progress(plan, {}, office.now))]

    _show(in_office(settings_for(data, database_url), account, work), as_json)


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="The egress's name; without it, all that have a plan.")] = None,
    account: AccountId = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show how far each provider is: the sending day, the cap, what was sent today and what came of it."""

    async def work(office: dedicated.Office) -> list[_Shown]:
        fleet = (await office.db.read(egresses.fleets, office.seal, [office.account_id]))[office.account_id]
        return [
            _Shown(plan=plan, progress=egresses.progress(plan, fleet.days, office.now))
            for plan in fleet.warmups.values()
            if name in (None, plan.egress)
        ]

    _show(in_office(settings_for(data, database_url), account, work), as_json)


@app.command()
def stop(
    name: Name, account: AccountId = None, data: Data = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Lift the caps. The counts are forgotten."""
    changed = in_office(settings_for(data, database_url), account, lambda office: dedicated.stop_warmup(office, name))
    if not changed:
        raise Failed(f"{name} has no warm-up plan: see sendwright warmup show")
    if as_json:
        show_json({"egress": name, "stopped": True})
    else:
        print(f"{name} has no daily cap any more.")


def _show(shown: list[_Shown], as_json: bool) -> None:
    if as_json:
        show_json([_document(each) for each in shown])
        return
    rows = [
        (
            each.plan.egress, p.provider, _day(each.plan, p), "-" if p.cap is None else p.cap, p.today.begun,
            p.today.delivered, p.today.deferred, p.today.bounced, p.today.complained, _note(p),
        )
        for each in shown
        for p in each.progress
    ]  # fmt: skip
    heads = ("EGRESS", "PROVIDER", "DAY", "CAP", "BEGUN", "TAKEN", "PUT OFF", "REFUSED", "SPAM", "NOW")
    show_table(heads, rows, "No warm-up. An address for receipts needs none; start one with: sendwright warmup start")


def _day(plan: egresses.Warmup, p: egresses.Progress) -> str:
    return "done" if p.cap is None else f"{p.sending_day} of {len(plan.caps)}"


def _note(p: egresses.Progress) -> str:
    if p.trouble is not None:
        return f"paused until tomorrow: {p.trouble}"
    if p.cap is None:
        return "warm"
    return "full for today" if p.today.begun >= p.cap else "sending"


def _document(each: _Shown) -> dict[str, object]:
    plan = each.plan
    return {
        "egress": plan.egress, "startedAt": plan.started_at.isoformat(), "overflow": plan.overflow,
        "caps": list(plan.caps), "providers": [_provider(p) for p in each.progress],
    }  # fmt: skip


def _provider(p: egresses.Progress) -> dict[str, object]:
    return {
        "provider": p.provider, "sendingDay": p.sending_day, "cap": p.cap, "trouble": p.trouble,
        "today": _counts(p.today), "history": [_counts(day) for day in p.history],
    }  # fmt: skip


def _counts(day: egresses.Day) -> dict[str, int]:
    return {
        "begun": day.begun, "delivered": day.delivered, "deferred": day.deferred, "bounced": day.bounced,
        "complained": day.complained,
    }  # fmt: skip

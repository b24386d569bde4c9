"""Clicks: a followed link, its event stored, beside bare routes that do the same in the same seconds."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from functools import partial
from uuid import UUID

from bench import receipt
from bench.accept import timed_load
from bench.load import Job
from bench.peers.clicks import KINDS, token_of
from bench.programs import run_load, running
from bench.report import Report, compare
from bench.rounds import Plan, Sample, interleave
from bench.shop import Served, Shop, open_shop
from sendwright import database, ledger, tracking

_CONNECTIONS = 32
_MAILS = 200
_LINKS = 10
_TARGET = 0.8
_STARTS_AT = UUID("01900000-0000-7000-8000-000000000000").int


def run(plan: Plan) -> Report:
    """One process with all its roles, 32 connections."""
    report = Report(title=f"redirect: GET of a tracked link, 302, its event stored; {_CONNECTIONS} connections")
    shop = open_shop(plan.place / "ours")
    with ExitStack() as stack:
        served = stack.enter_context(shop.served(route="sandbox"))
        contenders = {"ours": partial(_clicks, served.port, served.pid, _tracked_links(served), plan.seconds)}
        links = [f"/t/c/{token_of(f'{n} https://shop.example.com/articles/{n}')}" for n in range(_MAILS * _LINKS)]
        for kind in KINDS:
            command = [sys.executable, "-m", "bench.peers.clicks", kind, str(plan.place / f"{kind}.db")]
            peer, ready = stack.enter_context(running(command))
            contenders[kind] = partial(_clicks, int(ready["port"]), peer.pid, links, plan.seconds)
        for contender in contenders.values():
            contender()
        rounds = interleave(plan, contenders)
    report.take(rounds)
    report.figures += [
        compare(rounds, "beside a Starlette route", "ours", "starlette", _TARGET, 1.0),
        compare(rounds, "beside raw ASGI", "ours", "raw"),
        compare(rounds, "beside a route storing nothing", "ours", "unstored"),
    ]
    report.notes.append("the stretch goal of the reference is raw ASGI; its ratio stands in the second line")
    return report


def _clicks(port: int, pid: int, paths: list[str], seconds: float) -> Sample:
    requests = receipt.gets(paths)
    job = Job(ports=[port], connections=_CONNECTIONS, requests=requests, status=302, seconds=seconds)
    return timed_load(job, pid)


def _tracked_links(served: Served) -> list[str]:
    """Links of mails that were really sent, sealed with the installation's own key."""
    shop = served.shop
    requests = receipt.sends(shop.token, served.publish_receipt())
    run_load(Job(ports=[served.port], connections=10, requests=requests, status=200, count=_MAILS))
    shop.await_settled(60)
    return asyncio.run(_sealed(shop))


async def _sealed(shop: Shop) -> list[str]:
    async with shop.opened() as (db, seal):
        key = tracking.TrackingKey(seal.derive("tracking"))
        sent = await db.read(_newest, shop.account_id)
    return [
        "/t/c/" + tracking.seal_click([key], tracking.Click(
            account_id=shop.account_id, send_id=send.id, link=link, url=f"https://shop.example.com/articles/{link}",
        ))
        for send in sent for link in range(_LINKS)
    ]  # fmt: skip


def _newest(conn: database.Connection, account_id: int) -> list[ledger.Send]:
    return ledger.find_sends(conn, account_id, ledger.SendFilter(), before=None, limit=_MAILS)

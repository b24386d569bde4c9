"""The installed program meets what a domain demands of TLS, says so, and counts it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.nursery import Nursery
from tests.e2e.program import Program, until
from tests.e2e.submitters import SmtpToken, session, tls_port
from tests.fakes.authority import Authority, Shown
from tests.fakes.name_server import Zone, name_server
from tests.fakes.smtp_peer import EHLO, Script, scripted
from tests.outbound.test_post_tls import GOOD

pytestmark = pytest.mark.anyio

HOST = "mx1.example.org"
MAIL = "From: hello@{domain}\r\nTo: ann@example.org\r\nSubject: Payslip\r\n\r\nhi\r\n"


def zone_of(port: int, shown: Shown) -> Zone:
    proof = f"3 1 1 {hashlib.sha256(shown.spki).hexdigest()}"
    return {
        ("example.org", "MX"): [f"10 {HOST}."],
        (HOST, "A"): ["127.0.0.1"],
        (f"_{port}._tcp.{HOST}", "TLSA"): [proof],
    }


def sent_with_a_token_that_requires_tls(program: Program) -> dict[str, Any]:
    """What the ledger says of the mail, once it was tried."""
    boot = program.bootstrap()
    token = told(program, "tokens", "create", "--campaign", "Payslips", "--tls", "required", "--json")
    with session(tls_port(program), SmtpToken(user=token["id"], password=token["password"])) as line:
        line.sendmail(f"hello@{boot.domain}", ["ann@example.org"], MAIL.format(domain=boot.domain))
    with program.client(boot) as client:
        return until(lambda: _tried(client))


def _tried(client: Any) -> dict[str, Any] | None:
    (found,) = client.get("/api/v1/sends").json()["results"]
    whole: dict[str, Any] = client.get(f"/api/v1/sends/{found['id']}").json()
    return whole if whole["attempts"] else None


def told(program: Program, *words: str) -> Any:
    done = program.command(*words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def whole(nursery: Nursery, tmp_path: Path, script: Script, shown: Shown, work: Callable[[Program], Any]) -> Any:
    async with scripted(script, context=shown.context) as peer, name_server({}) as dns:
        dns.zone, dns.signed = zone_of(peer.port, shown), True
        settings = {
            "resolver": dns.address, "resolver_validates": "true", "mx_port": str(peer.port),
            "allow_private_mx": "true", "submissions": "127.0.0.1:0",
        }  # fmt: skip
        program = Program(data=tmp_path / "data", route="mx", settings=settings, nursery=nursery)
        try:
            await asyncio.to_thread(program.start)
            return await asyncio.to_thread(work, program)
        finally:
            await asyncio.to_thread(program.kill)


async def test_a_mail_proven_by_dane_is_delivered_told_and_counted(nursery: Nursery, tmp_path: Path):
    def work(program: Program) -> tuple[dict[str, Any], Any]:
        sent = sent_with_a_token_that_requires_tls(program)
        program.stop()
        return sent, told(program, "tls-report", datetime.now(UTC).date().isoformat(), "--json")  # noqa: TID251

    sent, report = await whole(nursery, tmp_path, GOOD, Authority().vouches(HOST, alone=True), work)
    assert "proven by DANE" in sent["attempts"][0]["message"]
    (policy,) = report["policies"]
    assert policy["policy"] == {"policy-type": "tlsa", "policy-domain": HOST}
    assert policy["summary"] == {"total-successful-session-count": 1, "total-failure-session-count": 0}


async def test_a_mail_that_requires_tls_waits_where_there_is_none(nursery: Nursery, tmp_path: Path):
    sent = await whole(
        nursery, tmp_path, list(EHLO), Authority().vouches(HOST, alone=True), sent_with_a_token_that_requires_tls
    )
    assert sent["attempts"][0]["tls"] is None
    assert "no TLS" in sent["attempts"][0]["message"]

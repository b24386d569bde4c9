"""Reads and judges what was stored, some reports at a time. It may be cut off anywhere, and be done twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from sendwright import database, feedback, ledger, mail
from sendwright.failpoints import failpoint
from sendwright.feedback import Addressed, Finding, Understood
from sendwright.receive.effects import settle
from sendwright.receive.office import Office
from sendwright.receive.rules import judge_bounce, judge_complaint, trusted

log = structlog.get_logger()

_AT_ONCE = 50
_MOST_TRIES = 12
"""At five minutes each: a key that cannot be had for an hour is not had."""
_MOST_LEAVES = 50
_MOST_LEAF = 256 * 1024


async def understand(office: Office) -> int:
    """Takes some of the reports that wait. How many it looked at; raises `database.Unavailable`."""
    reports = await office.db.read(feedback.waiting_reports, office.now(), _AT_ONCE)
    for report in reports:
        try:
            await _understand_one(office, report)
        except database.Unavailable:
            raise
        except Exception:  # the fault barrier of one report: a bug met by it does not hold up the others
            log.exception("report_failed", report=report.id)
            await _put_off(office, report, "a fault in Sendwright: see the log")
    return len(reports)


async def replay(office: Office, account_id: int, report_id: str) -> bool:
    """Has a report looked at once more, from which nothing followed. False if something did, or there is none."""
    again = await office.db.write(feedback.await_again, account_id, report_id, office.now())
    report = await office.db.read(feedback.find_report, account_id, report_id)
    if again and report is not None:
        await _understand_one(office, report)
    return again


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A report, all that is known about it without the ledger."""

    report: feedback.InboundReport
    incoming: mail.IncomingReport
    name: feedback.MessageName | None
    signer: str | None


async def _understand_one(office: Office, report: feedback.InboundReport) -> None:
    failpoint("B1")
    raw = await office.db.read(feedback.read_body, report.account_id, report.id) or b""
    incoming = await asyncio.to_thread(office.read, raw)
    name, signer = None, None
    if incoming.kind == "complaint":
        name = await asyncio.to_thread(_name_in, office.key, raw)
        try:
            signer = await _signer(office, raw) if name is not None else None
        except feedback.KeyUnavailable as fault:
            if report.tries < _MOST_TRIES:
                await _put_off(office, report, str(fault))
                return
    case = _Case(report=report, incoming=incoming, name=name, signer=signer)
    found = await office.db.write(_settle, office, case)
    if found is not None:
        log.info("report_understood", report=report.id, finding=found.finding.value, why=found.why)


async def _put_off(office: Office, report: feedback.InboundReport, why: str) -> None:
    if report.tries < _MOST_TRIES:
        await office.db.write(feedback.put_off_report, report, why, office.now())
    else:
        given_up = Understood(finding=Finding.UNATTRIBUTED, why=why)
        await office.db.write(feedback.settle_report, report, given_up, office.now())


def _settle(conn: database.Connection, office: Office, case: _Case) -> Understood | None:
    """The facts are looked up in the transaction that follows from them."""
    now, report = office.now(), case.report
    if case.incoming.kind == "complaint":
        sent = _of_name(conn, report, case.name)
        verdict = judge_complaint(case.incoming, case.name, sent, case.signer, now)
        return settle(conn, office, report, verdict, now)
    if report.addressed is not Addressed.RETURN_PATH:
        return settle(conn, office, report, _for_people(report), now)
    path = feedback.read_return_path(office.key, report.recipient.rpartition("@")[0])
    known = None if path is None else ledger.find_sent(conn, path.account_id, path.delivery_id)
    return settle(conn, office, report, judge_bounce(case.incoming, path, known, now), now)


def _of_name(
    conn: database.Connection, report: feedback.InboundReport, name: feedback.MessageName | None
) -> ledger.SentDelivery | None:
    """The mail that a complaint names, if it is of the account whose address it came to."""
    if name is None or report.account_id not in (feedback.NOBODY, name.account_id):
        return None
    sent = ledger.find_sent_to(conn, name.account_id, name.send_id)
    return sent if report.delivery_id in (None, sent.id if sent else None) else None


def _for_people(report: feedback.InboundReport) -> Understood:
    if report.addressed is Addressed.POSTMASTER:
        return Understood(finding=Finding.UNATTRIBUTED, why="a mail to postmaster or abuse: for a person to read")
    return Understood(finding=Finding.UNATTRIBUTED, why="this could not be read as a complaint")


async def _signer(office: Office, raw: bytes) -> str | None:
    """The trusted domain whose signature is right, if there is one. Raises `feedback.KeyUnavailable`."""
    for signature in feedback.signatures_of(raw, office.now()):
        if not trusted(signature.domain, office.feedback_domains):
            continue
        record = await office.find_key(signature.key_name)
        if record is not None and await asyncio.to_thread(feedback.verifies, raw, signature, record):
            return signature.domain
    return None


def _name_in(key: bytes, raw: bytes) -> feedback.MessageName | None:
    """Our signed name of a mail, as it stands or in an encoded part."""
    return feedback.find_message_token(key, raw) or _name_in_parts(key, raw, [mail.read(raw).root])


def _name_in_parts(key: bytes, raw: bytes, parts: Sequence[mail.Part]) -> feedback.MessageName | None:
    waiting = list(parts)
    for _ in range(_MOST_LEAVES):
        if not waiting:
            return None
        part = waiting.pop()
        waiting += part.children
        name = None if part.children else feedback.find_message_token(key, part.content(raw, _MOST_LEAF))
        if name is not None:
            return name
    return None

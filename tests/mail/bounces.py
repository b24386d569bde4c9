"""Bounces of others and what sisimai reads in them: found where they lie (SENDWRIGHT_CORPORA), never copied."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sendwright import mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    reason: str
    hard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Shares of the files, of the recipients and again of the recipients."""

    found: float
    hard: float
    reason: float


def folder() -> Path:
    beside = Path(__file__).resolve().parents[3] / "shared" / "corpora"
    return Path(os.environ.get("SENDWRIGHT_CORPORA", beside)) / "bounces"


def mails() -> Iterator[tuple[str, bytes, list[Expected]]]:
    listed = json.loads((folder() / "expected.json").read_text("utf-8"))
    for name, recipients in sorted(listed.items()):
        raw = (folder() / "mails" / f"{name}.eml").read_bytes()
        yield name, raw, [Expected(reason=one["reason"], hard=one["hard"]) for one in recipients]


def not_bounces() -> list[Path]:
    return sorted((folder() / "not_bounces").glob("*.eml"))


def score() -> Score:
    found, hard, reason = [], [], []
    for _, raw, expected in mails():
        report = mail.read_report(raw)
        is_report = report.kind in (mail.ReportKind.BOUNCE, mail.ReportKind.COMPLAINT)
        found.append(is_report and len(report.recipients) == len(expected))
        for number, one in enumerate(expected):
            read = report.recipients[number] if number < len(report.recipients) else None
            hard.append(read is not None and read.hard is one.hard)
            reason.append(read is not None and read.reason.value == one.reason)
    return Score(found=sum(found) / len(found), hard=sum(hard) / len(hard), reason=sum(reason) / len(reason))

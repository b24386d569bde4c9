"""``sendwright read-report``: what a bounce, a complaint or an automatic reply says. Needs no database."""

from __future__ import annotations

import json
import sys
from typing import Annotated, BinaryIO

import typer

from sendwright import mail
from sendwright.run.cli.common import AsJson, show_table

_MOST = 8 * 1024 * 1024
"""Octets of a file that are read; the reader itself looks at the first megabyte of them."""

_HEADS = ("FILE", "KIND", "ADDRESS", "STATUS", "REPLY", "REASON", "HARD")


def read_report(
    files: Annotated[list[str], typer.Argument(help="Files with one mail each; - is standard input.")],
    as_json: AsJson = False,
) -> None:
    """Read mails that came back: bounces, complaints, automatic replies. With --json one object per file and line."""
    rows: list[tuple[object, ...]] = []
    faults = 0
    for name in files:
        try:
            report = mail.read_report(_content(name))
        except OSError as fault:
            faults += 1
            print(f"sendwright: {name} cannot be read: {fault.strerror or fault}.", file=sys.stderr)
            continue
        if as_json:
            print(json.dumps(_document(name, report), ensure_ascii=False), flush=True)
        rows += _rows(name, report)
    if not as_json and rows:
        show_table(_HEADS, rows, "")
    if faults:
        raise typer.Exit(1)


def _content(name: str) -> bytes:
    if name == "-":
        return _start(sys.stdin.buffer)
    with open(name, "rb") as file:
        return _start(file)


def _start(file: BinaryIO) -> bytes:
    return file.read(_MOST)


def _document(name: str, report: mail.IncomingReport) -> dict[str, object]:
    return {"file": name, "kind": report.kind.value, "recipients": [_recipient(one) for one in report.recipients]}


def _recipient(one: mail.ReportedAddress) -> dict[str, object]:
    return {
        "address": one.address,
        "status": one.status,
        "reply_code": one.reply_code,
        "reason": one.reason.value,
        "hard": one.hard,
    }


def _rows(name: str, report: mail.IncomingReport) -> list[tuple[object, ...]]:
    """A row for each recipient; a mail that is about nobody has one as well."""
    kind = report.kind.value
    return [
        (
            name,
            kind,
            one.address or "(hidden)",
            one.status,
            one.reply_code,
            one.reason.value,
            "yes" if one.hard else "no",
        )
        for one in report.recipients
    ] or [(name, kind, "", "", "", "", "")]

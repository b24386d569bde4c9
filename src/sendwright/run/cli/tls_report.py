"""``sendwright tls-report``: how TLS went with other mail servers on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from sendwright import database, outbound
from sendwright.run.cli.common import AsJson, Data, DatabaseUrl, Failed, settings_for, show_json, show_table, with_store
from sendwright.run.clock import SystemClock
from sendwright.run.settings import Settings, smtp_name

_HEADS = ("DOMAIN", "SERVER", "POLICY", "RESULT", "SESSIONS")


def tls_report(
    day: Annotated[str | None, typer.Argument(metavar="[DATE]", help="A day (UTC), such as 2026-11-21.")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show how TLS went with other mail servers on a day, yesterday if none is given; --json is the report of RFC 8460.

    Written each minute. It covers the route mx.
    """
    settings = settings_for(data, database_url)
    wanted = _day(day) if day is not None else SystemClock().now().date() - timedelta(days=1)

    async def work(db: database.Database, seal: database.Seal) -> tuple[outbound.tls_counts.Counts, dict[str, str]]:
        counts = await db.read(outbound.tls_store.counts_of, wanted)
        return counts, dict(await db.read(outbound.tls_store.policy_texts))

    counts, texts = with_store(settings, work)
    if as_json:
        show_json(_document(settings, counts, texts, wanted))
        return
    rows = [
        (line.domain, line.host or "-", line.type.value, line.result.value, str(count))
        for line, count in sorted(counts.items(), key=lambda item: (item[0].domain, item[0].host, item[0].result))
    ]
    show_table(_HEADS, rows, f"Nothing was counted on {wanted}. Sessions are counted when mail leaves by the route mx.")


def _document(
    settings: Settings, counts: outbound.tls_counts.Counts, texts: dict[str, str], day: date
) -> outbound.tls_counts.Report:
    name = settings.ehlo_name or smtp_name(settings)
    return outbound.tls_counts.report(counts, texts, day, organization=name, contact=f"postmaster@{name}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Failed("give a day as YEAR-MONTH-DAY, such as 2026-11-21") from fault

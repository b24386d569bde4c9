"""What came is stored as it came; who brought it is told so only then. It is understood afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sendwright import database, feedback
from sendwright.receive.admit import Admitted
from sendwright.receive.office import Office

MOST_KEPT = 1024 * 1024
"""Octets that are kept of a report. What it says stands before the mail that it returns."""
MOST_KEPT_FOR_PEOPLE = 256 * 1024
_SHOWN = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail that came, and from where. ``tls`` is like "TLSv1.3", None in clear."""

    mail_from: str
    helo: str
    ip: str
    tls: str | None
    content: bytes = field(repr=False)


async def take(office: Office, admitted: Sequence[Admitted], arrival: Arrival) -> None:
    """Stores a mail for each recipient; once this returned it is on disk. Raises `database.Unavailable`."""
    office.db.require_room()
    await office.db.write(feedback.store_reports, [_report(office, each, arrival) for each in admitted])
    office.woken()


def _report(office: Office, admitted: Admitted, arrival: Arrival) -> feedback.NewReport:
    now = office.now()
    most = MOST_KEPT_FOR_PEOPLE if admitted.addressed is feedback.Addressed.POSTMASTER else MOST_KEPT
    return feedback.NewReport(
        account_id=admitted.account_id, id=feedback.ReportId(database.uuid7(now)), received=now,
        addressed=admitted.addressed, recipient=_storable(admitted.recipient), mail_from=_storable(arrival.mail_from),
        helo=_storable(arrival.helo), ip=arrival.ip[:45], tls=arrival.tls, delivery_id=admitted.delivery_id,
        size_bytes=len(arrival.content), raw=arrival.content[:most],
    )  # fmt: skip


def _storable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:_SHOWN])

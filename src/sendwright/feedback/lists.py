"""Suppressions as a table to carry elsewhere: CSV in and out. What cannot be read is said line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sendwright import mail
from sendwright.feedback.model import FOR_EVER, STREAMS, Cause, Lifetimes, Suppression

COLUMNS = ("address", "stream", "cause", "since", "until", "explanation")
MOST_ROWS = 100_000
_MOST_CHARS = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run. Such a cell gets an apostrophe before it, which is taken off again when it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that cannot be taken. ``line`` counts from 1, the heading included."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadList:
    """What a table says, and what in it cannot be taken."""

    suppressions: tuple[Suppression, ...]
    bad: tuple[BadRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A suppression as a person asks for it, before it is checked."""

    address: str
    stream: str = ""
    cause: str = ""
    since: str = ""
    until: str = ""
    explanation: str = ""


def key_of(text: str) -> str | mail.Malformed:
    """How an address or ``@domain`` is kept."""
    is_domain = text.startswith("@")
    address = mail.parse_address(f"anybody{text}" if is_domain else text)
    if isinstance(address, mail.Malformed):
        return address
    return "@" + address.ascii_domain.lower() if is_domain else address.key


def check(
    account_id: int, wanted: Wanted, now: datetime, lifetimes: Lifetimes = FOR_EVER
) -> Suppression | mail.Malformed:
    """The suppression that is asked for, or a sentence that says why it cannot be."""
    key = key_of(wanted.address.strip())
    if isinstance(key, mail.Malformed):
        return key
    stream, cause = wanted.stream.strip() or STREAMS[0], _cause(wanted.cause, key)
    if stream not in STREAMS:
        return mail.Malformed(reason=f"the stream must be one of {', '.join(STREAMS)}")
    if cause is None or (cause is Cause.BLOCKED) is not key.startswith("@"):
        return mail.Malformed(reason="the cause must be bounced or complained for an address, blocked for an @domain")
    since, until = _moment(wanted.since), _moment(wanted.until)
    if isinstance(since, mail.Malformed):
        return since
    if isinstance(until, mail.Malformed):
        return until
    since = now if since is None else min(since, now)
    return Suppression(
        account_id=account_id, stream=stream, key=key, cause=cause, since=since,
        until=until or lifetimes.until(cause, since), evidence={"source": "added by a person"},
        explanation=_plain(wanted.explanation) or f"{key} was put on the list by a person on {now:%Y-%m-%d}.",
    )  # fmt: skip


def read_csv(account_id: int, text: str, now: datetime, lifetimes: Lifetimes = FOR_EVER) -> ReadList:
    """Reads a table whose heading names at least ``address``. Rows after the first hundred thousand are not taken."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    taken: dict[tuple[str, str], Suppression] = {}
    bad: list[BadRow] = []
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        fault = _fault_of(names)
        if fault:
            return ReadList(suppressions=(), bad=(BadRow(line=1, reason=fault),))
        for number, row in enumerate(rows):
            if number >= MOST_ROWS:
                bad.append(
                    BadRow(line=rows.line_num, reason=f"only {MOST_ROWS} rows are taken at once: split the file")
                )
                break
            _take(account_id, names, row, rows.line_num, now, lifetimes, taken, bad)
    except csv.Error as error:
        bad.append(BadRow(line=rows.line_num, reason=f"this is no CSV: {error}"))
    return ReadList(suppressions=tuple(taken.values()), bad=tuple(bad))


def write_csv(suppressions: Iterable[Suppression]) -> Iterator[str]:
    """The table, line by line, heading first."""
    yield _line(COLUMNS)
    for each in suppressions:
        yield _line(
            (
                each.key, each.stream, each.cause.value, _shown(each.since), _shown(each.until), each.explanation,
            )
        )  # fmt: skip


def _fault_of(names: Sequence[str]) -> str:
    unknown = [name for name in names if name not in COLUMNS]
    if "address" not in names:
        return "the first line must name the columns, address among them"
    if unknown or len(set(names)) < len(names):
        return f"the columns are {', '.join(COLUMNS)}, each once"
    return ""


def _take(
    account_id: int,
    names: Sequence[str],
    row: Sequence[str],
    line: int,
    now: datetime,
    lifetimes: Lifetimes,
    taken: dict[tuple[str, str], Suppression],
    bad: list[BadRow],
) -> None:
    if not any(cell.strip() for cell in row):
        return
    if len(row) != len(names) or any(len(cell) > _MOST_CHARS for cell in row):
        reason = f"there must be {len(names)} cells, none of more than {_MOST_CHARS} characters"
        bad.append(BadRow(line=line, reason=reason))
        return
    cells: Mapping[str, str] = {name: _unquoted(cell) for name, cell in zip(names, row, strict=True)}
    found = check(account_id, Wanted(**cells), now, lifetimes)
    if isinstance(found, mail.Malformed):
        bad.append(BadRow(line=line, reason=found.reason))
    else:
        taken.setdefault((found.stream, found.key), found)


def _cause(text: str, key: str) -> Cause | None:
    wanted = text.strip().lower()
    if not wanted:
        return Cause.BLOCKED if key.startswith("@") else Cause.BOUNCED
    return Cause(wanted) if wanted in list(Cause) else None


def _moment(text: str) -> datetime | mail.Malformed | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return mail.Malformed(reason="a time is written like 2026-01-31 or 2026-01-31T12:00:00Z")


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _shown(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds")


def _unquoted(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()

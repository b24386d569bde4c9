"""What DNS said, and what it means: findings for each name server, a verdict for each record, a check of a domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sendwright.domains.model import Need, Purpose, WantedRecord

_FORM: Final = 1


class RecordState(StrEnum):
    """How a record was found."""

    FOUND = "found"
    MISSING = "missing"
    DIFFERS = "differs"
    UNEVEN = "not_the_same_everywhere"
    NO_ANSWER = "no_answer"


class Standing(StrEnum):
    """Whether a domain's needed records are right; unknown where nobody answered."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one name server said of one name and type: values, or none of that type, or a failure in words.

    ``alias``: the name stands for another one (CNAME), whose values these are.
    """

    server: str
    values: tuple[str, ...] = ()
    alias: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the name servers said of one name and type. ``note``: why it was not the authoritative ones."""

    findings: tuple[Finding, ...]
    note: str = ""

    @property
    def answering(self) -> tuple[Finding, ...]:
        """Those that answered."""
        return tuple(finding for finding in self.findings if not finding.failure)

    @property
    def values(self) -> tuple[str, ...]:
        """All values that any of them gave, each once."""
        return tuple(dict.fromkeys(value for finding in self.findings for value in finding.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheck:
    """One record of a check. ``advice`` says what to do; empty when there is nothing to do."""

    wanted: WantedRecord
    state: RecordState
    findings: tuple[Finding, ...]
    advice: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCheck:
    """What a check of a domain found, at ``at``."""

    at: datetime
    standing: Standing
    records: tuple[RecordCheck, ...]
    warnings: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        """Whether mail from the domain can be verified now."""
        return self.standing is Standing.RIGHT


def to_document(check: DomainCheck) -> dict[str, Any]:
    """As it is kept."""
    return {
        "form": _FORM,
        "at": check.at.isoformat(),
        "standing": check.standing.value,
        "warnings": list(check.warnings),
        "records": [_record_document(record) for record in check.records],
    }


def from_document(kept: Mapping[str, Any] | None) -> DomainCheck | None:
    """What was kept; None when nothing was, or a form that is not ours: the next check writes it anew."""
    if kept is None or kept.get("form") != _FORM:
        return None
    return DomainCheck(
        at=datetime.fromisoformat(kept["at"]),
        standing=Standing(kept["standing"]),
        warnings=tuple(kept["warnings"]),
        records=tuple(_record(each) for each in kept["records"]),
    )


def _record_document(check: RecordCheck) -> dict[str, Any]:
    wanted = check.wanted
    return {
        "name": wanted.name, "type": wanted.type, "value": wanted.value, "purpose": wanted.purpose.value,
        "need": wanted.need.value, "about": wanted.about, "state": check.state.value, "advice": check.advice,
        "note": check.note,
        "findings": [
            {"server": each.server, "values": list(each.values), "alias": each.alias, "failure": each.failure}
            for each in check.findings
        ],
    }  # fmt: skip


def _record(kept: Mapping[str, Any]) -> RecordCheck:
    wanted = WantedRecord(
        name=kept["name"], type=kept["type"], value=kept["value"], purpose=Purpose(kept["purpose"]),
        need=Need(kept["need"]), about=kept["about"],
    )  # fmt: skip
    return RecordCheck(
        wanted=wanted,
        state=RecordState(kept["state"]),
        advice=kept["advice"],
        note=kept["note"],
        findings=tuple(
            Finding(server=f["server"], values=tuple(f["values"]), alias=f["alias"], failure=f["failure"])
            for f in kept["findings"]
        ),
    )

"""A sending domain as a JSON document: the same for the API and for the command line. Names are camelCase.

Every field is always there, null when it is not known (yet), so that a script finds the same shape at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sendwright import connect_domain, domains

Document = Mapping[str, Any]
"""JSON, ready to be written."""


def domain_document(known: connect_domain.Known) -> Document:
    """A domain: its records as they are wanted and as the last check found them, its keys, warnings."""
    domain, check = known.domain, known.check
    judged = {} if check is None else {(each.wanted.purpose, each.wanted.name): each for each in check.records}
    return {
        "name": domain.name,
        "state": domain.state.value,
        "connectedAt": _iso(domain.connection.at if domain.connection else None),
        "connectedHow": domain.connection.how.value if domain.connection else None,
        "degradedSince": _iso(domain.degraded_since),
        "trackingHost": domain.tracking_host,
        "returnPathHost": domain.return_path_host,
        "createdAt": _iso(domain.created_at),
        "checkedAt": _iso(domain.checked_at),
        "usable": None if check is None else check.is_usable,
        "warnings": [] if check is None else list(check.warnings),
        "keys": [_key(key) for key in known.keys],
        "records": [_record(wanted, judged.get((wanted.purpose, wanted.name))) for wanted in known.wanted],
    }


def _key(key: domains.ShownKey) -> Document:
    return {
        "selector": key.selector, "algorithm": key.algorithm.value, "state": key.state.value,
        "createdAt": _iso(key.created_at), "changedAt": _iso(key.changed_at),
    }  # fmt: skip


def _record(wanted: domains.WantedRecord, check: domains.RecordCheck | None) -> Document:
    return {
        "name": wanted.name, "type": wanted.type, "value": wanted.value, "purpose": wanted.purpose.value,
        "need": wanted.need.value, "about": wanted.about,
        "state": None if check is None else check.state.value,
        "advice": (check and check.advice) or None,
        "note": (check and check.note) or None,
        "found": None if check is None else [_finding(finding) for finding in check.findings],
    }  # fmt: skip


def _finding(finding: domains.Finding) -> Document:
    return {
        "server": finding.server, "values": list(finding.values), "alias": finding.alias or None,
        "failure": finding.failure or None,
    }  # fmt: skip


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="milliseconds")

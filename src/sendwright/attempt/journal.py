"""An outcome as it stands in the journal while the database cannot take it."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ConfigDict, TypeAdapter

from sendwright.attempt.meaning import Settled


def encoded(settled: Settled) -> bytes:
    """As it stands in the journal: JSON, without what only composing needs."""
    settlement = settled.settlement
    bare = replace(settlement.delivery, payload=b"", snapshot=b"")
    return _JOURNALED.dump_json((replace(settled, settlement=replace(settlement, delivery=bare)),))


def decoded(record: bytes) -> Settled:
    """The other way. Raises ``pydantic.ValidationError``."""
    return _JOURNALED.validate_json(record)[0]


_JOURNALED = TypeAdapter(
    tuple[Settled], config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", defer_build=True)
)

"""The shapes that all answers and bodies share: camelCase names, ISO times with milliseconds, pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def iso(moment: datetime) -> str:
    """``2026-01-31T12:00:00.000Z``: clients break on epoch milliseconds in v3 answers, and want the zone spelt out."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as v1 answers carry them."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


When = Annotated[datetime, PlainSerializer(iso, return_type=str)]
"""A time in an answer."""


class Taken(BaseModel):
    """A body that HubSpot's paths take: fields it does not know are ignored, never assigned."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class OwnTaken(BaseModel):
    """A body that our own paths (/api/v1) take: a field it does not know is refused with its name."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Shown(BaseModel):
    """An answer. Fields that are None are left out, except those whose (Python) names are in ``nulls``."""

    nulls: ClassVar[frozenset[str]] = frozenset()
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """What is left out when it is None is not required, whatever pydantic thinks of a field without a default."""
        reference = handler(core)
        schema = handler.resolve_ref_schema(reference)
        kept = {to_camel(name) for name in cls.nulls}
        fields = schema.get("properties", {})
        required = [name for name in schema.get("required", ()) if name in kept or not _may_be_none(fields[name])]
        schema["required"] = required
        return reference

    @model_serializer(mode="wrap")
    def _without_none(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        kept = self.nulls | {to_camel(name) for name in self.nulls}
        return {name: value for name, value in serialize(self).items() if value is not None or name in kept}


def _may_be_none(field: JsonSchemaValue) -> bool:
    return {"type": "null"} in field.get("anyOf", ())


class NextPage(Shown):
    """Where the next page starts."""

    after: str
    link: str | None = None


class Paging(Shown):
    """Absent on the last page."""

    next: NextPage


def batch_times(started: datetime, completed: datetime) -> Mapping[str, Any]:
    """The fields that every batch answer carries."""
    return {"status": "COMPLETE", "startedAt": iso(started), "completedAt": iso(completed)}

"""The OpenAPI 3.1 document, built from the table of operations and the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import models_json_schema

from sendwright.doors.http.operations import Meter, Operation, Parameter
from sendwright.doors.http.shapes import Shown

_REF = "#/components/schemas/{model}"
_KINDS: Mapping[str, dict[str, JsonValue]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date-time": {"type": "string", "format": "date-time"},
}
_ABOUT = (
    "HubSpot's API for transactional e-mail and its CRM, served by Sendwright. Each path also works with a slash "
    "at its end, and under the names listed as x-also-at."
)


class ErrorDetail(Shown):
    """One thing that is wrong; ``in`` names the field or parameter."""

    message: str
    code: str | None = None
    context: dict[str, list[str]] | None = None


class Error(Shown):
    """The envelope of every answer that is not a success."""

    status: str
    message: str
    correlation_id: str
    category: str
    errors: list[ErrorDetail] | None = None
    context: dict[str, list[str]] | None = None


def document(operations: Sequence[Operation], public_url: str) -> dict[str, JsonValue]:
    """The whole document."""
    names, schemas = _schemas(operations)
    paths: dict[str, JsonValue] = {}
    for operation in operations:
        entry = paths.setdefault(operation.paths[0], {})
        assert isinstance(entry, dict)  # noqa: S101 - made in the line above
        entry[operation.method.lower()] = _operation(operation, names)
    paths.update(_PLAIN_PATHS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sendwright", "version": version("sendwright"), "description": _ABOUT},
        "servers": [{"url": public_url}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in operations)],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API token (pat-...)"}
            },
        },
    }


Names = Mapping[type[BaseModel], dict[str, JsonValue]]


def _schemas(operations: Sequence[Operation]) -> tuple[Names, dict[str, JsonValue]]:
    """The reference of each model, and all schemas. An answer's schema is that of its fields, as they are written."""
    wanted: list[type[BaseModel]] = [Error]
    for operation in operations:
        wanted += [model for model in (operation.takes, operation.gives) if model is not None and model not in wanted]
    references, found = models_json_schema([(model, "validation") for model in wanted], ref_template=_REF)
    return {model: references[model, "validation"] for model in wanted}, found["$defs"]


def _operation(operation: Operation, names: Names) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *map(_query_parameter, operation.query)],
        "responses": _responses(operation, names),
    }
    if operation.description:
        found["description"] = operation.description
    if operation.takes is not None:
        found["requestBody"] = {"required": True, "content": _content(names[operation.takes])}
    if len(operation.paths) > 1:
        found["x-also-at"] = list(operation.paths[1:])
    if operation.scopes:
        found["x-scopes-any-of"] = list(operation.scopes)
    if operation.meter is Meter.EXEMPT:
        found["x-hubspot-rate-limit-exemptions"] = ["ten-secondly", "daily"]
    return found


def _responses(operation: Operation, names: Names) -> dict[str, JsonValue]:
    found = {
        str(operation.success): _response("Success", operation.gives, names),
        "default": _response("What went wrong", Error, names),
    }
    if operation.partly:
        found["207"] = _response("Some inputs fell: errors says which and why", operation.gives, names)
    return found


def _response(about: str, model: type[BaseModel] | None, names: Names) -> JsonValue:
    if model is None:
        return {"description": about}
    return {"description": about, "content": _content(names[model])}


def _content(reference: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"application/json": {"schema": reference}}


def _path_parameters(operation: Operation) -> list[JsonValue]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in operation.path_parameters
    ]


def _query_parameter(parameter: Parameter) -> JsonValue:
    schema: JsonValue = _KINDS[parameter.kind]
    if parameter.repeated:
        schema = {"type": "array", "items": schema}
    found: dict[str, JsonValue] = {"name": parameter.name, "in": "query", "schema": schema}
    if parameter.about:
        found["description"] = parameter.about
    return found


def _plain(operation_id: str, summary: str, kind: str, *statuses: str) -> JsonValue:
    content: JsonValue = {kind: {"schema": {"type": "object" if kind.endswith("json") else "string"}}}
    responses: dict[str, JsonValue] = {status: {"description": summary, "content": content} for status in statuses}
    return {"get": {"operationId": operation_id, "summary": summary, "security": [], "responses": responses}}


_PLAIN_PATHS: dict[str, JsonValue] = {
    "/healthz": _plain("is_alive", "Says that the process lives", "application/json", "200"),
    "/readyz": _plain(
        "is_ready", "Says whether all parts work, and in words which do not", "application/json", "200", "503"
    ),
    "/metrics": _plain("read_metrics", "Figures for Prometheus", "text/plain", "200"),
}

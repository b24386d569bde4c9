"""The OpenAPI document tells the truth: whatever it allows is answered as it says, and never with a 5xx."""

from __future__ import annotations

import warnings

import hypothesis
import pytest

from sendwright.doors import http as door
from tests.clients.conftest import Customer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # strangers' code
    import schemathesis
    from schemathesis.schemas import BaseSchema

PLAIN = [("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")]
OPERATIONS = [(operation.method, operation.paths[0]) for operation in door.all_operations()] + PLAIN


@pytest.fixture(scope="module")
def document(acme: Customer) -> BaseSchema:
    """As the program serves it."""
    return schemathesis.openapi.from_url(f"{acme.host}/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
def test_the_answers_are_as_the_document_says(document: BaseSchema, acme: Customer, method: str, path: str):
    @hypothesis.given(case=document[path][method].as_strategy())
    @hypothesis.settings(
        max_examples=12, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=acme.host, headers={"Authorization": f"Bearer {acme.token}"})

    ask()


def test_the_document_lists_every_operation(document: BaseSchema):
    listed = {(found.ok().method.upper(), found.ok().path) for found in document.get_all_operations()}
    assert listed == set(OPERATIONS)

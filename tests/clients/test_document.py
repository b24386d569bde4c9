"""The OpenAPI document tells the truth: whatever it allows is answered as it says, and never with a 5xx."""

from __future__ import annotations

import warnings

import hypothesis
import pytest
from hypothesis.strategies import SearchStrategy

from sendwright.doors import http as door
from tests.clients.conftest import Customer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # strangers' code
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.schemas import BaseSchema
    from schemathesis.specs.openapi import checks

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
"""Not that all that fits is accepted: no schema says that a text is an address, or holds no NUL."""

PLAIN = [("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")]
OPERATIONS = [(operation.method, operation.paths[0]) for operation in door.all_operations()] + PLAIN
TAKING = [(operation.method, operation.paths[0]) for operation in door.all_operations() if operation.takes is not None]


@pytest.fixture(scope="module")
def document(acme: Customer) -> BaseSchema:
    """As the program serves it."""
    return schemathesis.openapi.from_url(f"{acme.host}/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
def test_what_the_document_allows_is_answered_as_it_says(document: BaseSchema, acme: Customer, method: str, path: str):
    _ask(document[path][method].as_strategy(), acme, examples=12)


@pytest.mark.parametrize(("method", "path"), TAKING, ids=lambda part: part)
def test_what_the_document_forbids_is_refused_as_it_says(document: BaseSchema, acme: Customer, method: str, path: str):
    _ask(document[path][method].as_strategy(GenerationMode.NEGATIVE), acme, examples=4)


def _ask(strategy: SearchStrategy[schemathesis.Case], customer: Customer, examples: int) -> None:
    @hypothesis.given(case=strategy)
    @hypothesis.settings(
        max_examples=examples, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    def ask(case: schemathesis.Case) -> None:
        headers = {"Authorization": f"Bearer {customer.token}"}
        case.call_and_validate(base_url=customer.host, headers=headers, checks=CHECKS)

    ask()


def test_the_document_lists_every_operation(document: BaseSchema):
    listed = {(found.ok().method.upper(), found.ok().path) for found in document.get_all_operations()}
    assert listed == set(OPERATIONS)

"""Health, figures, the API document and its page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from prometheus_client import CollectorRegistry, Counter

from sendwright import database
from sendwright.doors import http
from sendwright.doors.http import health
from tests.doors.conftest import client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)


@pytest.fixture
async def stranger(services: http.Services) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without credentials."""
    async with client_of(services, {}) as found:
        yield found


async def test_a_living_process_says_so(stranger: httpx2.AsyncClient):
    assert (await stranger.get("/healthz")).json() == {"alive": True}


async def test_a_server_whose_parts_work_is_ready(stranger: httpx2.AsyncClient):
    answer = await stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "wrong": []})


async def test_a_server_that_is_not_ready_says_what_is_wrong(services: http.Services):
    async def stopped() -> str | None:
        return "no delivery for 5 minutes: start a process with the delivery role."

    async with client_of(replace(services, checks={"delivery": stopped}), {}) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["wrong"]) == (
        503, ["delivery: no delivery for 5 minutes: start a process with the delivery role."],
    )  # fmt: skip


async def test_a_check_that_breaks_is_a_part_that_does_not_work():
    async def broken() -> str | None:
        raise KeyError("hunter2")

    assert await health.ask({"disk": broken}) == ["disk: its check broke (KeyError)"]


async def test_a_check_that_hangs_is_a_part_that_does_not_work(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "_PATIENCE_SECONDS", 0)

    async def hanging() -> str | None:
        await asyncio.Event().wait()
        return None

    assert await health.ask({"disk": hanging}) == ["disk: gave no answer within 0 seconds"]


async def test_a_database_that_does_not_answer_is_named(services: http.Services):
    class Gone:
        async def read(self, fn: object) -> None:
            raise database.Unavailable("connection refused")

    wrong = await health.ask({"database": health._database_check(Gone())})  # type: ignore[arg-type]
    assert wrong == ["database: does not answer (connection refused). Check that it runs and that its disk has room."]


async def test_figures_are_served_for_prometheus(services: http.Services):
    registry = CollectorRegistry()
    Counter("sendwright_mails", "Mails.", registry=registry).inc()
    async with client_of(replace(services, registry=registry), {}) as client:
        assert "sendwright_mails_total 1.0" in (await client.get("/metrics")).text


async def test_without_figures_the_page_is_empty(stranger: httpx2.AsyncClient):
    assert (await stranger.get("/metrics")).text == ""


async def test_the_document_lists_every_operation(stranger: httpx2.AsyncClient):
    document = (await stranger.get("/openapi.json")).json()
    listed = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    assert listed == {operation.id for operation in http.all_operations()} | {"is_alive", "is_ready", "read_metrics"}


async def test_every_reference_of_the_document_leads_somewhere(stranger: httpx2.AsyncClient):
    answer = await stranger.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text)) <= set(schemas)


async def test_the_document_names_the_other_paths_of_an_operation(stranger: httpx2.AsyncClient):
    document = (await stranger.get("/openapi.json")).json()
    send = document["paths"]["/marketing/v3/transactional/single-email/send"]["post"]
    assert send["x-also-at"] == ["/marketing/transactional/{date}/single-email/send"]


async def test_the_document_calls_the_sender_from(stranger: httpx2.AsyncClient):
    document = (await stranger.get("/openapi.json")).json()
    assert "from" in document["components"]["schemas"]["SingleSendMessage"]["properties"]


async def test_every_path_parameter_is_described(stranger: httpx2.AsyncClient):
    document = (await stranger.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for each in methods.values():
            described = {given["name"] for given in each.get("parameters", ()) if given["in"] == "path"}
            assert described == set(re.findall(r"{(\w+)}", path)), path


async def test_the_docs_page_shows_every_operation(stranger: httpx2.AsyncClient):
    page = (await stranger.get("/docs")).text
    assert [operation.id for operation in http.all_operations() if f'id="{operation.id}"' not in page] == []


@pytest.mark.parametrize("path", ["/docs", "/", "/login"])
async def test_a_page_loads_nothing_from_elsewhere(stranger: httpx2.AsyncClient, path: str):
    page = (await stranger.get(path)).text
    loaded = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert [each for each in loaded if not each.startswith("/") or each.startswith("//")] == []


@pytest.mark.parametrize("path", ["/docs", "/", "/login"])
async def test_a_page_has_no_inline_script_and_forbids_it(stranger: httpx2.AsyncClient, path: str):
    answer = await stranger.get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|<style|style=", answer.text)


async def test_static_files_are_served_by_name(stranger: httpx2.AsyncClient):
    answer = await stranger.get("/static/docs.js")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


async def test_a_static_file_that_a_browser_has_is_not_sent_again(stranger: httpx2.AsyncClient):
    tag = (await stranger.get("/static/style.css")).headers["etag"]
    assert (await stranger.get("/static/style.css", headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize("name", ["nothing.css", "..%2flogin.py", "%2e%2e%2fsite.py", "static.py"])
async def test_nothing_else_of_the_disk_is_served(stranger: httpx2.AsyncClient, name: str):
    assert (await stranger.get(f"/static/{name}")).status_code == 404


async def test_pages_are_not_redirected_to_a_slash(stranger: httpx2.AsyncClient):
    assert (await stranger.get("/docs/")).status_code == 404

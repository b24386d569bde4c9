"""HubSpot's own Python clients drive contacts over a real socket."""

from __future__ import annotations

import asyncio
import socket
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import pytest
import uvicorn

from sendwright.doors import http
from tests.doors.conftest import Tenant

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # strangers' code
    import hubspot
    import hubspot.crm.contacts as classic
    import hubspot_sdk

pytestmark = pytest.mark.anyio

T = TypeVar("T")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.open = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.open.set()


@pytest.fixture
async def host(services: http.Services) -> AsyncIterator[str]:
    """The door, served on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(http.build_app(services), lifespan="off", log_config=None))
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listening]))
        await server.open.wait()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
    listening.close()


async def calling(script: Callable[[Any], T], client: Any) -> T:
    """Clients block: they run beside the loop that serves them."""
    return await asyncio.to_thread(script, client)


async def test_the_classic_client_reads_all_that_it_is_answered(host: str, acme: Tenant):
    def script(contacts: Any) -> None:
        made = contacts.basic_api.create(
            classic.SimplePublicObjectInputForCreate(properties={"email": "jane@example.com", "firstname": "Jane"})
        )
        assert (made.properties["firstname"], made.archived) == ("Jane", False)
        read = contacts.basic_api.get_by_id(
            "jane@example.com", id_property="email", properties=["firstname", "city"], properties_with_history=["city"]
        )
        assert (read.id, read.properties["city"]) == (made.id, None)
        changed = contacts.basic_api.update(made.id, classic.SimplePublicObjectInput(properties={"city": "Oslo"}))
        assert changed.updated_at.tzinfo is not None
        page = contacts.basic_api.get_page(limit=1, properties=["city"], archived=False)
        assert [one.properties["city"] for one in page.results] == ["Oslo"]
        with pytest.raises(classic.ApiException) as fault:
            contacts.basic_api.create(
                classic.SimplePublicObjectInputForCreate(properties={"email": "jane@example.com"})
            )
        assert (fault.value.status, f"Existing ID: {made.id}" in fault.value.body) == (409, True)
        contacts.basic_api.archive(made.id)
        assert contacts.get_all() == []

    await calling(script, hubspot.HubSpot(access_token=acme.secret, host=host).crm.contacts)


async def test_the_classic_client_runs_batches(host: str, acme: Tenant):
    def script(batch: Any) -> None:
        inputs = [
            classic.SimplePublicObjectBatchInputForCreate(properties={"email": f"p{n}@example.com"}) for n in (1, 2)
        ]
        made = batch.create(classic.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
        assert [one.properties["email"] for one in made.results] == ["p1@example.com", "p2@example.com"]
        again = batch.create(classic.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
        assert (again.num_errors, again.errors[0].category, again.results) == (2, "CONFLICT", [])
        changes = [classic.SimplePublicObjectBatchInput(id=made.results[0].id, properties={"city": "Oslo"})]
        assert batch.update(classic.BatchInputSimplePublicObjectBatchInput(inputs=changes)).status == "COMPLETE"
        upserts = [
            classic.SimplePublicObjectBatchInputUpsert(
                id=f"p{n}@example.com", id_property="email", properties={"x": "1"}
            )
            for n in (2, 3)
        ]
        upserted = batch.upsert(classic.BatchInputSimplePublicObjectBatchInputUpsert(inputs=upserts))
        assert [one.new for one in upserted.results] == [False, True]
        ids = [classic.SimplePublicObjectId(id=f"p{n}@example.com") for n in (1, 9)]
        wanted = classic.BatchReadInputSimplePublicObjectId(
            inputs=ids, id_property="email", properties=["city"], properties_with_history=[]
        )
        read = batch.read(wanted)
        assert (read.results[0].properties["city"], read.errors[0].context["ids"]) == ("Oslo", ["p9@example.com"])
        gone = [classic.SimplePublicObjectId(id=one.id) for one in made.results]
        assert batch.archive(classic.BatchInputSimplePublicObjectId(inputs=gone)) is None

    await calling(script, hubspot.HubSpot(access_token=acme.secret, host=host).crm.contacts.batch_api)


async def test_the_classic_client_searches(host: str, acme: Tenant):
    def script(contacts: Any) -> None:
        for city in ("Oslo", "Rome"):
            contacts.basic_api.create(
                classic.SimplePublicObjectInputForCreate(properties={"email": f"{city}@example.com", "city": city})
            )
        filters = [classic.Filter(property_name="city", operator="EQ", value="oslo")]
        request = classic.PublicObjectSearchRequest(
            filter_groups=[classic.FilterGroup(filters=filters)],
            sorts=[{"propertyName": "createdate", "direction": "DESCENDING"}],
            properties=["city"],
            limit=10,
        )
        found = contacts.search_api.do_search(request)
        assert (found.total, found.results[0].properties["city"], found.paging) == (1, "Oslo", None)

    await calling(script, hubspot.HubSpot(access_token=acme.secret, host=host).crm.contacts)


async def test_the_new_client_reads_all_that_it_is_answered(host: str, acme: Tenant):
    def script(contacts: Any) -> None:
        made = contacts.create(properties={"email": "jane@example.com"}, associations=[])
        assert contacts.get(made.id, properties=["email", "city"]).properties["city"] is None
        found = contacts.search(after="0", filter_groups=[], limit=10, properties=["email"], sorts=[])
        assert found.total == 1
        assert contacts.update(made.id, properties={"city": "Oslo"}).properties["city"] == "Oslo"
        contacts.delete(made.id)

    with hubspot_sdk.HubSpot(access_token=acme.secret, base_url=host, max_retries=0) as client:
        await calling(script, client.crm.objects.contacts)

"""Which operation a path means."""

from __future__ import annotations

import pytest

from sendwright.doors.http import Call, Fault, Operations, catalogue
from sendwright.doors.http.router import Router
from sendwright.doors.http.shapes import Taken

table = Operations("Things")


@table.on("GET", "/things/v3/{thingId}", also=["/things/{date}/{thingId}"])
async def get_thing(call: Call) -> None: ...


@table.on("POST", "/things/v3/clone", also=["/things/{date}/clone"])
async def clone_thing(call: Call) -> None: ...


@table.on("POST", "/things/v3")
async def create_thing(call: Call) -> None: ...


@pytest.fixture
def router() -> Router:
    return Router(table.found)


def find(router: Router, method: str, path: bytes) -> tuple[str, dict[str, str]]:
    operation, values = router.find(method, path)
    return operation.id, dict(values)


@pytest.mark.parametrize(
    "path", [b"/things/v3/7", b"/things/v3/7/", b"/things/2026-03/7", b"/things/2027-03-beta/7/", b"/things/v3/%37"]
)
def test_an_operation_is_found_under_all_its_paths(router: Router, path: bytes):
    assert find(router, "GET", path) == ("get_thing", {"thingId": "7"})


def test_an_at_sign_comes_escaped_or_not(router: Router):
    assert find(router, "GET", b"/things/v3/a%40b@c")[1] == {"thingId": "a@b@c"}


def test_an_escaped_slash_stays_within_its_segment(router: Router):
    assert find(router, "GET", b"/things/v3/a%2Fb")[1] == {"thingId": "a/b"}


def test_a_name_wins_over_a_parameter(router: Router):
    assert find(router, "POST", b"/things/v3/clone/")[0] == "clone_thing"


def test_a_name_that_has_not_the_method_gives_way_to_a_parameter(router: Router):
    assert find(router, "GET", b"/things/v3/clone") == ("get_thing", {"thingId": "clone"})


@pytest.mark.parametrize(
    "path",
    [b"/", b"", b"/things", b"/things/v4/7", b"/things/2026-3/7", b"/things/2026-03-alpha/7", b"/things/v3/7/8",
     b"/things/v3//7", b"//things/v3/7", b"/things/v3/%00", b"/things/v3/%ff", b"/things/v3/\xff", b"/things/v3/7//"],
)  # fmt: skip
def test_other_paths_are_not_there(router: Router, path: bytes):
    with pytest.raises(Fault) as refused:
        router.find("GET", path)
    assert refused.value.status == 404


def test_another_method_is_told_which_would_do(router: Router):
    with pytest.raises(Fault) as refused:
        router.find("PUT", b"/things/v3/clone")
    assert (refused.value.status, refused.value.headers) == (405, (("Allow", "GET, POST"),))


def test_a_long_path_is_refused(router: Router):
    with pytest.raises(Fault) as refused:
        router.find("GET", b"/things/v3/" + b"7" * 5000)
    assert refused.value.status == 414


def test_two_operations_cannot_share_a_path(router: Router):
    with pytest.raises(ValueError, match="two operations are at POST"):
        Router([*table.found, table.found[-1]])


def test_two_operations_cannot_share_an_id(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue, "TABLES", (table, table))
    with pytest.raises(ValueError, match="operation ids used twice: clone_thing, create_thing, get_thing"):
        catalogue.all_operations()


def test_our_own_paths_take_no_model_that_ignores_unknown_fields():
    with pytest.raises(TypeError, match="must be an OwnTaken"):

        @table.on("POST", "/api/v1/things", takes=Taken)
        async def create_own_thing(call: Call, body: Taken) -> None: ...

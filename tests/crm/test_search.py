"""Search: what each operator finds, on both databases alike."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sendwright import crm, database
from sendwright.crm import Operator as Op
from sendwright.crm.comparisons import as_number, as_time

pytestmark = pytest.mark.anyio

PEOPLE: dict[str, dict[str, str]] = {
    "ann": {"email": "ann@example.com", "firstname": "Ann", "age": "9", "joined": "2026-01-02", "plan": "Gold_Plus"},
    "bob": {"email": "bob@m.example.com", "firstname": "Bob", "age": "10", "joined": "1767398400000", "plan": "gold"},
    "cem": {"email": "cem@bücher.example", "firstname": "ÇEM Öz", "age": "10.0", "joined": "2026-01-04T00:00:00.000Z"},
    "dee": {"firstname": "Dee Ann-Marie", "age": "-1.5", "plan": "100%"},
    "eve": {"email": "eve@other.test", "firstname": "Eve", "age": "unknown", "plan": "1.2.3"},
}  # fmt: skip


async def put_in(db: database.Database, now: datetime) -> None:
    for hours, properties in enumerate(PEOPLE.values()):
        await db.write(crm.create_contacts, 1, [{**properties}], "api", now + timedelta(hours=hours))
    await db.write(crm.create_contacts, 2, [PEOPLE["ann"]], "api", now)


async def find(db: database.Database, search: crm.Search) -> str:
    found = await db.read(crm.search_contacts, 1, search)
    names = " ".join(contact.properties["firstname"][:3].lower().replace("ç", "c") for contact in found.contacts)
    assert found.total == len(found.contacts)
    return names


def one(name: str, operator: Op, *values: str) -> crm.Search:
    return crm.Search(groups=((crm.Filter(name=name, operator=operator, values=values),),))


FILTERS: list[tuple[str, Op, tuple[str, ...], str]] = [
    ("firstname", Op.EQ, ("ANN",), "ann"),
    ("firstname", Op.EQ, ("çem öz",), "cem"),
    ("firstname", Op.EQ, ("an",), ""),
    ("firstname", Op.NEQ, ("ann",), "bob cem dee eve"),
    ("plan", Op.NEQ, ("100%",), "ann bob cem eve"),
    ("email", Op.EQ, ("Ann@EXAMPLE.com",), "ann"),
    ("email", Op.EQ, ("cem@xn--bcher-kva.example",), "cem"),
    ("email", Op.EQ, ("nonsense",), ""),
    ("email", Op.IN, ("ann@example.com", "eve@other.test"), "ann eve"),
    ("email", Op.NOT_IN, ("ann@example.com", "eve@other.test"), "bob cem dee"),
    ("age", Op.EQ, ("10",), "bob cem"),
    ("age", Op.IN, ("9.0", "unknown"), "ann eve"),
    ("age", Op.GT, ("9",), "bob cem"),
    ("age", Op.GTE, ("9",), "ann bob cem"),
    ("age", Op.LT, ("9",), "dee"),
    ("age", Op.LTE, ("9",), "ann dee"),
    ("age", Op.BETWEEN, ("-2", "9.5"), "ann dee"),
    ("plan", Op.GT, ("1",), ""),
    ("firstname", Op.GTE, ("dee",), "cem dee eve"),
    ("firstname", Op.LT, ("b",), "ann"),
    ("joined", Op.GTE, ("2026-01-03",), "bob cem"),
    ("joined", Op.LT, ("1767398400000",), "ann"),
    ("joined", Op.LTE, ("2026-01-03T00:00:00Z",), "ann bob"),
    ("joined", Op.GT, ("1",), "bob"),
    ("plan", Op.HAS_PROPERTY, (), "ann bob dee eve"),
    ("plan", Op.NOT_HAS_PROPERTY, (), "cem"),
    ("email", Op.NOT_HAS_PROPERTY, (), "dee"),
    ("firstname", Op.CONTAINS_TOKEN, ("ann",), "ann dee"),
    ("firstname", Op.CONTAINS_TOKEN, ("marie dee",), "dee"),
    ("firstname", Op.CONTAINS_TOKEN, ("ar",), ""),
    ("firstname", Op.CONTAINS_TOKEN, ("*ar*",), "dee"),
    ("firstname", Op.CONTAINS_TOKEN, ("ÖZ",), "cem"),
    ("firstname", Op.NOT_CONTAINS_TOKEN, ("ann",), "bob cem eve"),
    ("email", Op.CONTAINS_TOKEN, ("*@example.com",), "ann"),
    ("email", Op.CONTAINS_TOKEN, ("example",), "ann bob cem"),
    ("email", Op.CONTAINS_TOKEN, ("exam*",), "ann bob cem"),
    ("email", Op.CONTAINS_TOKEN, ("*@BÜCHER*",), "cem"),
    ("email", Op.NOT_CONTAINS_TOKEN, ("example",), "dee eve"),
    ("plan", Op.CONTAINS_TOKEN, ("100%",), "dee"),
    ("plan", Op.CONTAINS_TOKEN, ("gold_plus",), "ann"),
    ("plan", Op.CONTAINS_TOKEN, (" ",), "ann bob cem dee eve"),
    ("createdate", Op.EQ, ("2026-03-02T14:02:07.000Z",), "ann"),
    ("createdate", Op.GT, ("1772463727000",), "cem dee eve"),
    ("createdate", Op.BETWEEN, ("2026-03-02T15:00:00Z", "2026-03-02T17:00:00+00:00"), "bob cem"),
    ("createdate", Op.NEQ, ("2026-03-02T14:02:07.000Z",), "bob cem dee eve"),
    ("createdate", Op.LT, ("yesterday",), ""),
    ("createdate", Op.BETWEEN, ("yesterday", "2027-01-01"), ""),
    ("lastmodifieddate", Op.HAS_PROPERTY, (), "ann bob cem dee eve"),
    ("hs_object_id", Op.IN, ("101", "103", "nobody"), "ann cem"),
    ("hs_object_id", Op.GTE, ("104",), "dee eve"),
    ("never", Op.EQ, ("' OR 1=1 --",), ""),
]


async def test_every_operator_finds_whom_it_should(db: database.Database, now: datetime):
    await put_in(db, now)
    found = [(name, op, values, await find(db, one(name, op, *values))) for name, op, values, _ in FILTERS]
    assert found == FILTERS


QUERIES = {
    "ann": "ann dee",
    "ann marie": "dee",
    "öz": "cem",
    "EXAMPLE.com": "ann bob",
    "%": "",
    "_": "",
    "": "ann bob cem dee eve",
}


async def test_each_word_of_a_query_stands_in_a_name_or_an_address(db: database.Database, now: datetime):
    await put_in(db, now)
    assert {query: await find(db, crm.Search(query=query)) for query in QUERIES} == QUERIES


async def test_filters_of_a_group_must_all_hold_and_one_group_is_enough(db: database.Database, now: datetime):
    await put_in(db, now)
    ten, bob, eve = (
        crm.Filter(name=name, operator=Op.EQ, values=(value,))
        for name, value in (("age", "10"), ("firstname", "bob"), ("firstname", "eve"))
    )
    assert await find(db, crm.Search(groups=((ten, bob), (eve,)))) == "bob eve"


SORTS = {
    (crm.Sort(name="createdate", descending=True),): "eve dee cem bob ann",
    (crm.Sort(name="hs_object_id"),): "ann bob cem dee eve",
    (crm.Sort(name="age"),): "dee ann bob cem eve",
    (crm.Sort(name="age", descending=True),): "bob cem ann dee eve",
    (crm.Sort(name="age", descending=True), crm.Sort(name="createdate", descending=True)): "cem bob ann dee eve",
}


async def test_results_are_sorted_numbers_by_size_and_who_has_no_value_last(db: database.Database, now: datetime):
    await put_in(db, now)
    assert {sorts: await find(db, crm.Search(sorts=sorts)) for sorts in SORTS} == SORTS


async def test_every_page_knows_the_total(db: database.Database, now: datetime):
    await put_in(db, now)
    pages = [await db.read(crm.search_contacts, 1, crm.Search(offset=offset, limit=2)) for offset in (0, 2, 4, 6)]
    assert [(len(page.contacts), page.total) for page in pages] == [(2, 5), (2, 5), (1, 5), (0, 5)]


async def test_archived_contacts_are_not_found(db: database.Database, now: datetime):
    await put_in(db, now)
    await db.write(crm.archive_contacts, 1, [crm.ContactId(101)], now)
    assert await find(db, crm.Search()) == "bob cem dee eve"


async def test_a_search_of_the_greatest_size_is_answered(db: database.Database, now: datetime):
    await put_in(db, now)
    token = crm.Filter(name="firstname", operator=Op.CONTAINS_TOKEN, values=("*a" * 1_500,))
    many = crm.Filter(name="age", operator=Op.IN, values=tuple(str(n) for n in range(100, 200)))
    query = " ".join(["word"] * 500)
    assert await find(db, crm.Search(groups=((token,) * 12, (many,) * 13), query=query)) == ""


async def test_an_odd_time_or_number_is_none():
    assert [as_time(text) for text in ("9" * 15, "2026-02-31", "0001-01-01T00:00:00+14:00", "soon", "")] == [None] * 5
    assert [as_number(text) for text in ("1e9", "NaN", "٣", "1.", "--1")] == [None] * 5

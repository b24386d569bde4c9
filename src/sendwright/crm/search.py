"""Search: contacts by filters and words, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select

from sendwright import database, mail
from sendwright.crm import store
from sendwright.crm.comparisons import MAX_WORDS, Comparison, Expression, as_time, spaced
from sendwright.crm.model import Filter, Found, Operator, Search, Sort

MAX_FOUND: Final = 10_000  # how far a search can be paged

_WORDS_ARE_IN: Final = ("firstname", "lastname", "email", "phone", "mobilephone", "company")
_TIMES: Final = {
    "createdate": store.records.c.created_at,
    "hs_createdate": store.records.c.created_at,
    "lastmodifieddate": store.records.c.updated_at,
    "hs_lastmodifieddate": store.records.c.updated_at,
}
_ORDER: Final = {Operator.LT: "<", Operator.LTE: "<=", Operator.GT: ">", Operator.GTE: ">="}
_OPPOSITE: Final = {
    Operator.NEQ: Operator.EQ,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_HAS_PROPERTY: Operator.HAS_PROPERTY,
    Operator.NOT_CONTAINS_TOKEN: Operator.CONTAINS_TOKEN,
}


def search_contacts(conn: database.Connection, account_id: int, search: Search) -> Found:
    """The live contacts that fit; ``total`` is exact."""
    dialect = conn.dialect.name
    if dialect == "sqlite":
        _teach(conn)
    query = store.live_contacts(account_id)
    if search.groups:
        query = query.where(or_(*(and_(*(_fits(f, account_id, dialect) for f in group)) for group in search.groups)))
    for word in search.query.split()[:MAX_WORDS]:
        query = query.where(or_(*(_text(name, dialect).contains_text(word) for name in _WORDS_ARE_IN)))
    rows = conn.execute(_page(query, search, dialect)).all()
    return Found(contacts=tuple(map(store.as_contact, rows)), total=_total(conn, query, search, len(rows)))


def _page(query: Select[Any], search: Search, dialect: str) -> Select[Any]:
    for sort in search.sorts:
        query = query.order_by(*_order(sort, dialect))
    return query.order_by(store.records.c.id).limit(search.limit).offset(search.offset)


def _total(conn: database.Connection, query: Select[Any], search: Search, shown: int) -> int:
    """A page that is not full has the last contact on it; else they are counted."""
    if shown < search.limit and (shown or not search.offset):
        return search.offset + shown
    return conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _order(sort: Sort, dialect: str) -> tuple[Expression, ...]:
    column = _TIMES.get(sort.name) if sort.name != "hs_object_id" else store.records.c.id
    if column is None:
        return _text(sort.name, dialect).order(sort.descending)
    return (column.desc() if sort.descending else column.asc(),)


def _fits(wanted: Filter, account_id: int, dialect: str) -> Expression:
    opposite = _OPPOSITE.get(wanted.operator)
    if opposite is not None:
        same = _fits(Filter(name=wanted.name, operator=opposite, values=wanted.values), account_id, dialect)
        return not_(func.coalesce(same, false()))
    if wanted.name in _TIMES:
        return _fits_time(wanted, _TIMES[wanted.name])
    if wanted.name == "hs_object_id":
        return _fits_id(wanted)
    if wanted.name == "email" and wanted.operator in (Operator.EQ, Operator.IN):
        return _has_address(wanted, account_id)
    return _fits_text(wanted, dialect)


def _fits_text(wanted: Filter, dialect: str) -> Expression:
    text, values = _text(wanted.name, dialect), wanted.values
    match wanted.operator:
        case Operator.HAS_PROPERTY:
            return _stored(wanted.name).is_not(None)
        case Operator.CONTAINS_TOKEN:
            return text.contains(values[0])
        case Operator.BETWEEN:
            return and_(text.lies(">=", values[0]), text.lies("<=", values[1]))
        case Operator.EQ | Operator.IN:
            return text.is_one_of(values)
        case _:
            return text.lies(_ORDER[wanted.operator], values[0])


def _fits_time(wanted: Filter, column: ColumnElement[datetime]) -> Expression:
    return _fits_column(wanted, column, as_time)


def _fits_id(wanted: Filter) -> Expression:
    return _fits_column(wanted, store.records.c.id, lambda text: int(text) if _is_id(text) else None)


def _fits_column(wanted: Filter, column: ColumnElement[Any], read: Callable[[str], Any]) -> Expression:
    """A column always has a value; what cannot be read as one fits nothing."""
    values = [value for value in map(read, wanted.values) if value is not None]
    match wanted.operator:
        case Operator.HAS_PROPERTY:
            return column.is_not(None)
        case Operator.EQ | Operator.IN | Operator.CONTAINS_TOKEN:
            return column.in_(values)
        case Operator.BETWEEN if len(values) == 2:
            return column.between(*values)
        case operator if operator in _ORDER and values:
            return column.op(_ORDER[operator], is_comparison=True)(values[0])
        case _:
            return false()


def _has_address(wanted: Filter, account_id: int) -> Expression:
    """Addresses have an index, and are the same in more ways than in their case."""
    parsed = map(mail.parse_address, wanted.values)
    keys = [address.key for address in parsed if isinstance(address, mail.Address)]
    addresses = store.contact_addresses.c
    having = select(addresses.contact_id).where(addresses.account_id == account_id, addresses.address_key.in_(keys))
    return store.records.c.id.in_(having)


def _stored(name: str) -> Expression:
    value: Expression = store.records.c.properties[name].as_string()
    return value


def _text(name: str, dialect: str) -> Comparison:
    return Comparison(_stored(name), dialect)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _teach(conn: database.Connection) -> None:
    """SQLite learns what it lacks. Every connection that searches is taught: it costs two microseconds."""
    connection: Any = conn.connection.dbapi_connection
    for name, function in (("sendwright_lower", str.lower), ("sendwright_tokens", spaced)):
        connection.create_function(name, 1, _or_null(function), deterministic=True)


def _or_null(function: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda text: None if text is None else function(text)

"""The database: one way to connect, write, read and migrate, on SQLite and on PostgreSQL.

A store function is a plain synchronous function of a :class:`Connection`. The async world calls

* ``await database.write(fn, *args)``: run in a transaction that it shares with whatever else waits (group commit);
* ``await database.write_together(fn, item)``: the same, but ``fn(conn, items)`` gets all waiting items in one call;
* ``await database.write_in_company(fn, item)``: likewise, and it may wait some milliseconds for others;
* ``await database.read(fn, *args)``: run on a reader; on SQLite a reader cannot write at all.

All of them return only when the answer is certain; a ``write`` that returned is on disk. They raise
:class:`Unavailable` when the database cannot answer (locked, gone; :class:`Full`: no room on the disk): then nothing is
promised, and the caller says so to its peer.

It never knows a table of a room, and it never holds a transaction open across the network. Start in ``engine.py``.
"""

from sqlalchemy import Connection

from sendwright.database.columns import Json, Moment, Text, account_column, among, among_ids, metadata
from sendwright.database.engine import Database, Full, Unavailable, announce, open_database
from sendwright.database.identifiers import next_number, next_numbers, uuid7
from sendwright.database.journal import Journal, Left, left_behind
from sendwright.database.keeping import kept_until_recorded
from sendwright.database.migrate import SchemaIsNewer, migrate
from sendwright.database.prepared import Prepared, Row
from sendwright.database.seal import Seal, WrongSecret, secret_beside, settle_secret
from sendwright.database.sqlite import AlreadyServed
from sendwright.database.target import Target

__all__ = [
    "AlreadyServed",
    "Connection",
    "Database",
    "Full",
    "Journal",
    "Json",
    "Left",
    "Moment",
    "Prepared",
    "Row",
    "SchemaIsNewer",
    "Seal",
    "Target",
    "Text",
    "Unavailable",
    "WrongSecret",
    "account_column",
    "among",
    "among_ids",
    "announce",
    "kept_until_recorded",
    "left_behind",
    "metadata",
    "migrate",
    "next_number",
    "next_numbers",
    "open_database",
    "secret_beside",
    "settle_secret",
    "uuid7",
]

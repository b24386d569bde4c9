"""Which database is meant: a file of our own, or a PostgreSQL server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the data is. ``file`` is set for SQLite, ``url`` (a SQLAlchemy URL) for PostgreSQL; never both."""

    file: Path | None = None
    url: str | None = None

    @classmethod
    def parse(cls, database: str | None, data: Path) -> Target:
        """From the ``--database`` and ``--data`` settings. Raises ``ValueError`` with a sentence for another scheme."""
        if not database:
            return cls(file=data / "sendwright.db")
        scheme, _, rest = database.partition("://")
        if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
            return cls(url=f"postgresql+psycopg://{rest}")
        if scheme == "sqlite":
            return cls(file=Path(rest.removeprefix("/")))
        raise ValueError(
            f"cannot use a database of kind {scheme!r}: give postgresql://user:password@host/name, "
            "or leave it out to use SQLite in the data directory"
        )

    @property
    def shown(self) -> str:
        """For logs and readiness: without the password."""
        if self.file is not None:
            return f"sqlite {self.file}"
        parts = urlsplit(self.url or "")
        return f"postgresql {parts.hostname or 'local'}{parts.path}"

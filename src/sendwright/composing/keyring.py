"""The signing keys at hand: unsealing and loading them for every batch would cost more than using them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sendwright import database, domains, outbound

_FRESH = timedelta(seconds=5)
_MOST = 10_000

Place = tuple[int, str]
"""(account, domain)."""


class Keyring:
    """Loaded keys by account and domain, each for some seconds: a retired key signs no longer than that."""

    def __init__(self, db: database.Database, seal: database.Seal) -> None:
        self._db, self._seal = db, seal
        self._kept: dict[Place, tuple[datetime, Sequence[outbound.SigningKey]]] = {}

    async def of(
        self, wanted: Iterable[domains.Domain], now: datetime
    ) -> Mapping[Place, Sequence[outbound.SigningKey]]:
        """The keys of each domain."""
        asked = {(domain.account_id, domain.name) for domain in wanted}
        stale = [place for place in asked if not self._is_fresh(place, now)]
        if stale:
            loaded = await self._db.read(_signing_keys, self._seal, stale)
            if len(self._kept) + len(loaded) > _MOST:
                self._kept.clear()
            self._kept |= {place: (now, keys) for place, keys in loaded.items()}
        return {place: self._kept[place][1] for place in asked}

    def _is_fresh(self, place: Place, now: datetime) -> bool:
        kept = self._kept.get(place)
        return kept is not None and abs(now - kept[0]) < _FRESH


def _signing_keys(
    conn: database.Connection, seal: database.Seal, places: Iterable[Place]
) -> dict[Place, tuple[outbound.SigningKey, ...]]:
    return {
        (account_id, name): tuple(
            outbound.load_key(name, key.selector, key.private_pem)
            for key in domains.signing_keys(conn, seal, account_id, name)
        )
        for account_id, name in places
    }

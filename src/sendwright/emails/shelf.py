"""What may be sent, compiled and at hand.

A version never changes, so it is compiled once per process. The look-up of *which* version is live is asked anew each
time: publishing takes effect with the next send.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from sendwright import database
from sendwright.emails import content, kinds, names, rendering, rules, store
from sendwright.emails.model import Authored, PublishedVersion, Sending

_WEIGHT_MAX: Final = 32_000_000  # characters of source kept; a compiled part takes some ten bytes for each
_WEIGHT_LEAST: Final = 4_000  # a bound on their number, too


class Shelf:
    """The versions used last, by their uid. Safe to use from several threads."""

    def __init__(self, weight_max: int = _WEIGHT_MAX) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[PublishedVersion, int]] = OrderedDict()
        self._weight = 0
        self._weight_max = weight_max

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, uid: str) -> PublishedVersion | None:
        """The version, if it is at hand."""
        with self._lock:
            if uid not in self._kept:
                return None
            self._kept.move_to_end(uid)
            return self._kept[uid][0]

    def put(self, uid: str, version: PublishedVersion, weight: int) -> None:
        """Keeps a version for later, and drops the ones unused for longest."""
        weight = max(weight, _WEIGHT_LEAST)
        with self._lock:
            if uid in self._kept:  # another thread has compiled it meanwhile
                return
            self._kept[uid] = (version, weight)
            self._weight += weight
            while self._weight > self._weight_max:
                self._weight -= self._kept.popitem(last=False)[1][1]


_shelf = Shelf()


def published(conn: database.Connection, account_id: int, ids: Iterable[int]) -> dict[int, PublishedVersion]:
    """By id, those of the e-mails that the single-send API may send now: published, not archived, and of a type that
    is made for it (``PublishedVersion.type`` says which of the two). Any other id is absent (MISSING_CONTENT)."""
    standing = {place.email_id: place for place in store.standings(conn, account_id, ids)}
    found: dict[int, PublishedVersion] = {}
    for email_id, place in standing.items():
        version = _shelf.take(place.uid)
        if version is not None:
            found[email_id] = version
    wanted = [email_id for email_id in standing if email_id not in found]
    for uid, authored in store.with_live_versions(conn, account_id, wanted) if wanted else ():
        found[authored.email.id] = _compiled(uid, authored)
    return found


def sent_version(conn: database.Connection, account_id: int, email_id: int, number: int) -> PublishedVersion | None:
    """A version that a mail was made from before, whatever is live now: for the next try of that same mail."""
    found = store.with_version(conn, account_id, email_id, number)
    if found is None:
        return None
    uid, authored = found
    return _shelf.take(uid) or _compiled(uid, authored)


def _compiled(uid: str, authored: Authored) -> PublishedVersion:
    fields = content.sending(authored.version.document)
    version = published_version(authored, fields)
    _shelf.put(uid, version, len(fields.html) + len(fields.text))
    return version


def published_version(authored: Authored, fields: Sending) -> PublishedVersion:
    """The version compiled. Also for a draft, which only a preview may render."""
    email, version = authored.email, authored.version
    parts = rendering.compiled(fields)
    kind = rules.type_of(version.document)
    name = content.text_at(version.document, "name")
    return PublishedVersion(
        account_id=email.account_id,
        email_id=email.id,
        version=version.number,
        campaign_id=email.campaign_id,
        name=name,
        type=kind,
        is_transactional=kinds.is_transactional(kind),
        subject=fields.subject,
        from_address=fields.from_address,
        reply_to=fields.reply_to or None,
        subscription_id=fields.subscription_id or None,
        language=fields.language or None,
        manifest=parts.manifest,
        parts=parts,
        fixed=names.fixed_names(
            version.document,
            fields,
            name=name,
            portal_id=email.account_id,
            content_id=email.id,
            written_at=version.written_at,
        ),
    )

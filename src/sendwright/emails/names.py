"""The names a template sees (reference/hubl.md 3.1, 3.2), from what the story knows and what the version fixes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sendwright import hubl
from sendwright.emails import content
from sendwright.emails.model import Document, FaultKind, JsonValue, PublishedVersion, RenderFault, Sending

Names = Mapping[str, JsonValue]

LINK_NAMES: Final = frozenset(
    {
        "subscription_confirmation_url",
        "subscription_name",
        "unsubscribe_link",
        "unsubscribe_link_all",
        "unsubscribe_link_single",
        "view_as_page_url",
    }
)
"""What `links` may hold. A link that was not given prints nothing."""

_NOTHING: Final[Names] = {}


def context(
    version: PublishedVersion,
    *,
    now: datetime,
    custom: Names,
    contact: Names,
    company: Names = _NOTHING,
    site_settings: Names = _NOTHING,
    links: Names = _NOTHING,
    more: Names = _NOTHING,
) -> hubl.Values | RenderFault:
    """The values of one render, copied into the closed model; a fault (LIMIT) when the data are too large.

    `company` is `account` too; `links`: of LINK_NAMES; `more`: any of owner, sender, deal, ticket and the like, never
    in place of a name given here. `now` in the zone in which the reader shall see it.
    """
    return joined(
        version.fixed,
        {**more, **_given(now, custom, contact, company, site_settings), **_links(links)},
    )


def joined(fixed: hubl.Values, names: Names) -> hubl.Values | RenderFault:
    """The names closed and laid over the fixed ones."""
    closed = hubl.close(names)
    if isinstance(closed, hubl.TooLarge):
        return RenderFault(kind=FaultKind.LIMIT, message=f"The properties of this send are too large: {closed.message}")
    return hubl.Values(names={**fixed.names, **closed.names})


def fixed_names(
    document: Document, fields: Sending, *, name: str, portal_id: int, content_id: int, written_at: datetime
) -> hubl.Values:
    """The names that only a new version changes. A version too large for them goes without: it still can be sent."""
    closed = hubl.close(
        {
            **content.styles(document),
            "content": {
                "name": name,
                "subject": fields.subject,
                "from_name": fields.from_name,
                "reply_to": fields.reply_to or fields.from_address,
                "campaign": content.text_at(document, "campaign"),
                "updated": moment(written_at),
            },
            "hub_id": portal_id,
            "portal_id": portal_id,
            "content_id": content_id,
        }
    )
    return hubl.Values(names={}) if isinstance(closed, hubl.TooLarge) else closed


def moment(when: datetime) -> int:
    """A date as a template's filters take it: milliseconds since 1970."""
    return int(when.timestamp() * 1000)


def _given(now: datetime, custom: Names, contact: Names, company: Names, site_settings: Names) -> dict[str, JsonValue]:
    return {
        "custom": dict(custom),
        "contact": dict(contact),
        "company": dict(company),
        "account": dict(company),
        "site_settings": dict(site_settings),
        "year": now.year,
        "local_dt": moment(now),
        "local_time_zone": str(now.tzinfo),
    }


def _links(links: Names) -> dict[str, JsonValue]:
    return {name: links[name] for name in links.keys() & LINK_NAMES}

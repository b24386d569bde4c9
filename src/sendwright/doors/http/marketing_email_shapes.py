"""Marketing e-mails on the wire: the models of ``marketing/emails``, classic and dated in one (reference 9).

The dated families know some fields more; extra fields in an answer harm no client, so all families show them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, cast

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, StringConstraints
from pydantic.alias_generators import to_camel

from sendwright import emails, ledger
from sendwright.doors.http.email_statistics import statistics
from sendwright.doors.http.errors import invalid_field
from sendwright.doors.http.query import read_moment
from sendwright.doors.http.shapes import NextPage, Shown, Taken, When, iso

AnyJson = dict[str, JsonValue]


def _moment(where: str) -> AfterValidator:
    return AfterValidator(lambda text: iso(read_moment(text, where)))


def _known_subcategory(text: str) -> str:
    if text not in emails.kinds.TYPES:
        raise invalid_field("subcategory", "is no subcategory of an e-mail; single_send_api is the usual one")
    return text


Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$")]
Subcategory = Annotated[str, AfterValidator(_known_subcategory)]


class FromDetails(Taken):
    """Who the mail is from: ``replyTo`` is the sender's own address, ``customReplyTo`` where replies go instead."""

    from_name: str | None = None
    reply_to: str | None = None
    custom_reply_to: str | None = None


class Content(Taken):
    """The text of the mail. ``html``, ``text`` and ``previewText`` are short forms of our own."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel, populate_by_name=False, frozen=True)

    widgets: AnyJson | None = None
    flex_areas: AnyJson | None = None
    widget_containers: AnyJson | None = None
    smart_fields: AnyJson | None = None
    style_settings: AnyJson | None = None
    theme_settings_values: AnyJson | None = None
    template_path: str | None = None
    plain_text_version: str | None = None
    html: str | None = None
    text: str | None = None
    preview_text: str | None = None


class Recipients(Taken):
    include: list[str] | None = None
    exclude: list[str] | None = None


class ToDetails(Taken):
    contact_ids: Recipients | None = None
    contact_lists: Recipients | None = None
    contact_ils_lists: Recipients | None = None
    limit_send_frequency: bool | None = None
    suppress_graymail: bool | None = None


class Webversion(Taken):
    domain: str | None = None
    enabled: bool | None = None
    expires_at: Annotated[str, _moment("webversion.expiresAt")] | None = None
    is_page_redirected: bool | None = None
    meta_description: str | None = None
    page_expiry_enabled: bool | None = None
    redirect_to_page_id: str | None = None
    redirect_to_url: str | None = None
    slug: str | None = None
    title: str | None = None
    url: str | None = None


class SubscriptionDetails(Taken):
    office_location_id: str | None = None
    preferences_group_id: str | None = None
    subscription_id: str | None = None


class TestingDetails(Taken):
    __test__ = False  # not a test, whatever its name says

    ab_sampling_default: str | None = None
    ab_sample_size_default: str | None = None
    ab_status: str | None = None
    ab_success_metric: str | None = None
    ab_test_percentage: int | None = None
    hours_to_wait: int | None = None
    is_ab_variation: bool | None = None
    test_id: str | None = None


class RssDetails(Taken):
    blog_email_type: str | None = None
    blog_image_max_width: int | None = None
    blog_layout: str | None = None
    hubspot_blog_id: str | None = None
    max_entries: int | None = None
    rss_entry_template: str | None = None
    timing: AnyJson | None = None
    url: str | None = None
    use_headline_as_subject: bool | None = None


class EmailUpdateRequest(Taken):
    """What may be changed. A field that is left out stays as it is; null takes it away."""

    active_domain: str | None = None
    archived: bool | None = None
    business_unit_id: int | None = None
    campaign: str | None = None
    content: Content | None = None
    feedback_survey_id: str | None = None
    folder_id_v2: Annotated[int | None, Field(alias="folderIdV2")] = None
    from_: Annotated[FromDetails | None, Field(alias="from")] = None
    jitter_send_time: bool | None = None
    language: Language | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] = ""
    publish_date: Annotated[str, _moment("publishDate")] | None = None
    rss_data: RssDetails | None = None
    send_on_publish: bool | None = None
    state: str | None = None
    subcategory: Subcategory | None = None
    subject: str | None = None
    subscription_details: SubscriptionDetails | None = None
    testing: TestingDetails | None = None
    to: ToDetails | None = None
    webversion: Webversion | None = None

    def document(self) -> emails.model.Document:
        """The text as it was written, under the names of the wire; nulls are kept, for they take away."""
        return cast(
            emails.model.Document, self.model_dump(by_alias=True, exclude_unset=True, exclude={"archived", "state"})
        )


class EmailCreateRequest(EmailUpdateRequest):
    """A new e-mail. Only ``name`` is required; without a ``subcategory`` it is one for the single-send API."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class CloneRequest(Taken):
    """Which e-mail to copy, and the name of the copy."""

    id: str | int
    clone_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] | None = None
    language: Language | None = None


class Stats(Shown):
    """What became of the sends of an e-mail."""

    counters: dict[str, int]
    ratios: dict[str, float]
    device_breakdown: dict[str, dict[str, int]]
    qualifier_stats: dict[str, dict[str, int]]


class PublicEmail(Shown):
    """An e-mail as the API shows it. With ``includedProperties``, fields that are not required may be left out."""

    id: str
    name: str
    subject: str
    content: AnyJson
    from_: Annotated[AnyJson, Field(alias="from")]
    to: AnyJson
    state: str
    subcategory: str
    send_on_publish: bool
    type: str | None
    is_published: bool | None
    is_transactional: bool | None
    is_ab: bool
    archived: bool | None
    created_at: When | None
    created_by_id: str | None
    updated_at: When | None
    updated_by_id: str | None
    published_at: When | None
    published_by_id: str | None
    unpublished_at: When | None
    deleted_at: When | None
    publish_date: When | None
    language: str | None
    campaign: str | None
    campaign_name: str | None
    primary_email_campaign_id: str | None
    all_email_campaign_ids: list[str] | None
    cloned_from: str | None
    email_template_mode: str | None
    active_domain: str | None
    business_unit_id: str | None
    feedback_survey_id: str | None
    folder_id_v2: Annotated[int | None, Field(alias="folderIdV2")]
    jitter_send_time: bool | None
    rss_data: AnyJson | None
    subscription_details: AnyJson | None
    testing: AnyJson | None
    webversion: AnyJson | None
    workflow_names: list[str] | None
    stats: Stats | None


class EmailPaging(Shown):
    """Absent on the last page."""

    next: NextPage


class EmailPage(Shown):
    """One page of e-mails; ``total`` counts all pages."""

    total: int
    results: list[PublicEmail]
    paging: EmailPaging | None


class VersionUser(Shown):
    """Who wrote a revision: the token that was used."""

    id: str
    full_name: str
    email: str


class VersionPublicEmail(Shown):
    """A revision: the e-mail with the text of that time."""

    id: str
    user: VersionUser
    object: PublicEmail
    updated_at: When


class RevisionPage(Shown):
    """One page of revisions, newest first."""

    total: int
    results: list[VersionPublicEmail]
    paging: AnyJson | None


REQUIRED: Final = frozenset(
    {"id", "name", "subject", "content", "from", "to", "state", "subcategory", "sendOnPublish", "isAb"}
)
_EMPTY: Final[dict[str, JsonValue]] = {"subject": "", "content": {}, "from": {}, "to": {}, "sendOnPublish": False}

_LIVE_STATES: Final = {
    emails.EmailType.AUTOMATED_EMAIL: "AUTOMATED",
    emails.EmailType.AUTOMATED_AB_EMAIL: "AUTOMATED_AB",
}
_DRAFT_STATES: Final = {
    emails.EmailType.AUTOMATED_EMAIL: "AUTOMATED_DRAFT",
    emails.EmailType.AUTOMATED_AB_EMAIL: "AUTOMATED_DRAFT_AB",
}


def wire_state(state: emails.model.State, kind: emails.EmailType) -> str:
    """The state as the API words it: automated e-mails have words of their own."""
    if state is emails.model.State.PUBLISHED:
        return _LIVE_STATES.get(kind, "PUBLISHED")
    return _DRAFT_STATES.get(kind, "DRAFT")


def show(
    authored: emails.model.Authored,
    *,
    only: Iterable[str] = (),
    tally: ledger.Tally | None = None,
    with_workflows: bool = False,
) -> dict[str, JsonValue]:
    """A :class:`PublicEmail`, with statistics if there is a ``tally``.

    ``only``: the properties wanted (the required ones always come along); empty for all.
    """
    shown = {**_EMPTY, **authored.version.document, **_facts(authored)}
    if tally is not None:
        shown["stats"] = statistics(tally)
    if with_workflows:
        shown["workflowNames"] = []
    wanted = REQUIRED.union(only)
    whole = wanted == REQUIRED
    return {name: value for name, value in shown.items() if value is not None and (whole or name in wanted)}


def _facts(authored: emails.model.Authored) -> dict[str, JsonValue]:
    email, document = authored.email, authored.version.document
    content = document.get("content")
    unit = document.get("businessUnitId")
    return {
        "id": str(email.id),
        "state": wire_state(email.state, email.type),
        "type": email.type,
        "subcategory": document.get("subcategory") or emails.kinds.DEFAULT_SUBCATEGORY,
        "isPublished": email.state is emails.model.State.PUBLISHED,
        "isTransactional": emails.kinds.is_transactional(email.type),
        "isAb": False,
        "archived": email.archived_at is not None,
        "businessUnitId": None if unit is None else str(unit),
        "createdById": email.created_by,
        "updatedById": email.updated_by,
        "publishedById": email.published_by,
        "primaryEmailCampaignId": str(email.campaign_id),
        "allEmailCampaignIds": [str(email.campaign_id)],
        "clonedFrom": None if email.cloned_from is None else str(email.cloned_from),
        "emailTemplateMode": "DRAG_AND_DROP"
        if isinstance(content, dict) and content.get("flexAreas")
        else "DESIGN_MANAGER",
        **_times(authored),
    }


def _times(authored: emails.model.Authored) -> dict[str, JsonValue]:
    email = authored.email
    return {
        "createdAt": iso(email.created_at),
        "updatedAt": iso(email.updated_at),
        "publishedAt": _iso(email.published_at),
        "unpublishedAt": _iso(email.unpublished_at),
        "deletedAt": _iso(email.archived_at),
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else iso(when)

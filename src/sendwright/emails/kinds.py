"""The kinds of e-mail: HubSpot's `type`, and the `subcategory` an author chooses it by.

Source: the enums of the published models (reference/hubspot-models.txt, marketing/emails).
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class EmailType(StrEnum):
    """What an e-mail is for. Only the two kinds of single send leave by the single-send API."""

    AB_EMAIL = "AB_EMAIL"
    BATCH_EMAIL = "BATCH_EMAIL"
    LOCALTIME_EMAIL = "LOCALTIME_EMAIL"
    MANAGE_PREFERENCES_EMAIL = "MANAGE_PREFERENCES_EMAIL"
    AUTOMATED_AB_EMAIL = "AUTOMATED_AB_EMAIL"
    BLOG_EMAIL = "BLOG_EMAIL"
    BLOG_EMAIL_CHILD = "BLOG_EMAIL_CHILD"
    RSS_EMAIL = "RSS_EMAIL"
    RSS_EMAIL_CHILD = "RSS_EMAIL_CHILD"
    RESUBSCRIBE_EMAIL = "RESUBSCRIBE_EMAIL"
    OPTIN_EMAIL = "OPTIN_EMAIL"
    OPTIN_FOLLOWUP_EMAIL = "OPTIN_FOLLOWUP_EMAIL"
    AUTOMATED_EMAIL = "AUTOMATED_EMAIL"
    FEEDBACK_CES_EMAIL = "FEEDBACK_CES_EMAIL"
    FEEDBACK_CUSTOM_EMAIL = "FEEDBACK_CUSTOM_EMAIL"
    FEEDBACK_CUSTOM_SURVEY_EMAIL = "FEEDBACK_CUSTOM_SURVEY_EMAIL"
    FEEDBACK_NPS_EMAIL = "FEEDBACK_NPS_EMAIL"
    FOLLOWUP_EMAIL = "FOLLOWUP_EMAIL"
    LEADFLOW_EMAIL = "LEADFLOW_EMAIL"
    SINGLE_SEND_API = "SINGLE_SEND_API"
    MARKETING_SINGLE_SEND_API = "MARKETING_SINGLE_SEND_API"
    SMTP_TOKEN = "SMTP_TOKEN"  # noqa: S105  a kind of e-mail, not a secret
    TICKET_EMAIL = "TICKET_EMAIL"
    MEMBERSHIP_REGISTRATION_EMAIL = "MEMBERSHIP_REGISTRATION_EMAIL"
    MEMBERSHIP_PASSWORD_SAVED_EMAIL = "MEMBERSHIP_PASSWORD_SAVED_EMAIL"  # noqa: S105  likewise
    MEMBERSHIP_PASSWORD_RESET_EMAIL = "MEMBERSHIP_PASSWORD_RESET_EMAIL"  # noqa: S105  likewise
    MEMBERSHIP_EMAIL_VERIFICATION_EMAIL = "MEMBERSHIP_EMAIL_VERIFICATION_EMAIL"
    MEMBERSHIP_PASSWORDLESS_AUTH_EMAIL = "MEMBERSHIP_PASSWORDLESS_AUTH_EMAIL"
    MEMBERSHIP_REGISTRATION_FOLLOW_UP_EMAIL = "MEMBERSHIP_REGISTRATION_FOLLOW_UP_EMAIL"
    MEMBERSHIP_OTP_LOGIN_EMAIL = "MEMBERSHIP_OTP_LOGIN_EMAIL"
    MEMBERSHIP_FOLLOW_UP_EMAIL = "MEMBERSHIP_FOLLOW_UP_EMAIL"
    MEMBERSHIP_VERIFICATION_EMAIL = "MEMBERSHIP_VERIFICATION_EMAIL"


SENDABLE: Final = frozenset({EmailType.SINGLE_SEND_API, EmailType.MARKETING_SINGLE_SEND_API})
_NOT_MARKETING: Final = frozenset({EmailType.SINGLE_SEND_API, EmailType.SMTP_TOKEN})
AUTOMATED: Final = frozenset({EmailType.AUTOMATED_EMAIL, EmailType.AUTOMATED_AB_EMAIL})

DEFAULT_SUBCATEGORY: Final = "single_send_api"
SMTP_SUBCATEGORY: Final = "smtp_token"

_OWN_TYPE: Final = {
    "ab_master": EmailType.AB_EMAIL,
    "ab_variant": EmailType.AB_EMAIL,
    "ab_loser_variant": EmailType.AB_EMAIL,
    "localtime": EmailType.LOCALTIME_EMAIL,
    "automated_ab_master": EmailType.AUTOMATED_AB_EMAIL,
    "automated_ab_variant": EmailType.AUTOMATED_AB_EMAIL,
    "blog_email": EmailType.BLOG_EMAIL,
    "blog_email_child": EmailType.BLOG_EMAIL_CHILD,
    "rss_to_email": EmailType.RSS_EMAIL,
    "rss_to_email_child": EmailType.RSS_EMAIL_CHILD,
    "resubscribe_email": EmailType.RESUBSCRIBE_EMAIL,
    "optin_email": EmailType.OPTIN_EMAIL,
    "optin_followup_email": EmailType.OPTIN_FOLLOWUP_EMAIL,
    "automated": EmailType.AUTOMATED_EMAIL,
    "automated_for_deal": EmailType.AUTOMATED_EMAIL,
    "automated_for_form": EmailType.FOLLOWUP_EMAIL,
    "automated_for_form_legacy": EmailType.FOLLOWUP_EMAIL,
    "automated_for_form_buffer": EmailType.FOLLOWUP_EMAIL,
    "automated_for_form_draft": EmailType.FOLLOWUP_EMAIL,
    "automated_for_ticket": EmailType.TICKET_EMAIL,
    "ticket_closed_kickback_email": EmailType.TICKET_EMAIL,
    "ticket_opened_kickback_email": EmailType.TICKET_EMAIL,
    "automated_for_leadflow": EmailType.LEADFLOW_EMAIL,
    "automated_for_feedback_ces": EmailType.FEEDBACK_CES_EMAIL,
    "automated_for_feedback_nps": EmailType.FEEDBACK_NPS_EMAIL,
    "automated_for_feedback_custom": EmailType.FEEDBACK_CUSTOM_EMAIL,
    "automated_for_custom_survey": EmailType.FEEDBACK_CUSTOM_SURVEY_EMAIL,
    "single_send_api": EmailType.SINGLE_SEND_API,
    "marketing_single_send_api": EmailType.MARKETING_SINGLE_SEND_API,
    "smtp_token": EmailType.SMTP_TOKEN,
    "membership_registration": EmailType.MEMBERSHIP_REGISTRATION_EMAIL,
    "membership_password_saved": EmailType.MEMBERSHIP_PASSWORD_SAVED_EMAIL,
    "membership_password_reset": EmailType.MEMBERSHIP_PASSWORD_RESET_EMAIL,
    "membership_otp_login": EmailType.MEMBERSHIP_OTP_LOGIN_EMAIL,
    "membership_passwordless_auth": EmailType.MEMBERSHIP_PASSWORDLESS_AUTH_EMAIL,
    "membership_email_verification": EmailType.MEMBERSHIP_EMAIL_VERIFICATION_EMAIL,
    "membership_registration_follow_up": EmailType.MEMBERSHIP_REGISTRATION_FOLLOW_UP_EMAIL,
    "membership_verification": EmailType.MEMBERSHIP_VERIFICATION_EMAIL,
    "membership_follow_up": EmailType.MEMBERSHIP_FOLLOW_UP_EMAIL,
}

# The enum also names pages, posts and stubs; whoever writes one here gets it back, on a mail that is never sent.
_THE_REST: Final = """
    batch unsubscribe_confirmation_email resubscribe_confirmation_email page_stub landing_page site_page legacy_page
    ab_master_site_page ab_variant_site_page ab_loser_variant_site_page performable_landing_page
    performable_landing_page_cutover staged_page discardable_stub normal_blog_post legacy_blog_post imported_blog_post
    web_interactive portal_content page_instance_layout kb_article_instance_layout kb_listing kb_search_results
    kb_support_form case_study case_study_listing case_study_instance_layout UNKNOWN
"""

TYPES: Final = MappingProxyType({**dict.fromkeys(_THE_REST.split(), EmailType.BATCH_EMAIL), **_OWN_TYPE})
"""Every subcategory of the published models, with the type of e-mail it makes."""


def is_transactional(kind: EmailType) -> bool:
    """Whether the mail is owed to its reader, so that consent and the unsubscribe footer do not apply (TX02)."""
    return kind in _NOT_MARKETING

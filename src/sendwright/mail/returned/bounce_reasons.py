"""The reasons for which mail comes back, by the names that sisimai gave them and operators know."""

from enum import StrEnum, unique


@unique
class BounceReason(StrEnum):
    """Why a mail came back.

    `filtered` is ambiguous: refused after the recipient was accepted, so that the address may well exist. `onhold` is
    a report that says nothing usable. `vacation` and `delivered` are no bounces.
    """

    USER_UNKNOWN = "userunknown"
    HAS_MOVED = "hasmoved"
    HOST_UNKNOWN = "hostunknown"
    MAILBOX_FULL = "mailboxfull"
    SUSPEND = "suspend"
    EXPIRED = "expired"
    NETWORK_ERROR = "networkerror"
    SYSTEM_ERROR = "systemerror"
    SYSTEM_FULL = "systemfull"
    TOO_MANY_CONNECTIONS = "toomanyconn"
    SPEEDING = "speeding"
    NOT_ACCEPT = "notaccept"
    BLOCKED = "blocked"
    BAD_REPUTATION = "badreputation"
    SPAM_DETECTED = "spamdetected"
    POLICY_VIOLATION = "policyviolation"
    AUTH_FAILURE = "authfailure"
    REQUIRE_PTR = "requireptr"
    REJECTED = "rejected"
    SECURITY_ERROR = "securityerror"
    NO_RELAYING = "norelaying"
    CONTENT_ERROR = "contenterror"
    MESSAGE_TOO_BIG = "mesgtoobig"
    EXCEED_LIMIT = "exceedlimit"
    VIRUS_DETECTED = "virusdetected"
    SYNTAX_ERROR = "syntaxerror"
    FILTERED = "filtered"
    MAILER_ERROR = "mailererror"
    FAILED_STARTTLS = "failedstarttls"
    NOT_COMPLIANT_RFC = "notcompliantrfc"
    ON_HOLD = "onhold"
    UNDEFINED = "undefined"
    FEEDBACK = "feedback"
    VACATION = "vacation"
    DELIVERED = "delivered"

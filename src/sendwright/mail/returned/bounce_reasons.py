"""The reasons for which mail comes back, by the names that sisimai gave them and operators know."""

from enum import StrEnum, unique


@unique
class BounceReason(StrEnum):
    """Why a mail came back. Hard, so that the address takes no mail from anybody, are the first four.

    ================  ==================================================================================================
    userunknown       the recipient does not exist, said where recipients are judged (RCPT, 5.1.1) or plainly
    hostunknown       the recipient's domain does not exist or cannot be found
    hasmoved          the recipient has gone, with or without a new address
    notaccept         the recipient's domain takes no mail at all (null MX, 521, 556); soft if that is for now
    filtered          refused after the recipient was taken, or by its own rules; also "no such user" at the wrong time
    suspend           the mailbox exists and is disabled, inactive or archived
    mailboxfull       the mailbox is over its quota; systemfull: the server's disk is
    mesgtoobig        the mail is too large for the server; exceedlimit: by an administrator's limit (5.2.3)
    expired           nobody was reached, or nobody answered, for too long
    networkerror      a connection, route or look-up failed, or mail goes round in a loop
    systemerror       the server failed, or is set up wrongly; mailererror: a program behind it did
    blocked           who connects is refused: address, name at HELO, block list, greylist
    badreputation     the same because of a score or of complaints
    requireptr        the same because its address has no name
    toomanyconn       too many connections, sessions or recipients at once; speeding: too much mail in some time
    rejected          the sender's address or domain is refused
    authfailure       SPF, DKIM, DMARC or ARC did not pass; failedstarttls: no TLS where it is required
    norelaying        the server does not serve the recipient's domain for us
    securityerror     no right to do this: authentication, permission, 5.7 without better words
    policyviolation   a rule of the site that is not explained; notcompliantrfc: a rule of mail that was broken
    spamdetected      the content is taken for spam; virusdetected: for malware; contenterror: it is malformed, unwanted
    syntaxerror       a command was not understood
    onhold            a report that says nothing usable; undefined: one that was not understood
    feedback          a person complained; vacation and delivered are no bounces
    ================  ==================================================================================================
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

"""What a refusal is about, from its codes (RFC 3463) and its words: HubSpot's category, and whether an address is bad.

Words of policy are looked for before words about the user: a block list that says "no such user" to strangers must not
cost anybody an address. Searches are plain substring searches over a bounded text.
"""

import re
from collections.abc import Iterable

from sendwright import smtp
from sendwright.outbound.model import Category

_READ = 2_000
"""Characters of a reply that are read; what comes after is boilerplate."""

_ENHANCED = re.compile(r"[245]\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9.])")

_RATE = (
    "rate limit", "ratelimit", "too many connections", "too many messages", "too many concurrent", "too many sessions",
    "too many simultaneous", "connection limit", "maximum number of connections", "too much mail",
    "connection frequency", "frequency limited", "unusual rate", "unusual volume", "unexpected volume", "sending rate",
    "rate exceeded", "exceeded the rate", "throttl", "too fast", "too quickly", "slow down", "receiving mail at a rate",
    "hourly limit", "daily limit", "daily user sending limit", "sending limit exceeded", "recipient's rate",
    "server busy", "server is busy", "trop de connexions", "[tss0", "[ts0",
)  # fmt: skip
_CONNECTIONS = (  # each of them is among the words of rate too

    "too many connections", "too many concurrent", "too many sessions", "too many simultaneous", "connection limit",
    "maximum number of connections",
)  # fmt: skip
_RATE_OF_RECIPIENT = ("receiving mail at a rate", "receiving mail too quickly", "recipient's rate")
_GREY = ("greylist", "graylist", "grey list", "grey-list", "gray-list", "postgrey")
_LISTED = (
    "blocklist", "block list", "blacklist", "black list", "black-list", "denylist", "dnsbl", " rbl", ".rbl", "rbl.",
    "(rbl", "spamhaus", "spamcop", "sorbs", "barracudacentral", "barracuda reputation", "ipcheck.proofpoint",
    "csi.cloudmark", "listed at", "listed in", "listed by", "blocked using", "banned sending ip", "banned sender",
    "traffic not accepted from this ip", "not accepted from this ip", "part of their network",
    "mail server has been blocked", "bl00000", "[bl2", "ip address is blocked", "ip address has been blocked",
    "ip is blocked", "ip blocked", "poor reputation", "bad reputation", "low reputation", "ip reputation",
    "reputation of your ip",
)  # fmt: skip
_DOMAIN_REPUTATION = (
    "domain reputation", "reputation of the domain", "reputation of the sending domain", "domain is blocked",
    "domain has been blocked", "reputation of your domain",
)  # fmt: skip
_UNPROVEN = (
    "spf", "dkim", "unauthenticated", "not authenticated", "reverse dns", "rdns", "ptr record", "dns ptr",
    "ptr resource", "reverse hostname", "sender rejected", "sender verify", "sender address rejected", "sender domain",
    "helo command rejected", "return path",
)  # fmt: skip
_LINKS = ("surbl", "uribl")  # lists of names in links judge the message, not who sends it
_SPAM = ("spam", "unsolicited", "junk mail", "bulk mail", "phish", "suspicious", *_LINKS)
_FULL = (
    "mailbox full", "mailbox is full", "mailbox for this recipient is full", "over quota", "overquota",
    "quota exceeded", "exceeded storage", "exceeds quota", "exceeded its quota", "out of storage", "inbox is full",
    "user is over", "storage limit", "not enough storage space", "ofr_417", "boite pleine", "boîte pleine",
    "boîte aux lettres pleine", "postfach voll", "postfach ist voll", "buzón lleno", "casella piena",
)  # fmt: skip
_NO_USER = (
    "user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such address",
    "no such account", "no such person", "unknown recipient", "recipient unknown", "unknown address",
    "unknown mailbox", "user not found", "recipient not found", "mailbox not found", "account not found",
    "user does not exist", "user doesn't exist", "mailbox does not exist", "address does not exist",
    "account does not exist", "account that you tried to reach does not exist", "recipient does not exist",
    "no mailbox", "not a valid mailbox", "not a known user", "invalid recipient", "invalid mailbox",
    "mailbox unavailable: no such", "does not have an account", "doesn't have a", "no longer exists",
    "recipientnotfound", "recipient address rejected: user", "recipient address rejected: access denied",
    "unrouteable address", "addressee unknown", "not our customer", "unknown local part", "unknown local-part",
    "local recipient table", "virtual mailbox table", "virtual alias table", "no such email", "nonexistent user",
    "nonexistent mailbox", "no account by that name", "destinataire invalide", "destinataire inconnu", "ofr_416",
    "utilisateur inconnu", "empfänger unbekannt", "benutzer unbekannt", "usuario desconocido", "utente sconosciuto",
    "gebruiker onbekend", "usuário desconhecido",
)  # fmt: skip
_DISABLED = (
    "mailbox disabled", "account disabled", "account is disabled", "account has been disabled", "mailbox is disabled",
    "account inactive", "is inactive", "mailbox inactive", "account suspended", "has been suspended", "mailbox locked",
    "mailbox unavailable", "no longer active", "deactivated", "is terminated", "account closed", "account is closed",
    "mailbox closed", "mailbox expired", "account expired",
)  # fmt: skip
_CONTENT = (
    "virus", "malware", "attachment", "message content", "content rejected", "content denied", "message too large",
    "message size", "size limit", "line too long", "header",
)  # fmt: skip
_FILTERED = ("filtered", "filter rule", "content filter")
_POLICY = (
    "policy", "relay", "not allowed", "not permitted", "denied", "prohibited", "administrative", "access rejected",
    "not accepted", "authentication required", "blocked", "ofr_506", "mail rejete",
)  # fmt: skip
_ISP = (
    "local configuration error", "misconfigur", "configuration error", "loops back", "mail loop", "too many hops",
    "loop detected",
)  # fmt: skip
_DNS = (
    "domain not found", "host not found", "host unknown", "no mx", "name service error", "dns error",
    "unable to resolve", "domain does not exist", "unknown host",
)  # fmt: skip
_TIMEOUT = ("timed out", "timeout", "time out", "time limit")

# First match wins. The order is the argument: who we are and how much we send, before who the recipient is.
_BY_WORDS: tuple[tuple[Category, tuple[str, ...]], ...] = (
    (Category.THROTTLED, _RATE),
    (Category.GREYLISTING, _GREY),
    (Category.DMARC, ("dmarc",)),
    (Category.DOMAIN_REPUTATION, _DOMAIN_REPUTATION),
    (Category.SPAM, _LINKS),
    (Category.IP_REPUTATION, _LISTED),
    (Category.SENDING_DOMAIN_MISCONFIGURATION, _UNPROVEN),
    (Category.SPAM, _SPAM),
    (Category.MAILBOX_FULL, _FULL),
    (Category.UNKNOWN_USER, _NO_USER),
    (Category.MAILBOX_MISCONFIGURATION, _DISABLED),
    (Category.CONTENT, _CONTENT),
    (Category.FILTERED, _FILTERED),
    (Category.ISP_MISCONFIGURATION, _ISP),
    (Category.DNS_FAILURE, _DNS),
    (Category.TIMEOUT, _TIMEOUT),
    (Category.POLICY, _POLICY),
)

# RFC 3463 and the IANA registry: subject.detail, and for a subject alone what its other details mean.
_BY_CODE = {
    "1.1": Category.UNKNOWN_USER,
    "1.2": Category.DNS_FAILURE,
    "1.3": Category.UNKNOWN_USER,
    "1.6": Category.UNKNOWN_USER,
    "1.7": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "1.8": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "1.10": Category.UNKNOWN_USER,
    "2.2": Category.MAILBOX_FULL,
    "2.3": Category.CONTENT,
    "2": Category.MAILBOX_MISCONFIGURATION,
    "3.4": Category.CONTENT,
    "3.5": Category.ISP_MISCONFIGURATION,
    "4.3": Category.DNS_FAILURE,
    "4.4": Category.DNS_FAILURE,
    "4.5": Category.THROTTLED,
    "4.6": Category.ISP_MISCONFIGURATION,
    "4.7": Category.TIMEOUT,
    "6": Category.CONTENT,
    "7.20": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "7.21": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "7.22": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "7.23": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "7.24": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "7.25": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "7.26": Category.DMARC,  # Gmail: neither SPF nor DKIM passed
    "7.27": Category.SENDING_DOMAIN_MISCONFIGURATION,
    "7.28": Category.THROTTLED,
    "7.500": Category.THROTTLED,  # Microsoft: server busy
    "7.509": Category.DMARC,
    "7.511": Category.IP_REPUTATION,  # Microsoft: banned
    "7.650": Category.THROTTLED,  # Microsoft: slowed for its reputation
    **{f"7.{detail}": Category.IP_REPUTATION for detail in (*range(606, 650), *range(705, 709))},  # Microsoft: blocked
    "7.515": Category.DMARC,  # Outlook.com: the rules for large senders
    "7": Category.POLICY,
}
# Words that a code cannot overrule: they name us, not the recipient.
_ABOUT_US = frozenset(
    {
        Category.THROTTLED,
        Category.GREYLISTING,
        Category.DMARC,
        Category.DOMAIN_REPUTATION,
        Category.IP_REPUTATION,
        Category.SENDING_DOMAIN_MISCONFIGURATION,
        Category.SPAM,
    }
)
_PROVEN = frozenset({"1.1", "1.6", "1.10"})
_ABOUT_US_TOO = ("policy", "reputation", "relay", "blocked", "access denied", "authentication required")
_VETO = (_RATE, _GREY, ("dmarc",), _DOMAIN_REPUTATION, _LISTED, _UNPROVEN, _SPAM, _FILTERED, _ABOUT_US_TOO)
_ABOUT_THE_RECIPIENT = frozenset({smtp.Stage.RCPT, smtp.Stage.DATA, smtp.Stage.FINAL})
_UNKNOWN_USER_CODES = frozenset({550, 551, 553, 554})


def category(reply: smtp.Reply) -> Category:
    """HubSpot's bounce category of a refusal (4xx or 5xx)."""
    by_words = _category_by_words(_words(reply))
    if by_words in _ABOUT_US:
        return by_words
    code = subject_and_detail(reply)
    by_code = _BY_CODE.get(code) or _BY_CODE.get(code.partition(".")[0])
    if by_code is not None and by_code is not Category.POLICY:
        return by_code
    return by_words or by_code or _by_basic_code(reply)


def proves_bad_address(reply: smtp.Reply, stage: smtp.Stage) -> bool:
    """Whether this refusal proves that the address takes no mail, from anybody.

    Proven by 5.1.1, 5.1.6 and 5.1.10; by 5.1.0 or no enhanced code at all when the words say that there is no such
    user. Never when code or words speak of policy, reputation, spam or rate.
    """
    if reply.kind is not smtp.Kind.PERMANENT or stage not in _ABOUT_THE_RECIPIENT:
        return False
    words, code = _words(reply), subject_and_detail(reply)
    if any(_any_of(phrases, words) for phrases in _VETO):
        return False
    if code in _PROVEN:
        return True
    return code in ("", "1.0") and reply.code in _UNKNOWN_USER_CODES and _any_of(_NO_USER, words)


def subject_and_detail(reply: smtp.Reply) -> str:
    """The enhanced code without its class, such as "1.1"; empty when there is none.

    A code that contradicts the class of the reply stands in the text; its subject is worth reading all the same.
    """
    found = _ENHANCED.match(reply.enhanced or reply.text[:_READ])
    return "" if found is None else f"{int(found.group(1))}.{int(found.group(2))}"


def is_patient(reply: smtp.Reply) -> bool:
    """Whether the reply asks us to come again: 4xx; 5xx with a 4.x.x code; 5xx with words of rate.

    Where code and enhanced code disagree the patient reading wins: a retry costs little, a message given up is lost.
    """
    if reply.kind is smtp.Kind.TEMPORARY or re.match(r"4\.[0-9]{1,3}\.[0-9]", reply.text) is not None:
        return True
    return _any_of(_RATE, _words(reply))


def has_words(reply: smtp.Reply, words: Iterable[str]) -> bool:
    """Whether the reply holds one of these words (lower case), be it in its enhanced code."""
    return _any_of(words, f"{reply.enhanced} {_words(reply)}")


def is_about_connections(reply: smtp.Reply) -> bool:
    """Whether what is too much are our connections, not our messages."""
    return _any_of(_CONNECTIONS, _words(reply))


def is_too_many_recipients(reply: smtp.Reply) -> bool:
    """Whether there were too many so far: another transaction may have more at once (RFC 5321 section 4.5.3.1.10)."""
    return reply.code in (452, 552) and (
        subject_and_detail(reply) == "5.3" or "too many recipients" in _words(reply)
    )  # fmt: skip


def is_rate_of_recipient(reply: smtp.Reply) -> bool:
    """Whether what is too much is the mail that the recipient gets, from whomever: nothing that we can mend."""
    return subject_and_detail(reply) == "2.1" or _any_of(_RATE_OF_RECIPIENT, _words(reply))


def _words(reply: smtp.Reply) -> str:
    return reply.text[:_READ].lower()


def _any_of(phrases: Iterable[str], words: str) -> bool:
    return any(phrase in words for phrase in phrases)


def _category_by_words(words: str) -> Category | None:
    return next((found for found, phrases in _BY_WORDS if _any_of(phrases, words)), None)


def _by_basic_code(reply: smtp.Reply) -> Category:
    if reply.code == 552:  # RFC 5321: exceeded storage allocation
        return Category.MAILBOX_FULL
    return Category.TEMPORARY_PROBLEM if reply.kind is smtp.Kind.TEMPORARY else Category.UNCATEGORIZED

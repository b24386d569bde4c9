"""The words and codes by which a refusal is known: data for `reasons`.

Fragments are lower case, looked for in text in lower case with single spaces, no addresses and no links; a `*` stands
for any text between two pieces. They are the words of servers as their manuals, their source and their reports show
them.
"""

from typing import Final, TypeAlias

from .bounce_reasons import BounceReason as R

Words: TypeAlias = tuple[tuple[R, tuple[str, ...]], ...]

# Words that say it whatever the codes are: they name us, our mail or the state of the mailbox. The order is the
# argument: a provider's own terms first, then the state of an existing mailbox, then who we are and how much we send.
DECISIVE: Final[Words] = (
    # Facebook's codes: what they are about, P for permanent and T for temporary.
    (R.USER_UNKNOWN, ("rcp-p1", "int-p1", "int-p3", "int-p4")),
    (R.FILTERED, ("rcp-p2", "rcp-p3", "rcp-p4")),
    (R.MESSAGE_TOO_BIG, ("msg-p1", "int-p2")),
    (R.CONTENT_ERROR, ("msg-p2", "msg-p3")),
    (R.REQUIRE_PTR, ("dns-p3",)),
    (R.REJECTED, ("dns-p1", "dns-p2")),
    (R.SPAM_DETECTED, ("pol-p6", "pol-p7")),
    (R.BLOCKED, ("pol-p1", "pol-p2", "pol-p3", "pol-p4", "pol-p5")),
    (R.TOO_MANY_CONNECTIONS, ("con-t1", "con-t3", "rcp-t2", "pol-t1")),
    (R.SYSTEM_ERROR, ("rcp-t1", "int-t", "dns-t1")),
    # Exchange's own names for what went wrong.
    (R.REJECTED, ("rst.notauthorized", "rst.sendernotauthenticatedforgroup")),
    (R.SYSTEM_ERROR, ("adr.ambiguous", "adr.badprimary", "several matches found in domino", "no proxy for recipient")),
    (R.HOST_UNKNOWN, ("dns.nonexistentdomain",)),
    (R.NETWORK_ERROR, ("dns.mxloopback",)),
    (R.TOO_MANY_CONNECTIONS, ("adr.reciplimit", "adr.recipientlimit")),
    (R.SECURITY_ERROR, ("server does not support auth",)),
    (R.CONTENT_ERROR, ("conversion to internet format failed", "improper use of 8-bit")),
    (R.VIRUS_DETECTED, ("email rejected due to security policies",)),
    (R.REJECTED, ("groups.google.com",)),
    (R.REJECTED, ("[tss0", "[ts0", "temporarily deferred due to user complaints", "unexpected volume or user compl")),
    (R.SYSTEM_FULL, ("mail system full", "requested mail action aborted: exceeded storage allocation by the server")),
    (
        R.MAILBOX_FULL,
        (
            "exceeded the local limit", "mailbox full", "mailbox is full", "mailbox*is full", "mailbox has exceeded", "mailbox exceeds allowed size",
            "mailbox size limit", "mailbox exceeded", "mailbox over quota", "mailbox is over", "mail box full",
            "inbox is full", "inbox full", "over quota", "overquota", "quota exceeded", "quota exceed",
            "exceeded its quota", "exceeded quota", "exceeded the quota", "exceeds quota", "exceeds the quota",
            "disk quota", "quota has been exceeded", "over the maximum allowed", "exceeded storage",
            "storage quota", "out of storage space", "exceeded allocated storage", "exceed mailbox quota",
            "not enough storage space", "insufficient disk space for user", "user is over", "account is over quota",
            "account is full", "account is exceeding their quota", "is exceeding their quota", "mail folder is full",
            "maildir over quota", "maildir delivery failed: user", "maximum mailbox size", "storage limit",
            "recipient's mailbox is over", "user has too many messages", "too much mail data", "quota violation",
            "not enough disk space", "no space left for this user", "would exceed*quota", "quotaexceeded",
            "exceeded*mailbox", "vpopmail*quota", "user*over*quota", "diskspace quota", "boite*pleine",
            "boîte*pleine", "quota dépassé", "postfach*voll", "postfach ist voll", "speicherplatz*überschritten",
            "casella*piena", "buzón*lleno", "buzon*lleno", "caixa*cheia", "ящик переполнен", "mailbox is*overdrawn",
            "容量", "is full",
        ),
    ),
    (
        R.MESSAGE_TOO_BIG,
        (
            "mail size limit", "message too large", "message too big", "message is too large", "message is too big", "mail is too large",
            "line limit exceeded", "message size exceeds*maximum", "message exceeds maximum",
            "message exceeded max", "message size exceeds maximum", "exceeds the maximum message size",
            "exceeded maximum inbound message size", "max message size exceeded", "message length exceeds",
            "message header size exceeds", "message size exceeds limit", "size limit exceeded", "too big message",
            "message size exceeds", "message larger than", "mail exceeds the maximum", "size of this message",
            "maximum size allowed", "larger than the current system limit", "message file too big",
            "resolver.rst.recipsizelimit", "resolver.rst.sendsizelimit", "nachricht zu gross", "nachricht ist zu gro",
        ),
    ),
    (
        R.SUSPEND,
        (
            "administratively disabled", "account is temporarily limited", "account is disabled", "account disabled", "account that you tried to reach is disabled",
            "account has been disabled", "account that you tried to reach is inactive", "account is inactive",
            "account inactive", "account deactivated", "account is suspended", "account suspended",
            "account has been suspended", "account is locked", "account is temporarily locked", "account expired",
            "account has expired", "account is not active", "account not active", "account is frozen",
            "account*currently suspended", "mailbox is frozen", "mailbox disabled", "mailbox is disabled",
            "mailbox has been disabled", "mailbox currently suspended", "mailbox suspended", "mailbox is inactive",
            "mailbox is blocked", "mailbox is currently disabled", "mailbox unavailable or access denied",
            "mailbox locked", "mailbox*not active", "disabled recipient", "recipient is disabled",
            "recipient is suspended", "recipient suspend", "recipient*inactive", "user suspended", "user is suspended",
            "user is inactive", "user is disabled", "user disabled", "user*deactivated", "user is locked",
            "inactive account", "disabled account", "disabled mailbox", "inactive user", "inactive recipient",
            "invalid/inactive user", "address*temporarily disabled", "no longer being used", "boite du destinataire "
            "archivee", "domain is suspended", "email account*suspended", "has been suspended", "is a deactivated",
            "not currently accepting mail due to inactivity", "ящик заблокирован", "ящик отключен", "konto gesperrt",
            "postfach gesperrt", "email address*disabled", "unused over", "account*quarantined by",
        ),
    ),
    (
        R.HAS_MOVED,
        (
            "has moved", "user has moved", "has been replaced by", "no longer on server", "not our user",
            "user not local; please try", "mailbox owner has changed", "destination mailbox has moved",
            "has changed his address", "has changed her address", "has changed address", "new address is",
        ),
    ),
    (
        R.NO_RELAYING,
        (
            "smtp relay error", "relay access denied", "relaying denied", "relay denied", "relaying not allowed", "relay not permitted",
            "relaying not permitted", "unable to relay", "not allowed to relay", "we do not relay", "relaying is prohib",
            "relaying blocked", "relay prohibited", "relay operation rejected", "not a relay", "not permitted to relay",
            "insecure mail relay", "that domain isn't in my list of allowed rcpthosts", "relaying to * prohibited",
            "mail relay denied", "relaying disallowed", "relayed here", "open relay", "relay not allowed",
            "that domain is not in my list of allowed", "email address is not relay", "non-relay*host",
            "as a relay, but i have not been configured", "relais*refuse", "can't relay", "cannot relay",
            "send authenticated smtp to relay", "unauthenticated relay",
        ),
    ),
    (
        R.AUTH_FAILURE,
        (
            "dmarc", "spf record", "spf check", "spf fail", "fails spf", "fail spf", "failed spf", "spf validation",
            "spf hard fail", "spf (sender policy", "sender policy framework", "dkim check", "dkim fail", "dkim signature",
            "spf or dkim", "dkim or spf", "spf and dkim", "dkim unauthenticated", "not authorized by spf",
            "is not allowed to send mail from", "not authorized to use*sender", "not authorized to send mail from",
            "does not designate", "spf-result", "spf=fail", "unauthenticated email", "unauthenticated mail",
            "authentication requirements*sender", "email is not authenticated", "not pass authentication",
            "authentication checks", "sender authentication", "bad spf", "spf: host", "spf mismatch", "spf policy",
        ),
    ),
    (
        R.VIRUS_DETECTED,
        (
            "virus", "malware", "trojan", "infected", "executable attachment", "rejected due to security polic",
            "phishing heur", "worm found", "eicar",
        ),
    ),
    (
        R.REQUIRE_PTR,
        (
            "reverse dns", "ptr record", "rdns", "reverse hostname", "unverifyable sending ip", "unverifiable sending ip",
            "cannot find your hostname", "cannot find your reverse", "no reverse", "without reverse", "no ptr",
            "missing ptr", "lack of ptr", "ptr lookup", "invalid ptr", "reverse lookup", "fix your reverse",
            "all mail servers must have*ptr", "unresolvable client", "generic ptr", "dynamic or generic",
            "client host rejected: cannot find your", "ip address does not resolve", "ip name lookup failed",
            "ip name forward lookup failed", "does not have a valid*host name", "must have a hostname",
        ),
    ),
    (
        R.NOT_COMPLIANT_RFC,
        (
            "rfc 5322", "rfc 2822", "rfc 822", "rfc5322", "rfc2822", "rfc822 compliant", "not rfc compliant",
            "not compliant with rfc", "multiple*addresses in from", "multiple from", "missing*message-id header",
            "missing*from header", "missing*date header", "duplicate header", "non-rfc", "bare lf", "bare newline",
            "bare <lf>", "bare line feed", "no valid from", "this message is not rfc", "from: header are not accepted",
            "messages missing a valid", "violates rfc", "singular header",
        ),
    ),
    (
        R.BAD_REPUTATION,
        (
            "low reputation", "poor reputation", "bad reputation", "reputation of the sending", "senderbase",
            "reputation of your", "poor domain reputation", "negative reputation", "reputation too low", "ip reputation",
            "domain reputation", "sender reputation", "lack of reputation", "due to reputation", "due to the reputation",
            "tempfail due to reputation", "senderscore", "trustworthiness", "reputation score", "policy_based_reputation",
        ),
    ),
    (
        R.TOO_MANY_CONNECTIONS,
        (
            "frequency limited", "too many connections", "too many concurrent", "too many sessions", "too many smtp conn",
            "too many simultaneous", "connection limit", "max number of connections", "maximum number of concurrent",
            "connections from your host", "concurrent connection", "connection rate limit", "connecting too",
            "too many open connections", "exceeded the number of connections", "number of connections exceed",
            "all available ips", "trop de connexions", "per-ip connection", "connection refused - too many",
            "stop open connection", "unusual amount of connections", "too many recipients",
        ),
    ),
    (
        R.SPEEDING,
        (
            "rate limit", "ratelimit", "rate exceeded", "rate that", "at a rate", "sending too", "too many messages",
            "too much mail", "too many mails", "too many emails", "too fast", "slow down", "throttl", "unusual rate",
            "message rate", "sending limits", "hourly limit", "daily limit", "exceeded the rate", "frequency is too",
            "mails per session", "messages per session", "limit exceeded*messages per", "sending rate", "try again*slower",
            "receiving mail too quickly", "receiving mail at", "mail frequency", "quota*messages per", "rate control",
        ),
    ),
    (
        R.SPAM_DETECTED,
        (
            "spam message", "spam detected", "is spam", "as spam", "- spam", "spam content", "spam-like", "spam score",
            "detected spam", "considered spam", "classified as", "identified as spam", "looks like spam", "spam filter",
            "spamassassin", "suspected spam", "probable spam", "possible spam", "be spam", "likely spam", "unsolicited",
            "ube,", "ube ", "uce ", "junk mail", "bulk mail", "bulk email", "bulk message", "blacklisted url",
            "uribl", "surbl", "high probability of spam", "spam firewall", "anti-spam", "antispam", "spam rejected",
            "spam not", "no spam", "spamming", "message contains spam", "message contained spam", "mail appears to be",
            "ofr_5", "lpn007_5", "cloudmark", "content filter", "blocked by a spam", "blocked by bulk", "contains a url",
            "message rejected due to content", "content rejected", "message content rejected", "spam or",
            "contenu*spam", "nicht akzeptiert*spam", "als spam", "spam-", "dcc reject", "rejected by rspamd", "razor",
            "not accept spam", "message filtered",
        ),
    ),
    (
        R.BLOCKED,
        (
            "blacklist", "black list", "blocklist", "block list", "blocked list", "denylist", "dnsbl", " rbl", "rbl-",
            "rbl ", "spamhaus", "spamcop", "sorbs", "barracudacentral", "blocked using", "listed at", "is listed in", "was listed",
            "currently listed", "listed by", "is listed on", "banned sending ip", "banned ip", "ip address is blocked", "ip blocked",
            "ip address blocked", "ip has been blocked", "ip*is blocked", "ip*blocked", "ip address*rejected",
            "client host rejected", "client host blocked", "client host*blocked", "your host is blocked", "helo command rejected",
            "helo rejected", "invalid helo", "invalid ehlo", "bad helo", "helo name", "ehlo name", "helo/ehlo",
            "my name was rejected", "not accepting connections", "refused to talk", "connection refused by policy",
            "connection rejected", "connections from*reject", "connection dropped", "access from*denied", "service not allowed",
            "service refused your ip", "your ip", "your server*blocked", "server is blocked", "sender ip", "hosts from",
            "hosts in*not allowed", "dynamic ip", "dynamic address", "dial-up", "dialup", "dynamic/", "residential ip",
            "greylist", "graylist", "grey list", "greylisting", "unfortunately, messages from", "because messages from*were",
            "messages from your*blocked", "mail from your*is not", "mail from*rejected*ip", "banned", "bad sender ip",
            "please use the smtp server of your isp", "use your isp", "your isp's", "isp smtp", "ips.backscatterer",
            "is in my*list", "too many errors", "too many invalid", "too many unknown users", "too many bad",
            "early talker", "pregreet", "protocol error; redundant", "e-mail is redundant", "domain*is blocked",
            "blocked by*administrator", "network*blocked", "not allowed to connect", "no smtp for you", "go away",
            "connection not authorized", "connections not accepted from", "is not allowed to connect", "verifyable hostname",
            "smtp server does not*comply", "cannot establish a connection because", "access denied. ip", "refused by*rule",
            "no rcpt because of", "temporarily blocked", "temporarily deferred", "temporarily*rejected", "has been blocked",
        ),
    ),
    (
        R.POLICY_VIOLATION,
        (
            "policy violation", "policy reasons", "protocol violation", "local policy", "violates*policy", "policy reject",
            "message not allowed", "against policy", "policy of", "by policy", "policy restriction", "for policy",
            "due to policy", "security policy", "our policy", "dotted quad", "by administrator policy", "message not accepted",
            "email not accepted", "mail not accepted", "you have been denied", "disallowed sender address", "you may not send",
            "not permitted by", "messages with multiple", "closed mailing list", "prohibited by administrator",
        ),
    ),
    (
        R.FAILED_STARTTLS,
        (
            "starttls is required", "starttls command first", "must issue a starttls", "tls required", "tls handshake",
            "starttls fail", "tls negotiation", "tls is required", "encryption required", "tls session", "requires tls",
            "tls not available", "certificate verif", "server certificate not",
        ),
    ),
    (
        R.SYNTAX_ERROR,
        (
            "syntax error in param", "bad parameters", "command unrecognized", "unrecognized command",
            "command not implemented", "command not recognized", "bad sequence of commands", "command sequence",
            "nested mail command", "unknown smtp command", "unimplemented*command",
        ),
    ),
)  # fmt: skip

# The recipient does not exist, said so that no step of the session can make it mean something else.
NO_USER: Final = (
    "delivery error: dd", "not listed in domino directory", "not listed in * directory", "not listed in public name",
    "recipient name is not recognized", "unknown recipient", "recipientnotfound", "recipnotfound", "adr.recip", "adr.exrecip", "adr.invalidinsmtp", "unknown user:", "< >: user unknown", "non répertorié dans l'annuaire", "見つかりません", "ディレクトリのリストにありません", "no valid recipients for this",
    "mail.local: unknown user", "bad destination mailbox address", "bad destination email address", "bad address syntax",
    "recipient address rejected: access denied", "destination addresses were unknown", "no mailbox here by that name",
    "no mailbox by that name", "email address wasn't found", "email address could not be found", "address you entered couldn",
    "wasn't found at", "couldn't be found or is invalid", "p=nosuchuser",
    "no valid recipient", "invalid recipient", "not a valid mailbox", "requested user mailbox not found", "no such user here",
    "adresse destinataire invalide", "adresse d au moins un destinataire invalide", "utilisateur inconnu", "destinataire inconnu",
    "benutzer unbekannt", "empfänger unbekannt", "empfaenger unbekannt", "empfänger existiert nicht", "unbekannte adresse",
    "empfänger nicht gefunden", "adresse existiert nicht", "unbekannter empf", "usuario desconocido", "destinatario desconocido",
    "usuario no existe", "utente sconosciuto", "destinatario sconosciuto", "usuário desconhecido", "нет такого пользователя",
    "получатель не найден", "пользователь не найден", "ユーザーが存在しない", "宛先が存在し", "宛先不明", "メールアドレスが存在し",
    "ofr_416", "lpn007_416", "nie istnieje", "neexistuje", "bestaat niet", "non esiste", "invalid final delivery user",
    "unknown local-part", "unknown local part", "user not exist", "can't chdir to maildir", "addressee unknown",
    "name not found in", "no matching*directory", "delivery to non-user",
)  # fmt: skip

# The same where it may also be a filter that hides behind these words: believed at RCPT or with a code that agrees.
NO_USER_PERHAPS: Final = (
    "account that you tried to reach does not exist",
    "user doesn't have a", "user does not have a", "does not have an account", "doesn't have an account", "recipient not found",
    "mailbox not found", "no such mailbox", "mailbox does not exist", "mailbox doesn't exist", "user not found", "user doesn't exist",
    "user does not exist", "does not have an email account", "name not found", "is not a known user", "not a valid user",
    "not a valid recipient", "not a known user", "no longer accepts mail", "no longer exists", "recipient unknown", "no such account",
    "recipient cannot be found", "recipient could not be found", "person not at this company", "no longer with", "not our customer",
    "invalid user", "invalid mailbox", "invalid address", "no account by that name", "couldn't find any user", "wurde nicht gefunden",
    "this mailbox is no longer", "no longer exist", "unknown address error", "no such virtual user", "not a valid address",
    "user unknown", "unknown user", "no such user", "no such recipient", "no such address", "no such person", "no such member",
    "no such name", "unknown mailbox", "unknown address", "unknown account", "unknown id", "unknown local", "address unknown",
    "account not found", "address not found", "address is not", "address invalid", "mailbox unavailable",
    "mailbox not available", "recipient refused",
    "recipient not known", "user invalid", "user not known", "user rejected",
    "user*not exist", "undeliverable address", "undeliverable to", "not a mailbox", "not a user", "no user", "no mailbox",
    "no recipient", "is not known here", "is unknown", "not known at this", "unknown to", "does not exist", "doesn't exist",
    "can't accept user", "does not like recipient", "can't deliver to", "inactive email address", "not found in", "no existe",
    "we don't handle mail for", "we do not handle mail for", "not deliver to", "account unavailable", "account closed",
    "not a local", "not local", "unknown", "email address is invalid", "verification failed", "could not verify recipient",
)  # fmt: skip

# A refusal after the recipient was taken, or by the recipient's own rules.
FILTERED: Final = (
    "header error", "ambiguous recipient", "cannot route mail to user", "undisclosed error", "user reject", "user refused", "rejected by the recipient", "recipient has refused", "refuses to accept",
    "because the recipient is only accepting mail from", "only accepts mail from", "not accepting mail from",
    "user has rejected", "due to extended inactivity", "you have been blocked by the recipient", "refused by recipient",
    "bounced by a filter", "recipient's filter", "user's filter", "private blacklist", "sender is on the recipient", "blocked by user",
    "does not accept mail from you", "wants no mail", "rejected by user", "filtered", "undisclosed reason", "transport failure*rule",
)  # fmt: skip

# What is about the sender, or the recipient's domain.
ABOUT_DOMAINS: Final[Words] = (
    (
        R.SECURITY_ERROR,
        ("client was not authenticated", "sendernotauthenticated", "unauthenticated sender", "authentication required", "authentication is required", "authrequired", "must authenticate",
         "authentication failure", "authentication failed", "codes d'authentification", "sendersnotallowed"),
    ),
    (
        R.REJECTED,
        (
            "sender address rejected", "sender rejected", "sender denied", "sender verify failed", "sender verification failed",
            "sender is rejected", "domain of sender address", "sender domain", "sender address", "mail from address",
            "mail from not", "rejected mail from", "invalid sender", "invalid mail from", "invalid domain, see", "unroutable sender",
            "unrouteable sender", "address of sender", "backscatter", "bad sender", "from address", "sender not", "sender must",
            "could not verify sender", "envelope from", "envelope sender", "empty envelope", "sender is not",
            "return path", "null sender", "<> invalid", "sender*invalid", "sender*rejected", "sender*not allowed",
            "sender*blocked", "from email address not", "you are not allowed to send to", "group does not accept", "does not like sender",
            "message was rejected due to", "rejected by header", "server rejected mail from", "adresse emetteur",
        ),
    ),
    (
        R.NOT_ACCEPT,
        (
            "does not accept mail", "does not receive mail", "doesn't accept mail", "doesn't receive mail", "no smtp service",
            "not accepting network messages", "host does not accept", "domain does not accept", "couldn't find a mail exchanger",
            "couldn't find any mail exchanger", "no mx found for domain", "null mx", "nullmx", "mx 0", "no mail exchanger",
            "smtp protocol returned a permanent error", "domain does not receive",
            "no mx records", "does not like to receive", "accepts no mail", "does not support mail",
        ),
    ),
    (
        R.HOST_UNKNOWN,
        (
            "remote domain doesnt exist", "no mx or a records", "host unknown", "unknown host", "host not found", "domain not found", "domain does not exist", "domain doesn't exist",
            "no such domain", "no such host", "unknown domain", "domain unknown", "unrouteable address", "unroutable address",
            "domain is not reachable", "domain name not found", "domain name does not exist", "name or service not known",
            "couldn't find any host", "couldn't find any host named", "nxdomain", "domain*was not found", "domain must exist",
            "host or domain name not found", "domain*couldn't be found", "invalid domain", "bad domain", "domain is invalid",
            "unable to resolve host", "unresolvable domain", "no route to domain", "address resolution failed", "dns lookup failure",
            "illegal host/domain", "point to non-existent hosts", "host*not found", "recipient domain must exist", "dns error: domain",
            "unknown mail host", "bad destination host", "bad destination system", "domain*does not exist", "no such host is known",
            "badly formatted or the domain", "gone away*domain", "domaine inconnu", "domain nicht gefunden", "domäne nicht gefunden",
        ),
    ),
)  # fmt: skip

# What is about hosts and machines on the way.
ABOUT_MACHINES: Final[Words] = (
    (
        R.EXPIRED,
        (
            "retry timeout exceeded", "after multiple retries", "unreachable for too long", "retry time not reached", "envelope expired", "message expired", "delivery time expired",
            "was not delivered within", "delivery attempt*expired", "giving up after",
            "could not be delivered for too long", "delivery timed out", "unable to deliver this message after", "not been delivered after",
            "connection timed out", "timed out", "have been failing for a long time", "could not find a gateway", "queue.expired", "not collected after", "socket error", "retried for", 
            "did not accept our requests to connect", "not responding", "host not reachable", "unable to connect in",
            "was aborted after", "failed to deliver after",
            "delivery expired", "has expired", "too long in", "maximum time", "retry limit", "too old", "delivery attempts were unsuccessful",
            "not be delivered within", "no more retries", "host unreachable", "failed connect", "reached maximum retries", "dauerhaft nicht erreich",
        ),
    ),
    (
        R.NETWORK_ERROR,
        (
            "wasn't able to establish an smtp connection", "dns lookup failed", "mail loop", "loop detected", "too many hops", "loops back", "routing loop",
            "hop count exceeded", "maximum hop count", "hops exceeded", "could not connect and send",
            "no route to host", "network is unreachable", "name lookup failure", "lookup failure", "message looping", "is looping", "found, try again",
            "malformed name server reply", "dns records for the destination computer",
            "forwarded more than the maximum", "could indicate a mail loop", "host is unreachable", "name server timeout", "dns timeout",
            "could not be resolved", "malformed or unexpected name server", "temporary lookup failure", "dns server failure",
            "server failure", "too many unneeded rcpt", "mail forwarding loop", "destination host is not reachable",
            "lookup failed temporarily", "points to local host",
        ),
    ),
    (
        R.SYSTEM_FULL,
        ("insufficient system storage", "insufficient disk space", "insufficient system", "no space left", "disk full", "mail system full", "out of disk",
         "not enough space on", "system resources", "insufficient resources", "low on disk"),
    ),
    (
        R.CONTENT_ERROR,
        (
            "invalid header", "improper header", "attachment", "file type", "message content", "content denied", "charset",
            "unsupported content", "mime error", "smtputf8", "header line", "bad content",
            "the message does not conform", "message contains invalid", "header size", "not a valid message", "header*contain",
        ),
    ),
    (
        R.SECURITY_ERROR,
        (
            "authentication required", "unauthenticated sender", "authentication failure", "authentication failed", "not authenticated", "authenticate",
            "authrequired", "restricted", "not authorised", "not authorized", "unauthorized", "permission denied", "no permission", "must log in",
            "security", "verification failure", "codes d'authentification", "sendersnotallowed", "delivery not authorized",
            "you are not allowed", "not permitted", "not allowed",
        ),
    ),
    (
        R.MAILER_ERROR,
        (
            "x-unix", "pipe to", "procmail", "maildrop", "x-mailer*exit", "mailer error", "command failed", "command died", "exit status", "exited with",
            "unknown mailer error", "command output", "local delivery agent", "failed to execute", "generated during the delivery attempt",
        ),
    ),
    (
        R.SYSTEM_ERROR,
        (
            "could not load", "dns violates", "internal error", "internal system error", "internal server error", "local error", "config error", "configuration error", "misconfigur", "system error",
            "server error", "transaction failed", "unable to contact ldap", "ldap", "local problem", "software error", "temporary failure", "temporary problem", "temporary error", "database", "queue file",
            "cannot write", "can't write", "i/o error", "input/output", "out of memory", "server configuration", "mail system problem", "technical",
            "interrupted", "can't create", "cannot create", "unable to open", "no such file", "operation not permitted", "process error",
            "generic failure", "aborted", "unexpected", "program failure", "unable to deliver", "mail server error", "problem with the", "proxy",
        ),
    ),
)  # fmt: skip

# What says something only where nothing else does: what mailers write under every refusal of a kind.
AT_LAST: Final[Words] = (
    (R.USER_UNKNOWN, ("address rejected", "recipient rejected", "recipient*rejected", "recipient is not", "recipient*not accepted")),
    (R.SYSTEM_ERROR, ("service unavailable", "service currently unavailable", "service temporarily unavailable")),
    (R.HOST_UNKNOWN, ("name service error",)),
    (R.EXPIRED, ("still undelivered", "could not be delivered for", "cannot send message for", "could not send message for", "timeout",
                 "time-out", "time out", "queue too long", "giving up", "delayed", "will be retried", "still being retried", "not yet been delivered", "was aborted")),
    (R.NETWORK_ERROR, ("could not connect", "couldn't connect", "unable to connect", "connection refused", "connection reset", "connection lost",
                       "lost connection", "connection was dropped", "connection was closed", "connection closed", "connection died",
                       "failed to connect", "unable to contact")),
)  # fmt: skip

# What an enhanced code says (RFC 3463 and the IANA registry): subject and detail. Where class 4 means something else,
# or a provider has its own, the whole code stands in `WHOLE_CODES`.
CODES: Final = {
    "1.0": R.USER_UNKNOWN,
    "1.1": R.USER_UNKNOWN,
    "1.2": R.HOST_UNKNOWN,
    "1.3": R.USER_UNKNOWN,
    "1.4": R.FILTERED,
    "1.6": R.HAS_MOVED,
    "1.7": R.REJECTED,
    "1.8": R.REJECTED,
    "1.9": R.SYSTEM_ERROR,
    "1.10": R.USER_UNKNOWN,
    "2.0": R.FILTERED,
    "2.1": R.FILTERED,
    "2.2": R.MAILBOX_FULL,
    "2.3": R.EXCEED_LIMIT,
    "2.4": R.FILTERED,
    "3.0": R.SYSTEM_ERROR,
    "3.1": R.SYSTEM_FULL,
    "3.2": R.NOT_ACCEPT,
    "3.3": R.SYSTEM_ERROR,
    "3.4": R.MESSAGE_TOO_BIG,
    "3.5": R.SYSTEM_ERROR,
    "4.0": R.NETWORK_ERROR,
    "4.1": R.EXPIRED,
    "4.2": R.NETWORK_ERROR,
    "4.3": R.SYSTEM_ERROR,
    "4.4": R.HOST_UNKNOWN,
    "4.5": R.SYSTEM_FULL,
    "4.6": R.NETWORK_ERROR,
    "4.7": R.EXPIRED,
    "4.8": R.NETWORK_ERROR,
    "4.9": R.NETWORK_ERROR,
    "5.0": R.SYSTEM_ERROR,
    "5.1": R.SYSTEM_ERROR,
    "5.2": R.SYNTAX_ERROR,
    "5.3": R.TOO_MANY_CONNECTIONS,
    "5.4": R.SYNTAX_ERROR,
    "5.5": R.SYSTEM_ERROR,
    "5.6": R.SYNTAX_ERROR,
    "6": R.CONTENT_ERROR,
    "7.0": R.SECURITY_ERROR,
    "7.1": R.SECURITY_ERROR,
    "7.9": R.SECURITY_ERROR,
    "7.10": R.FAILED_STARTTLS,
    "7.13": R.SUSPEND,
    "7.17": R.HAS_MOVED,
    "7.18": R.HAS_MOVED,
    "7.20": R.AUTH_FAILURE,
    "7.21": R.AUTH_FAILURE,
    "7.22": R.AUTH_FAILURE,
    "7.23": R.AUTH_FAILURE,
    "7.24": R.AUTH_FAILURE,
    "7.25": R.REQUIRE_PTR,
    "7.26": R.AUTH_FAILURE,
    "7.27": R.NOT_ACCEPT,
    "7.28": R.SPEEDING,
    "7.29": R.AUTH_FAILURE,
    "7.30": R.FAILED_STARTTLS,
    "7.509": R.AUTH_FAILURE,
    "7.511": R.BLOCKED,
    "7.512": R.NOT_COMPLIANT_RFC,
    "7.515": R.AUTH_FAILURE,
    "7.705": R.SPEEDING,
    "7.708": R.BLOCKED,
    "7.750": R.BLOCKED,
    "7": R.SECURITY_ERROR,
}
WHOLE_CODES: Final = {
    # Exchange Online, as its table of non-delivery reports explains them.
    "5.7.12": R.REJECTED,
    "5.7.124": R.REJECTED,
    "5.7.133": R.REJECTED,
    "5.7.134": R.REJECTED,
    "5.7.135": R.REJECTED,
    "5.7.136": R.REJECTED,
    "5.7.501": R.SPAM_DETECTED,
    "5.7.502": R.SPAM_DETECTED,
    "5.7.503": R.SPAM_DETECTED,
    "5.7.504": R.USER_UNKNOWN,
    "5.7.505": R.BLOCKED,
    "5.7.506": R.BLOCKED,
    "5.7.507": R.BLOCKED,
    "5.7.508": R.BLOCKED,
    "5.4.300": R.EXPIRED,
    "4.4.300": R.EXPIRED,
    "4.2.1": R.SUSPEND,
    "4.5.3": R.TOO_MANY_CONNECTIONS,
    "4.7.0": R.BLOCKED,
    "4.7.1": R.BLOCKED,
    "5.4.1": R.USER_UNKNOWN,  # Exchange Online: recipient address rejected, access denied
    "5.4.310": R.HOST_UNKNOWN,
    "5.4.312": R.HOST_UNKNOWN,
    "5.4.316": R.EXPIRED,
    "4.4.316": R.EXPIRED,
    "5.4.14": R.NETWORK_ERROR,
}
CODES_OF_USER: Final = frozenset({"1.0", "1.1", "1.3", "1.10"})
CODES_OF_FILTER: Final = frozenset({"2.0", "2.1", "2.4"})
# Codes so precise that ordinary words cannot mean something else.
BEFORE_WORDS: Final = frozenset({"2.3"})
PRECISE: Final = frozenset(
    {"1.6", "1.7", "1.8", "2.2", "7.13", "7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27"}
)
BASIC: Final = {
    "421": R.BLOCKED,
    "451": R.SYSTEM_ERROR,
    "452": R.SYSTEM_FULL,
    "501": R.SYNTAX_ERROR,
    "502": R.SYNTAX_ERROR,
    "503": R.SYNTAX_ERROR,
    "504": R.SYNTAX_ERROR,
    "521": R.NOT_ACCEPT,
    "523": R.EXCEED_LIMIT,
    "525": R.SUSPEND,
    "530": R.SECURITY_ERROR,
    "534": R.SECURITY_ERROR,
    "535": R.SECURITY_ERROR,
    "538": R.SECURITY_ERROR,
    "551": R.HAS_MOVED,
    "552": R.MAILBOX_FULL,
    "556": R.NOT_ACCEPT,
}

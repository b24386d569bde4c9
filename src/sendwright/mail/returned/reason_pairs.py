"""Words that mean something together: data for `reasons`, where no phrase that is known was said.

A reason is believed if one word of each of its two lists is there, in any order: what is spoken of, and what is said of
it. The order of the reasons is the argument: how much we send before what is full, ourselves before the recipient.
Fragments are written like those of `reason_words`.
"""

from typing import Final, TypeAlias

from .bounce_reasons import BounceReason as R

Pairs: TypeAlias = tuple[tuple[R, tuple[str, ...], tuple[str, ...]], ...]

PAIRS: Final[Pairs] = (
    (
        R.SPEEDING,
        ("hourly", "per hour", "one hour", "per minute", "one minute", "daily", "per day", "session", " rate",
        "too fast"),
        ("quota", "limit", "too many", "exceed", "messages", "mails", "emails"),
    ),
    (
        R.TOO_MANY_CONNECTIONS,
        ("simultaneous", "concurrent", "too many", "maximum number", "limit"),
        ("connection", "connexion", "session", "recipients"),
    ),
    (
        R.MESSAGE_TOO_BIG,
        ("message", " mail ", "email", "e-mail", "letter", "attachment", "nachricht", "mensaje", "messaggio"),
        (
            "too large", "too big", "larger than", "bigger than", "exceeds the size", "size limit", "maximum size",
            "message size", "permitted size", "size exceed", "oversize", "file size", "size of", "zu groß",
            "zu gross", "trop gros",
            "trop volumineux", "demasiado grande", "troppo grande",
        ),
    ),
    (
        R.MAILBOX_FULL,
        (
            "mailbox", "mail box", "inbox", "account", "user", "recipient", "folder", "maildir", "boite", "boîte",
            "storage", "quota", "postfach", "buzón", "casella", "caixa", "skrzynk",
        ),
        (
            " full", "quota", "no space", "no free space", "not enough space", "out of space", "out of storage",
            "storage", "overdrawn", "overflow", "over its limit", "over the limit", "used up", "pleine", " voll",
            "lleno", "piena", "cheia", "pełna", "limite de", "disk space", "exceed", "maximum size", "size limit",
        ),
    ),
    (
        R.SYSTEM_FULL,
        ("disk", "system", "server", "device", "partition", "spool"),
        (" full", "no space", "insufficient", "not enough space", "out of space"),
    ),
    (
        R.SUSPEND,
        ("account", "mailbox", "user", "recipient", "address", "domain", "compte", "konto", "cuenta"),
        (
            "disabled", "suspended", "deactivated", "not activated", "not active", "inactive", "inactivity", "dormant",
            "locked out", "is locked", "account locked", "mailbox locked", "frozen", "expired", "archived",
            "terminated", "discontinued", "temporarily closed",
            "désactivé", "suspendu", "deaktiviert", "gesperrt", "deshabilitad", "sospes",
        ),
    ),
    (
        R.NO_RELAYING,
        (" relay",),
        (" not ", "denied", "deny", "denies", "prohibit", "refus", "reject", "require", "won't", "forbid", "disallow"),
    ),
    (R.AUTH_FAILURE, (" spf", "(spf", "dkim", "dmarc", "domainkeys"), ("",)),
    (R.REQUIRE_PTR, ("reverse", " ptr", "rdns", "hostname", "unverif"), ("resol", "lookup", "record", "mismatch",
    "not match", " ip", "dns")),
    (R.SPAM_DETECTED, ("spam", "unwanted", "unsolicited", " junk", " ube", " uce"), ("",)),
    (
        R.FAILED_STARTTLS,
        (" tls", "starttls", " ssl"),
        ("fail", "require", "must", "handshake", "not available", "not offered", "not supported", "error"),
    ),
    (
        R.NOT_COMPLIANT_RFC,
        (" rfc", "from header", "from: header", "message-id", "date header", "date: header", "subject header"),
        ("missing", "multiple", "more than one", "comply", "compli", "violat", "duplicate", "must have", "conform"),
    ),
    (
        R.CONTENT_ERROR,
        ("header", "mime", "attachment", "8bit", "8-bit", "charset", "encoding", "content", "file name", "executable"),
        (
            "malformed", "invalid", " bad ", "not allowed", "not accepted", "denied", "illegal", "missing", "forbid",
            "blocked", "reject", "refus", "too large", "too long", "prohibit", "not wanted",
        ),
    ),
    (R.BAD_REPUTATION, ("reputation",), ("",)),
    (
        R.BLOCKED,
        (
            "helo", "ehlo", " ip ", " ip-", " ip:", " ip.", "ip address", "[ip", "(ip", " client", "your host",
            "your server", "sending host", "sending server", "your network", "your isp", "your provider", "dnsbl",
        ),
        (
            "denied", "denies", "refus", "reject", "block", "not allowed", "listed", "not welcome", "banned",
            "prohibit",
            "not accepted", "invalid", " bad ", "should be", "must be", "abuse", "bloqué", "gesperrt",
        ),
    ),
    (
        R.REJECTED,
        (
            "sender", "your domain", "from domain", "domain of your", "mail from", "envelope", "return address",
            "from:", "your address", "expéditeur", "absender", "remitente", "mittente",
        ),
        (
            "reject", "refus", "denied", "invalid", "not allowed", "not accepted", "unknown", "not exist",
            "not resolve",
            "no mx", "not found", "verif", "block", "listed", "must", "inconnu", "unbekannt", "inexist", "not valid",
        ),
    ),
    (R.POLICY_VIOLATION, ("polic", "prohibition", "administratively prohibited", "violation"), ("",)),
    (
        R.SECURITY_ERROR,
        ("authoriz", "authoris", "authentic", "permission", "permitted", "credential", "privilege", "password"),
        (" not ", "unauth", "deni", "fail", "requir", "without", "insufficient", " no ", "incorrect", "wrong"),
    ),
    (
        R.NOT_ACCEPT,
        ("host", "domain", "server", "system", " mx "),
        ("no smtp service", "no mx ", "not accept mail", "not accept e-mail", "not accept email",
        "not receive mail", "accepts mail: mx", "accepts no"),
    ),
    (
        R.NETWORK_ERROR,
        (" dns", "lookup", "name server", "nameserver", "network", "route", " hop", " loop", "connection"),
        ("fail", "temporar", "reset", "lost", "closed", "unreach", "too many", "error", "aborted", "dropped"),
    ),
    (
        R.HOST_UNKNOWN,
        ("domain", " host ", "host name", "domaine", "dominio"),
        (
            "not exist", "not found", "unknown", "invalid", "no such", "not be resolved", "not resolve", "nonexist",
            "non-exist", "inexist", "no existe", "inconnu", "unbekannt", "not be found", "not reachable",
        ),
    ),
    (
        R.EXPIRED,
        ("deliver", "queue", "retry", "retries", "message", "attempt", "zustell", "envelope", "all hosts"),
        ("expired", "timed out", "too long", "time exceeded", "time limit", "deadline", "giving up", "gave up",
        "timeout", "failing"),
    ),
    (
        R.MAILER_ERROR,
        ("program", "child process", "script", "deliver", "mailer", "pipe"),
        ("exited", "exit code", "exit status", "return code", "returned status", "signal", "died", "crashed"),
    ),
    (
        R.SYNTAX_ERROR,
        ("syntax", "command", "argument", "parameter", "sequence"),
        ("error", "recogn", "unknown", "invalid", " bad ", "implement", "unsupported", "unexpected", "not allowed"),
    ),
)  # fmt: skip

NOBODY: Final = (
    (
        "user", "recipient", "mailbox", "address", "account", "person", "addressee", " name", "anyone", "customer",
        "member", "one here", "utilisateur", "destinataire", "adresse", "usuario", "destinatario", "utente", "benutzer",
        "empfänger", "usuário", "användare", "bruger", "gebruiker", "użytkownik", "пользовател", "получател",
    ),
    (
        "unknown", "not found", "not exist", "no such", "invalid", "not valid", "no longer", "not known", "not listed",
        "not recogn", "cannot find", "can't find", "not a ", "not allowed", "not have", "nonexist", "non-exist",
        "no one", "nobody", "undeliverable", "inconnu", "nicht gefunden", "existiert nicht", "unbekannt", "no existe",
        "desconocid", "sconosciut", "inesistente", "inexist", "introuvable", "nicht vorhanden", "n'existe pas",
        "desconhecid", "nie istnieje", "neexist", "okänd", "ukendt", "onbekend", "не найден", "не существует",
        "not here",
    ),
)  # fmt: skip

STATES: Final[Pairs] = (
    (R.BLOCKED, (" access",), ("denied", "refused", "forbidden")),
    (
        R.SYSTEM_ERROR,
        ("local", "internal", "server", "system", "database", "service", "temporary", "configuration", "ldap",
        "unexpected", "transaction", "queue",
        "write", "processing"),
        ("error", "fail", "problem", "not available", "unavailable", "unable", "exception", "malfunction"),
    ),
    (
        R.FILTERED,
        ("recipient", "user "),
        ("reject", "refus", "denied", "not accept", "block", "does not want"),
    ),
)  # fmt: skip

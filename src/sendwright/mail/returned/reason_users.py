"""The words by which a refusal speaks of its recipient: data for `reasons`, written like `reason_words`."""

from typing import Final

# The recipient does not exist, said so that no step of the session can make it mean something else.
NO_USER: Final = (
    "delivery error: dd", "not listed in domino directory", "not listed in * directory", "not listed in public name",
    "recipient name is not recognized", "unknown recipient", "recipientnotfound", "recipnotfound", "adr.recip",
    "adr.exrecip", "adr.invalidinsmtp", "unknown user:", "< >: user unknown", "non répertorié dans l'annuaire",
    "見つかりません", "ディレクトリのリストにありません", "no valid recipients for this", "mail.local: unknown user",
    "bad destination mailbox address", "bad destination email address", "bad address syntax",
    "recipient address rejected: access denied", "destination addresses were unknown", "no mailbox here by that name",
    "no mailbox by that name", "email address wasn't found", "email address could not be found",
    "address you entered couldn", "the address couldn't be found", "address could not be found", "wasn't found at",
    "couldn't be found or is invalid", "p=nosuchuser",
    "no valid recipient", "invalid recipient", "not a valid mailbox", "requested user mailbox not found",
    "no such user here", "adresse destinataire invalide", "adresse d au moins un destinataire invalide",
    "utilisateur inconnu", "destinataire inconnu", "benutzer unbekannt", "empfänger unbekannt",
    "empfaenger unbekannt", "empfänger existiert nicht", "unbekannte adresse", "empfänger nicht gefunden",
    "adresse existiert nicht", "unbekannter empf", "usuario desconocido", "destinatario desconocido",
    "usuario no existe", "utente sconosciuto", "destinatario sconosciuto", "usuário desconhecido",
    "нет такого пользователя", "получатель не найден", "пользователь не найден", "ユーザーが存在しない",
    "宛先が存在し", "宛先不明",
    "メールアドレスが存在し", "ofr_416", "lpn007_416", "nie istnieje", "neexistuje", "bestaat niet", "non esiste",
    "invalid final delivery user", "unknown local-part", "unknown local part", "user not exist",
    "can't chdir to maildir", "addressee unknown", "name not found in", "no matching*directory",
    "delivery to non-user", "unrouteable address*unknown user", "nie ma takiego", "casella inesistente",
    "validrcptto", "recipientnotknown", "not listed in*directory",
)  # fmt: skip

# The same where it may also be a filter that hides behind these words: believed at RCPT or with a code that agrees.
NO_USER_PERHAPS: Final = (
    "account that you tried to reach does not exist", "user doesn't have a", "user does not have a",
    "does not have an account", "doesn't have an account", "recipient not found", "mailbox not found",
    "no such mailbox", "mailbox does not exist", "mailbox doesn't exist", "user not found", "user doesn't exist",
    "user does not exist", "does not have an email account", "name not found", "is not a known user",
    "not a valid user", "not a valid recipient", "not a known user", "no longer accepts mail", "no longer exists",
    "recipient unknown", "no such account", "recipient cannot be found", "recipient could not be found",
    "person not at this company", "no longer with", "not our customer", "invalid user", "invalid mailbox",
    "invalid address", "no account by that name", "couldn't find any user", "wurde nicht gefunden",
    "this mailbox is no longer", "no longer exist", "unknown address error", "no such virtual user",
    "not a valid address", "user unknown", "unknown user", "no such user", "no such recipient", "no such address",
    "no such person", "no such member", "no such name", "unknown mailbox", "unknown address", "unknown account",
    "unknown id", "unknown local", "address unknown", "account not found", "address not found", "address is not",
    "address invalid", "mailbox unavailable", "mailbox not available", "recipient refused", "recipient not known",
    "user invalid", "user not known", "user rejected", "user*not exist", "undeliverable address",
    "not a mailbox", "not a user", "no user", "no mailbox", "no recipient", "is not known here", "is unknown",
    "not known at this", "unknown to", "does not exist", "doesn't exist", "can't accept user",
    "does not like recipient", "can't deliver to", "inactive email address", "not found in", "no existe",
    "we don't handle mail for", "we do not handle mail for", "not deliver to", "account unavailable",
    "account closed", "not a local", "not local", "email address is invalid", "verification failed",
    "could not verify recipient", "unknown in", "unknown at", "unknown or",
)  # fmt: skip

# A refusal after the recipient was taken, or by the recipient's own rules.
FILTERED: Final = (
    "header error", "ambiguous recipient", "cannot route mail to user", "undisclosed error", "user reject",
    "user refused", "recipient has refused", "refuses to accept", "because the recipient is only accepting mail from",
    "only accepts mail from", "not accepting mail from", "user has rejected", "due to extended inactivity",
    "you have been blocked by the recipient", "refused by recipient", "bounced by a filter", "recipient's filter",
    "user's filter", "private blacklist", "sender is on the recipient", "blocked by user",
    "does not accept mail from you", "wants no mail", "rejected by user", "filtered", "undisclosed reason",
    "transport failure*rule", "rejected by the recipient's", "by recipient's",
)  # fmt: skip

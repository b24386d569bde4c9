"""The phrases by which mail systems speak of mail that did not arrive: data for the readers of reports.

All in lower case; most are English because most mailers are, the others are those of large providers and products.
"""

from typing import Final

# What stands above the returned mail. A line that holds one of these ends the words for people.
BANNERS: Final = (
    "this line is a copy", "enclosed is a copy", "original message ---", "original message --",
    "copy of the message, including", "copy of the body", "unsent message follows", "unsent message below",
    "original message follows", "message headers follow", "copy of the original message",
    "header of the original message", "copy of the message header", "returned message ---", "original mail info",
    "message header follows", "message headers ---", "header of the message", "original message headers",
    "original message header", "returned message follows", "original mail follows", "message follows",
    "message text follows", "bounced message", "beginning of the original", "your original message",
    "headers of the original", "included is a copy", "undelivered message follows", "original e-mail",
    "original email headers", "text of the original", "ursprüngliche nachricht", "kopie der nachricht",
    "message d'origine", "first lines of the message", "failed message follows", "rejected message follows",
    "message contents follow", "returned mail follows", "unzustellbare nachricht", "oryginalna", "email headers:",
    "mail headers:", "mensagem original", "mensaje original", "元のメッセージ", "original headers",
)  # fmt: skip

# Words before an address that say that it is a recipient, and those that say that it is not.
NAMING: Final = (
    "recipient address:", "recipient:", "addressed to:", "delivered to:", "undeliverable to", "your mail to",
    "message to", "rejected recipient", "following recipient", "allowed size:", "recipient(s):", "delivery to",
    "could not be sent to", "unable to deliver to", "failed for", "failed recipient", "to recipient", "the recipient",
    "user unknown:", "unknown user:", "invalid final delivery userid:", "rcpt to:", "rcpt:", "email to", "e-mail to",
    "mail to", "send to", "sent to", "unknown local part", "für", "an:", "not delivered to", "the address",
    "address:", "message-id in", "intended for", "mailbox", "delivering to", "failed to deliver to",
    "deliver mail to",
)  # fmt: skip
SENDERS: Final = (
    "sent by", "sent from", "message from", "mail from", "sender", "from:", "contact", "send mail to", "forward",
)  # fmt: skip

# At which step of the session a refusal was said.
STEPS: Final = (
    ("RCPT", (
        "reply to rcpt", "after rcpt", "rcpt to response", "rcpt to command", "rcpt command", "in rcpt to",
        "[rcpt_to]", "our rcpt to", "does not like recipient", "rejected recipient",
        "addresses had delivery problems ---", "rcpt to:<", "response to rcpt", "rcpt to: <", "(state 14)",
    )),
    ("DATA", (
        "end of data", "after data", "reply to data", "data command", "text command", "final data", "our data",
        "failed after i sent", "[data]", "after dot", "data response", "sending message-body", "message body",
        "(state 15)", "(state 16)", "(state 17)", "(state 18)",
    )),
    ("MAIL", (
        "after mail", "reply to mail", "mail from command", "mail from response", "[mail_from]", "our mail from",
        "does not like sender", "mail command", "mail from:<", "(state 13)", "sender was rejected",
    )),
    ("EHLO", (
        "reply to ehlo", "reply to helo", "after ehlo", "after helo", "our ehlo", "our helo", "helo command",
        "my name was rejected",
    )),
    ("CONN", (
        "initial connection", "refused to talk to me", "connection greeting", "our greeting",
        "initial server greeting",
    )),
)  # fmt: skip

# Sentences in which mailers say that a mail did not arrive, and the subjects of such mails.
SENTENCES: Final = (
    "could not be reached", "did not reach some or all", "duplicated message-id", "not member", "loop alert",
    "failed for the following reason", "recipients were affected", "could not be delivered", "couldn't be delivered",
    "can't be delivered", "cannot be delivered", "can not be delivered", "could not deliver", "could not be sent",
    "not able to deliver", "wasn't able to deliver", "unable to deliver", "was not delivered", "undeliverable",
    "has not been delivered", "have not been delivered", "not yet been delivered", "did not reach the following",
    "had permanent fatal errors", "had delivery errors", "had delivery problems", "had transient non-fatal errors",
    "delivery to the following", "delivery has failed", "delivery failed", "failed permanently", "failed to deliver",
    "error delivering your mail", "trouble delivering", "error occurred while", "error has occurred while attempting",
    "transcript of session follows", "returned mail", "returned to sender", "is delayed for more than",
    "delivery failure", "failure reasons", "mail delivery system", "failed after i sent the message",
    "was undeliverable", "wasn't delivered", "not been relayed", "was not relayed", "problem delivering",
    "problems delivering", "recipients was aborted", "permanent error", "did not receive this message",
    "not relayed to", "exceeds allowed size", "delivery status notification",
    "this message was created automatically by mail delivery", "delivery error", "delivery attempts",
    "konnte nicht zugestellt", "nicht zugestellt werden", "unzustellbar", "zustellung fehlgeschlagen",
    "n'a pas pu être", "n'a pas pu etre", "non remis", "no se pudo entregar", "no se ha podido entregar",
    "non è stato possibile", "mancato recapito", "não foi possível entregar", "не может быть доставлено",
    "не доставлено", "送信できません", "配送できません", "配信できません", "届きません", "エラー", "送信に失敗",
    "配送に失敗", "无法投递", "退信", "无法送达",
    "was blocked by our", "not been delivered", "not be delivered", "address has failed", "mail system error",
    "message has been blocked", "message was not accepted", "your message was rejected by", "the group",
    "user mailbox",
)  # fmt: skip
SUBJECTS: Final = (
    "undeliver", "delivery status notification", "delivery failure", "delivery failed", "delivery notification",
    "failure notice", "returned mail", "returned to sender", "mail delivery fail", "mail delivery sys",
    "mail system error", "delivery report", "non-delivery", "nondelivery", "non delivery", "mail failure",
    "mail delivery status", "mail error", "warning: could not send", "warning: message", "could not be delivered",
    "not delivered", "delivery problem", "delivery error", "message you sent blocked", "delivery status",
    "error sending your mail", "postmaster notify", "notification d'état", "unzustellbar", "mail konnte nicht",
    "rejected mail", "dsn:", "errors from", "couldn't be delivered", "delivery delayed", "недоставленное",
    "не доставлено", "配送エラー", "送信エラー", "mail non remis", "aws notification", "returning message to sender",
    "delivery subsystem",
)  # fmt: skip

# Names of senders that are no persons.
DAEMONS: Final = (
    "mailer-daemon", "mailerdaemon", "postmaster", "poostmaster", "mail-daemon", "mail.delivery.system",
    "mail delivery", "maildelivery", "delivery subsystem", "system administrator", "mail deliver system", "mdaemon",
    "mail administrator", "mail-deliver", "internet mail delivery", "microsoft outlook", "microsoftexchange",
    "no-reply@sns",
)  # fmt: skip

# Automatic replies, by their subject or by a field; complaints older than RFC 5965, by their first words.
REPLY_SUBJECTS: Final = (
    "out of office", "out of the office", "automatic reply", "auto reply", "auto-reply", "autoreply", "autoresponse",
    "auto response", "auto:", "automatische antwort", "abwesenheit", "abwesend", "réponse automatique", "absence",
    "respuesta automática", "risposta automatica", "automatisch antwoord", "autosvar", "vacation", "on holiday",
    "on leave", "away from", "不在", "自動返信", "自動応答", "自动回复", "automated response", "automatic response",
    "away message",
)  # fmt: skip
REPLY_FIELDS: Final = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-autogenerated", "x-vacation", "x-auto-reply-from",
)  # fmt: skip
COMPLAINTS: Final = (
    "complaint about message from", "this is an email abuse report", "email abuse report for an email message",
)  # fmt: skip

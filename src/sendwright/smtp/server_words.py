"""The server's own replies. Each tells the client's operator what to do; none tells a stranger more than that."""

from collections.abc import Mapping

from sendwright.smtp.kept import Fault
from sendwright.smtp.replies import Reply, reply

OFFERS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING")

OK = reply(250, "2.0.0", "ok")
SENDER_OK = reply(250, "2.1.0", "sender ok")
RECIPIENT_OK = reply(250, "2.1.5", "recipient ok")
MESSAGE_OK = reply(250, "2.0.0", "message taken")
AUTH_OK = reply(235, "2.7.0", "welcome")
SEND_MESSAGE = reply(354, "", "send the message, end it with a dot on a line of its own")
BYE = reply(221, "2.0.0", "goodbye")
CANNOT_VERIFY = reply(252, "2.1.5", "send some mail, then we see")
HELP = reply(214, "2.0.0", "this server speaks SMTP as in RFC 5321")
GO_TLS = reply(220, "2.0.0", "ready for TLS")

UNKNOWN = reply(500, "5.5.1", "this command is not known")
LINE_TOO_LONG = reply(500, "5.5.2", "the line is too long")
RESPONSE_TOO_LONG = reply(500, "5.5.6", "the line of the authentication exchange is too long")
BARE_IN_COMMAND = reply(500, "5.5.2", "a CR or an LF came alone; lines end in CRLF, closing")
NO_ARGUMENT = reply(501, "5.5.4", "this command takes no argument")
NOT_IMPLEMENTED = reply(502, "5.5.1", "this command is not implemented")
OUT_OF_ORDER = reply(503, "5.5.1", "this command cannot come now")
UNKNOWN_MECHANISM = reply(504, "5.5.4", "this mechanism is not known; PLAIN and LOGIN are")
AUTH_NEEDED = reply(530, "5.7.0", "authentication is needed first")
AUTH_NEEDS_TLS = reply(538, "5.7.11", "TLS is needed before AUTH")
NO_TLS = reply(454, "4.7.0", "TLS is not available")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "too many recipients; send the message to these, then again to the rest")
TOO_LARGE = reply(552, "5.3.4", "the message is larger than this server takes")

INJECTED = reply(421, "4.7.0", "text came in clear after STARTTLS, closing")
FLOOD = reply(421, "4.7.0", "too much text came ahead of its turn, closing")
TOO_MANY_ERRORS = reply(421, "4.7.0", "too many errors, closing")
TOO_MANY_FAILURES = reply(421, "4.7.0", "too many failed authentications, closing")

BY_FAULT: Mapping[Fault, Reply] = {
    Fault.BARE_LINE_END: reply(554, "5.6.0", "the message has a CR or an LF alone; lines end in CRLF"),
    Fault.NUL: reply(554, "5.6.0", "the message has a NUL octet"),
    Fault.LONG_LINE: reply(554, "5.6.0", "the message has a line that is too long"),
    Fault.TOO_LARGE: TOO_LARGE,
}


def greeting(hostname: str) -> Reply:
    return reply(220, "", f"{hostname} ESMTP")


def chunk_taken(octets: int) -> Reply:
    return reply(250, "2.0.0", f"{octets} octets taken")

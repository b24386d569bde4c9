"""The shell around the SMTP server core, shared by every door that takes mail by SMTP.

What it is for: sockets, TLS, time, room, and the manners of strangers. A door says how its core is made and answers the
questions of :class:`Questions` for each client; the shell does the rest: it listens, counts who is in, keeps deadlines,
upgrades to TLS, holds back who makes errors, puts off what there is no room for, and says goodbye in order.

What it never does: decide anything about a mail or a user, look into a message, touch the database.

Where to start: `answers.py` for what a door implements, then `conversation.py`, one client from greeting to goodbye;
`door.py` for all of them together; `rules.py` for the numbers; `tunnel.py` for TLS.
"""

from sendwright.doors.smtp_shell.answers import Answer, Asked, Last, Questions, Silence, Yes
from sendwright.doors.smtp_shell.conversation import Conversation
from sendwright.doors.smtp_shell.door import Share, SmtpDoor
from sendwright.doors.smtp_shell.rules import Patience, network_of

__all__ = [
    "Answer",
    "Asked",
    "Conversation",
    "Last",
    "Patience",
    "Questions",
    "Share",
    "Silence",
    "SmtpDoor",
    "Yes",
    "network_of",
]

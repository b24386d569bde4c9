"""The story of a submitted mail: from a program's log-in by SMTP to deliveries that can be handed over.

1. ``log_in``: user name and password of an SMTP token; nothing is told to who has none.
2. ``admit_sender``, ``admit_recipient``: may this token send from this domain, now; is that an address.
3. ``accept``: the header is read and judged (``rules.judge``); one send for each recipient, and the text they share,
   are made durable in one transaction that also looks whether the token still stands; then, and only then, 250.
4. ``compose``: a worker that claimed a batch looks up account, domain, suppressions and contacts for all, decides
   each send, makes each recipient's copy (``message.make_copy``) and writes the deliveries in one transaction.
5. ``compose_again``: the same bytes for a later try.

What follows is the story of an attempt (``attempt.py``).
"""

from sendwright.submission.accept import accept
from sendwright.submission.admit import Office, admit_recipient, admit_sender, log_in
from sendwright.submission.compose import compose, compose_again
from sendwright.submission.kept import find_kept
from sendwright.submission.model import APP_ID, STREAM, Arrival, Refusal, Standing, Taken
from sendwright.submission.throttle import Throttle

__all__ = [
    "APP_ID",
    "STREAM",
    "Arrival",
    "Office",
    "Refusal",
    "Standing",
    "Taken",
    "Throttle",
    "accept",
    "admit_recipient",
    "admit_sender",
    "compose",
    "compose_again",
    "find_kept",
    "log_in",
]

"""The story of what comes back by SMTP: bounces, complaints, and what only looks like them.

1. A recipient is admitted if it is an address of ours: a signed return path, an address for complaints, postmaster
   (``admit.py``). Everything else is refused in the session: nothing is relayed, and no mail is ever sent in answer.
2. What comes is stored as it is, and then, and only then, is it taken (``take.py``).
3. It is read and judged afterwards (``understand.py``, ``rules.py``): is it about a mail that we sent, and does it say
   so under a name that only we could make?
4. What follows is written in one transaction (``effects.py``): events, timeline, suppressions. A repeat changes
   nothing, and of what is not proven nothing follows; why, is kept with the report.

It never sends, and never believes an address that a report names over the one that we mailed.
"""

from sendwright.receive.admit import Admitted, Refusal, admit
from sendwright.receive.model import FEEDBACK_DOMAINS
from sendwright.receive.office import Office
from sendwright.receive.take import Arrival, take
from sendwright.receive.understand import replay, understand

__all__ = [
    "FEEDBACK_DOMAINS",
    "Admitted",
    "Arrival",
    "Office",
    "Refusal",
    "admit",
    "replay",
    "take",
    "understand",
]

"""The story of an attempt: one delivery is handed over, judged and settled.

1. The parcel goes to its route; before the final dot the intent is recorded, or the dot is not written.
2. What came of it is judged: delivered, again later, given up, in doubt.
3. The verdict is settled in one transaction: delivery, attempt, events, timeline, suppression, and the notice by mail
   if the sender asked for one.

A settlement that cannot be recorded is tried until it can: what is known must not be forgotten. It never decides what
an answer means; ``outbound.judge`` does. Start in ``story.py``.
"""

from sendwright.attempt.desk import Desk
from sendwright.attempt.journal import decoded, encoded
from sendwright.attempt.meaning import Settled, settled_by
from sendwright.attempt.recording import replay
from sendwright.attempt.story import attempt, put_off

__all__ = ["Desk", "Settled", "attempt", "decoded", "encoded", "put_off", "replay", "settled_by"]

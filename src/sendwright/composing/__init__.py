"""What the stories that compose have in common: from a plan and its bytes to deliveries that can be handed over.

A story (a single send, a submitted mail) decides what is sent and makes the bytes; here are the workshop it does that
in, the refusals that are the same for all, how links are tracked, and the one write with which deliveries begin or a
send is dropped (``beginning.py``). It never uses the network and never decides what a mail says. Start in
``workshop.py``.
"""

from sendwright.composing import notices
from sendwright.composing.beginning import Outset, begin, drop, write
from sendwright.composing.begun import Begun, Ended
from sendwright.composing.keyring import Keyring
from sendwright.composing.leaving import leave_again
from sendwright.composing.refusals import (
    Refusal,
    not_connected,
    suppressed,
    suppression_of,
    suppression_slots,
    suspended,
)
from sendwright.composing.track import Trail, tracked
from sendwright.composing.ways import Ways, way_of
from sendwright.composing.workshop import Kind, Ready, Tools, Workshop, in_turns

__all__ = [
    "Begun",
    "Ended",
    "Keyring",
    "Kind",
    "Outset",
    "Ready",
    "Refusal",
    "Tools",
    "Trail",
    "Ways",
    "Workshop",
    "begin",
    "drop",
    "in_turns",
    "leave_again",
    "not_connected",
    "notices",
    "suppressed",
    "suppression_of",
    "suppression_slots",
    "suspended",
    "tracked",
    "way_of",
    "write",
]

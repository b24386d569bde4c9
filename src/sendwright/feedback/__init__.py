"""Feedback: what came back, and the addresses that are therefore not mailed.

A suppression says which address (or domain) of which account and stream is not mailed, since when, and with what
evidence. It never guesses: a suppression is written only from an answer to our own mail, a proven report, or a person.
Start in ``model.py``.
"""

from sendwright.feedback.model import Cause, Suppression
from sendwright.feedback.store import find_suppressions, lift, list_suppressions, suppress

__all__ = ["Cause", "Suppression", "find_suppressions", "lift", "list_suppressions", "suppress"]

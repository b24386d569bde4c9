"""The story of a single send: from one POST to deliveries that can be handed over.

1. ``accept``: the request is made durable and answered with its status; nothing is looked up.
2. ``compose``: a worker that claimed a batch of sends
   reads each wish and the people it names; looks up account, e-mail, domain and suppressions for all;
   decides each (``rules.decide``): a plan, or the result with which it ends;
   finds or creates the contacts; renders, tracks, writes and signs each message (``message.make_message``);
   writes the deliveries, the timeline and the first event, or the reason, in one transaction (``composing``).
3. ``compose_again``: the same bytes for a later try.

What follows is the story of an attempt (``attempt.py``).
"""

from sendwright.single_send.accept import accept, find_status
from sendwright.single_send.compose import compose, compose_again
from sendwright.single_send.message import web_version_url
from sendwright.single_send.request import APP_ID, STREAM, Dialect, JsonValue, SendRequest, SentEvent, StatusView

__all__ = [
    "APP_ID",
    "STREAM",
    "Dialect",
    "JsonValue",
    "SendRequest",
    "SentEvent",
    "StatusView",
    "accept",
    "compose",
    "compose_again",
    "find_status",
    "web_version_url",
]

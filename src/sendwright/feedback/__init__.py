"""Feedback: what came back, and the addresses that are therefore not mailed.

A suppression says which address (or domain) of which account and stream is not mailed, since when, until when, and with
what evidence. Reports that came by mail are kept with what was made of each. The names by which reports are known to be
about our mail are signed (`tokens.py`). What a reason means for an address is decided in `rules.py`.

It never guesses: a suppression is written only from an answer to our own mail, a proven report, or a person. It never
opens a connection but to ask for the key of a signature. Start in ``model.py``.
"""

from sendwright.feedback import lists
from sendwright.feedback.failures import add_failure, sweep_failures
from sendwright.feedback.keys import KeyUnavailable, find_key
from sendwright.feedback.model import (
    FOR_EVER,
    NOBODY,
    STREAMS,
    Addressed,
    Cause,
    Finding,
    InboundReport,
    Lifetimes,
    NewReport,
    ReportFilter,
    ReportId,
    SoftFailure,
    Suppression,
    SuppressionFilter,
    Understood,
)
from sendwright.feedback.reports import (
    await_again,
    count_from_strangers,
    count_reports,
    find_report,
    is_first,
    list_reports,
    put_off_report,
    read_body,
    settle_report,
    store_reports,
    sweep_reports,
    trim_strangers,
    waiting_reports,
)
from sendwright.feedback.rules import REASONS, Weight, category_of, reason_in_session, weight_of
from sendwright.feedback.signatures import Signature, signatures_of, verifies
from sendwright.feedback.store import (
    find_suppression,
    find_suppressions,
    lift,
    list_suppressions,
    suppress,
    sweep_suppressions,
)
from sendwright.feedback.tokens import (
    LOOP_PREFIX,
    RETURN_PATH_PREFIX,
    MessageName,
    ReturnPath,
    find_message_token,
    make_loop,
    make_message_token,
    make_return_path,
    read_loop,
    read_return_path,
)

__all__ = [
    "FOR_EVER",
    "LOOP_PREFIX",
    "NOBODY",
    "REASONS",
    "RETURN_PATH_PREFIX",
    "STREAMS",
    "Addressed",
    "Cause",
    "Finding",
    "InboundReport",
    "KeyUnavailable",
    "Lifetimes",
    "MessageName",
    "NewReport",
    "ReportFilter",
    "ReportId",
    "ReturnPath",
    "Signature",
    "SoftFailure",
    "Suppression",
    "SuppressionFilter",
    "Understood",
    "Weight",
    "add_failure",
    "await_again",
    "category_of",
    "count_from_strangers",
    "count_reports",
    "find_key",
    "find_message_token",
    "find_report",
    "find_suppression",
    "find_suppressions",
    "is_first",
    "lift",
    "list_reports",
    "list_suppressions",
    "lists",
    "make_loop",
    "make_message_token",
    "make_return_path",
    "put_off_report",
    "read_body",
    "read_loop",
    "read_return_path",
    "reason_in_session",
    "settle_report",
    "signatures_of",
    "store_reports",
    "suppress",
    "sweep_failures",
    "sweep_reports",
    "sweep_suppressions",
    "trim_strangers",
    "verifies",
    "waiting_reports",
    "weight_of",
]

"""Sending domains: which domains an account may send from, the DKIM keys that sign for them, and what DNS says of both.

A From domain is good when it *equals* a connected domain of the account (:func:`connected`). Private keys are kept
sealed, each bound to its account, domain and selector, and opened by :func:`signing_keys` only.
:func:`examine` asks DNS and judges; :func:`note_check` keeps the verdict: a domain is connected the moment it is right.

It never opens an SMTP connection, and it asks no name server that ``NameServers.may_ask`` refuses. Start in
``model.py``, then ``connect.py`` and ``wanted.py``; a check goes through ``examining``, ``look_up``, ``judging``.
"""

from sendwright.domains.connect import (
    Noted,
    add_domain,
    claim_due_checks,
    connect_domain,
    connected,
    find_domain,
    forget_removed,
    hosts_of,
    last_check,
    list_domains,
    note_check,
    records_to_publish,
    remove_domain,
    schedule_check,
)
from sendwright.domains.examining import examine
from sendwright.domains.found import DomainCheck, Finding, RecordCheck, RecordState, Standing
from sendwright.domains.keys import add_key, list_keys, retire_key, retire_replaced, rotate_keys, signing_keys
from sendwright.domains.look_up import NameServers
from sendwright.domains.model import (
    Domain,
    DomainState,
    Installation,
    KeyAlgorithm,
    KeyState,
    Need,
    NewKey,
    Proof,
    Purpose,
    ShownKey,
    StoredKey,
    WantedRecord,
)
from sendwright.domains.rules import may_check, read_domain_name
from sendwright.domains.spf import naming as spf_naming
from sendwright.domains.wanted import to_publish, wanted_records

__all__ = [
    "Domain",
    "DomainCheck",
    "DomainState",
    "Finding",
    "Installation",
    "KeyAlgorithm",
    "KeyState",
    "NameServers",
    "Need",
    "NewKey",
    "Noted",
    "Proof",
    "Purpose",
    "RecordCheck",
    "RecordState",
    "ShownKey",
    "Standing",
    "StoredKey",
    "WantedRecord",
    "add_domain",
    "add_key",
    "claim_due_checks",
    "connect_domain",
    "connected",
    "examine",
    "find_domain",
    "forget_removed",
    "hosts_of",
    "last_check",
    "list_domains",
    "list_keys",
    "may_check",
    "note_check",
    "read_domain_name",
    "records_to_publish",
    "remove_domain",
    "retire_key",
    "retire_replaced",
    "rotate_keys",
    "schedule_check",
    "signing_keys",
    "spf_naming",
    "to_publish",
    "wanted_records",
]

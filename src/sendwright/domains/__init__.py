"""Sending domains: which domains an account may send from, and the DKIM keys that sign for them.

A From domain is good when it *equals* a connected domain of the account (:func:`connected`). Private keys are kept
sealed, each bound to its account, domain and selector, and opened by :func:`signing_keys` only.

It never opens a connection to anybody: checking DNS is the work of a later capability, which will call
:func:`connect_domain` with ``Proof.DNS``. Start in ``model.py``, then ``connect.py``.
"""

from sendwright.domains.connect import (
    add_domain,
    connect_domain,
    connected,
    find_domain,
    list_domains,
    records_to_publish,
)
from sendwright.domains.keys import add_key, retire_key, signing_keys
from sendwright.domains.model import Domain, DomainState, KeyAlgorithm, NewKey, Proof, StoredKey
from sendwright.domains.rules import read_domain_name

__all__ = [
    "Domain",
    "DomainState",
    "KeyAlgorithm",
    "NewKey",
    "Proof",
    "StoredKey",
    "add_domain",
    "add_key",
    "connect_domain",
    "connected",
    "find_domain",
    "list_domains",
    "read_domain_name",
    "records_to_publish",
    "retire_key",
    "signing_keys",
]

"""Outbound: where a message goes and how: routes, MX look-up, connections, TLS, one conversation, DKIM signing.

It never touches the ledger, never decides what an address deserves, and never gives up a message by itself: a handover
is a fact, and :func:`judge` says what it means.

Start here: `parse_route` reads the route; `Post` takes a `Parcel` and gives back a `Handover` (what was said, and the
outcome); `judge` turns that into a verdict, `explain` into a sentence. `sign` adds the DKIM signatures.
"""

from sendwright.outbound import tls_counts, tls_store
from sendwright.outbound.dkim import SigningKey, generate_ed25519, generate_rsa, load_key, public_record, sign
from sendwright.outbound.explain import explain, stage_of
from sendwright.outbound.inward import is_inward
from sendwright.outbound.model import (
    OWN_WAY,
    Answered,
    Delivered,
    DialogueLine,
    DirectMx,
    GaveUp,
    Handover,
    InDoubt,
    Notify,
    Parcel,
    Peer,
    Proxy,
    ProxyKind,
    Refusal,
    Room,
    Route,
    Sandbox,
    SiteState,
    TryAgain,
    Verdict,
    Way,
)
from sendwright.outbound.post import Post
from sendwright.outbound.providers import BadProviders, Providers, read_providers, shipped
from sendwright.outbound.resolve import Resolver
from sendwright.outbound.routes import BadRoute, parse_route
from sendwright.outbound.rules import judge
from sendwright.outbound.settings import Limits, PostSettings
from sendwright.outbound.tls_policies import TlsPolicies

__all__ = [
    "OWN_WAY",
    "Answered",
    "BadProviders",
    "BadRoute",
    "Delivered",
    "DialogueLine",
    "DirectMx",
    "GaveUp",
    "Handover",
    "InDoubt",
    "Limits",
    "Notify",
    "Parcel",
    "Peer",
    "Post",
    "PostSettings",
    "Providers",
    "Proxy",
    "ProxyKind",
    "Refusal",
    "Resolver",
    "Room",
    "Route",
    "Sandbox",
    "SigningKey",
    "SiteState",
    "TlsPolicies",
    "TryAgain",
    "Verdict",
    "Way",
    "explain",
    "generate_ed25519",
    "generate_rsa",
    "is_inward",
    "judge",
    "load_key",
    "parse_route",
    "public_record",
    "read_providers",
    "shipped",
    "sign",
    "stage_of",
    "tls_counts",
    "tls_store",
]

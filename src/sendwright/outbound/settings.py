"""How the post behaves: its name, its patience, its manners towards a site. All but the name have safe defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sendwright import smtp
from sendwright.outbound.manners import FOR_OUR_OWN_RELAY, FOR_STRANGERS, Manners
from sendwright.outbound.model import Proxy
from sendwright.outbound.providers import Providers, shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds to wait. The figures are at least those of RFC 5321 section 4.5.3.2 where it has any.

    `final` must not be shortened: who gives up before the answer to the dot comes may send the message twice.
    """

    look_up: float = 10
    connect: float = 30
    proxy: float = 10  # to reach a proxy, which stands near
    greeting: float = 120
    last_greeting: float = 300  # of the last server there is: nothing is gained by giving it up early
    ehlo: float = 300
    tls: float = 60
    auth: float = 300
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    block: float = 180  # without any progress while the message is written
    final: float = 600
    reset: float = 60
    quit: float = 5
    idle: float = 30  # how long a connection is kept for the next message
    slot: float = 10  # how long a delivery waits for its turn at a busy site; then it waits in the queue

    def at_the_last(self) -> Limits:
        """For the last server of an attempt."""
        return replace(self, greeting=max(self.greeting, self.last_greeting))

    def by_stage(self) -> Mapping[smtp.Stage | None, float]:
        """How long the peer may take for what is waited for; None: nothing is, the connection is idle."""
        return {
            None: self.idle,
            smtp.Stage.CONNECT: self.greeting,
            smtp.Stage.GREETING: self.greeting,
            smtp.Stage.EHLO: self.ehlo,
            smtp.Stage.TLS: self.tls,
            smtp.Stage.AUTH: self.auth,
            smtp.Stage.MAIL: self.mail,
            smtp.Stage.RCPT: self.rcpt,
            smtp.Stage.DATA: self.data,
            smtp.Stage.FINAL: self.final,
            smtp.Stage.RESET: self.reset,
            smtp.Stage.QUIT: self.quit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings:
    """`ehlo_name`: the name our IP address has in DNS. `source_ip`: leave from this address, through `proxy` where it
    is another machine's. `ca_file`: who vouches for a smart host, as PEM; without it the authorities the system trusts.
    """

    ehlo_name: str
    source_ip: str | None = None
    proxy: Proxy | None = None
    mx_port: int = 25
    ca_file: str | None = None
    limits: Limits = field(default_factory=Limits)
    providers: Providers = field(default_factory=shipped)
    strangers: Manners = FOR_STRANGERS
    own_relay: Manners = FOR_OUR_OWN_RELAY

"""The house while it stands: the parts that every role uses, and what each open door is called."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from sendwright import database, feedback, tracking
from sendwright.doors.tracking import Visits
from sendwright.run.clock import SystemClock
from sendwright.run.delivery import Delivery
from sendwright.run.settings import HostPort, Settings, machine_name, smtp_name


@dataclass(slots=True)
class House:
    """The parts that stand, and what each open door is called."""

    settings: Settings
    clock: SystemClock
    db: database.Database
    seal: database.Seal
    registry: CollectorRegistry
    public_url: str
    tracking_keys: tuple[tracking.TrackingKey, ...]
    visits: Visits
    doors: dict[str, str | None] = field(default_factory=dict)
    worker: Delivery | None = None

    @property
    def hostname(self) -> str:
        """What this installation is called towards other mail programs: the host of the public address."""
        return self.settings.ehlo_name or _host_of(self.public_url) or socket.getfqdn()

    @property
    def machine(self) -> str:
        """What this machine is called towards the others that share the database."""
        return machine_name(self.settings)

    @property
    def return_path_key(self) -> bytes:
        """Signs whatever brings back what is about our mail."""
        return self.seal.derive("return_path")

    @property
    def bounce_host(self) -> str | None:
        """Where bounces come to for domains without a return path host of their own, if they can come here at all."""
        if self.settings.bounce_host is not None:
            return self.settings.bounce_host
        return self.hostname if self.settings.inbound and _is_in_dns(self.hostname) else None

    @property
    def lifetimes(self) -> feedback.Lifetimes:
        """For how long addresses are not mailed."""
        return feedback.Lifetimes(
            bounced=self.settings.suppress_bounced_for, complained=self.settings.suppress_complained_for
        )

    @property
    def smtp_host(self) -> str:
        """What programs that submit call it."""
        return smtp_name(self.settings)


def listen_on(where: HostPort, flag: str) -> socket.socket:
    """A listening socket. Ends the program with a sentence if the address cannot be had."""
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((where.host, where.port))
    except OSError as fault:
        listener.close()
        raise SystemExit(f"sendwright: cannot listen on {where}: {fault.strerror}. Give another {flag}.") from fault
    listener.set_inheritable(True)
    return listener


def address_of(listener: socket.socket) -> HostPort:
    """Where it listens, the port known."""
    host, port = listener.getsockname()[:2]
    return HostPort(host=host, port=port)


def _is_in_dns(name: str) -> bool:
    """A name that others can look up: no address, and more than a label."""
    return "." in name and ":" not in name and not name.rpartition(".")[2].isdigit()


def _host_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition(":")[0] or url.partition("://")[2].partition("/")[0]

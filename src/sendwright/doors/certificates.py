"""The certificate that a door shows: from files that are read again when they change, or made by ourselves."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import structlog
from cryptography import x509

from sendwright.doors.self_signed import Name, context_of, make_pem, server_context

SELF_MADE = "submission-localhost.pem"
"""The name of the self-made key and certificate in the data directory. Clients on this machine may trust the file."""

_log = structlog.get_logger()
_LOOK_EVERY = 1.0
"""Seconds: a flood of handshakes costs no flood of looks at the disk."""
_ALWAYS: tuple[Name, ...] = ("localhost", IPv4Address("127.0.0.1"), IPv6Address("::1"))

Looks = tuple[tuple[int, int, int], ...]
"""Time of change, size and inode of each file: one of them differs when a file was replaced or written."""


class NoCertificate(Exception):
    """The certificate or its key cannot be used. The text tells an operator what to do."""


class FileCertificate:
    """A chain and its key in two PEM files. Renewed files are taken up by the next handshake, without a restart.

    `monotonic`: seconds. Raises :class:`NoCertificate` when there is no usable pair to begin with.
    """

    def __init__(self, chain: Path, key: Path, *, monotonic: Callable[[], float]) -> None:
        self._chain, self._key = chain, key
        self._monotonic = monotonic
        self._looked_at = monotonic()
        try:
            self._looks = self._look()
            self._context = self._load()
        except (OSError, ssl.SSLError) as fault:
            raise NoCertificate(
                f"the certificate cannot be used: {_why(fault)}. Give the full chain in {chain} and its unencrypted "
                f"key in {key}, both PEM and readable for this user; or give neither, for a self-made certificate"
            ) from fault

    def context(self) -> ssl.SSLContext:
        """For the next handshake. What began before goes on with what it began with."""
        now = self._monotonic()
        if now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self._look_again()
        return self._context

    def _look_again(self) -> None:
        try:
            looks = self._look()
        except OSError:
            looks = ()
        if looks == self._looks:
            return
        self._looks = looks  # also of a broken pair: it is told once, and tried again when it changes
        try:
            self._context = self._load()
        except (OSError, ssl.SSLError) as fault:
            # A renewal writes one file after the other; the old pair serves until both are there.
            _log.warning("certificate_not_renewed", chain=str(self._chain), key=str(self._key), reason=_why(fault))
        else:
            _log.info("certificate_renewed", chain=str(self._chain))

    def _look(self) -> Looks:
        facts = [os.stat(file) for file in (self._chain, self._key)]
        return tuple((fact.st_mtime_ns, fact.st_size, fact.st_ino) for fact in facts)

    def _load(self) -> ssl.SSLContext:
        """A new context: one that is in use would have the new chain with the old key for a moment."""
        context = server_context()
        # Without an answer here the library would ask for a passphrase on the terminal, and wait.
        context.load_cert_chain(self._chain, self._key, password=b"")
        return context


def self_made(hostname: str, place: Path | None) -> ssl.SSLContext:
    """A certificate for this name, localhost and the loopback addresses that nobody vouches for.

    It is kept in the directory `place`, so that a restart keeps it and a user can trust it; in memory without one.
    """
    names = _names(hostname)
    if place is None:
        return context_of(make_pem(names))
    file = place / SELF_MADE
    kept = _kept(file, names)
    if kept is not None:
        return kept
    pem = make_pem(names)
    _keep(file, pem)
    _log.info("certificate_made", file=str(file), names=[str(name) for name in names])
    return context_of(pem)


def _names(hostname: str) -> tuple[Name, ...]:
    try:
        own: Name = ip_address(hostname.strip("[]"))
    except ValueError:
        own = hostname
    if isinstance(own, str) and not (own.isascii() and own.strip()):
        return _ALWAYS
    return (own, *(name for name in _ALWAYS if name != own))


def _kept(file: Path, names: tuple[Name, ...]) -> ssl.SSLContext | None:
    """What is there already, if it is whole and made for these names."""
    try:
        pem = file.read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
        made_for = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if not set(names) <= {entry.value for entry in made_for}:
            return None
        return context_of(pem)
    except FileNotFoundError:
        return None
    except (ValueError, x509.ExtensionNotFound, ssl.SSLError) as fault:
        _log.warning("certificate_not_usable", file=str(file), reason=_why(fault))
        return None


def _keep(file: Path, pem: bytes) -> None:
    """Whole or not at all, and for nobody else to read, at no moment."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def _why(fault: Exception) -> str:
    if isinstance(fault, ssl.SSLError):
        return f"it is no key and certificate that belong together ({fault.reason or fault})"
    if isinstance(fault, OSError):
        return f"{fault.filename}: {fault.strerror}"
    return str(fault)

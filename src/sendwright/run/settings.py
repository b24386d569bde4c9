"""The settings: flags, then the environment, then the TOML file, then safe defaults. What is unknown is refused."""

from __future__ import annotations

import difflib
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from sendwright import failpoints

PREFIX = "SENDWRIGHT_"
_NO_SETTINGS = (PREFIX + "CONFIG", failpoints.VARIABLE)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_SPF_TERM = re.compile(r"(?:a|mx|include|exists|ip4|ip6)(?:[:/][A-Za-z0-9.:/%{}_-]{1,253})?")


class BadSettings(ValueError):
    """The settings cannot be used. The text says which one and what to do."""


class Role(StrEnum):
    """What a process does."""

    HTTP = "http"  # API, tracking, web pages
    SUBMISSION = "submission"  # SMTP with a token
    INBOUND = "inbound"  # SMTP for what comes back
    DELIVERY = "delivery"  # composing and attempting
    SCHEDULER = "scheduler"  # what is due by time
    WEBHOOKS = "webhooks"  # telling others


class HostPort(BaseModel):
    """A listening address. Port 0 takes a free one."""

    model_config = ConfigDict(frozen=True)
    host: str
    port: int = Field(ge=0, le=65535)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _host_port(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    host, colon, port = value.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError("give HOST:PORT, such as 127.0.0.1:8080")
    return {"host": host.strip("[]"), "port": int(port)}


def _host_ports(value: Any) -> Any:
    if value is None:
        return ()
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _names(value: Any) -> Any:
    return tuple(part.strip().lower() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Listen = Annotated[HostPort, BeforeValidator(_host_port)]
Listens = Annotated[tuple[Listen, ...], BeforeValidator(_host_ports)]

Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


def _roles(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Policy = Literal["retry", "hold"]


class Settings(BaseModel):
    """Every setting with its default. Each is a flag, an environment variable and a TOML key of the same name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(Path("sendwright-data"), description="Directory of the embedded database and its key.")
    database: SecretStr | None = Field(
        None, description="postgresql://user:password@host/name; without it, SQLite in the data directory."
    )
    ballast: int = Field(
        64 * 1024 * 1024, ge=0,
        description="Octets beside the embedded database that are freed when the disk is full, so that outcomes can "
        "still be recorded; 0: none.",
    )  # fmt: skip
    journal: Path | None = Field(
        None,
        description="Directory where a delivering process keeps outcomes that PostgreSQL cannot take at the moment. "
        "Default: the data directory.",
    )
    http: Listen = Field(HostPort(host="127.0.0.1", port=8080), description="Where the HTTP door listens.")
    public_url: str | None = Field(
        None, description="How others reach the HTTP door: the address in links. Default: where it listens."
    )
    submission: Listens = Field(
        (), description="Where SMTP submission with STARTTLS listens (587, 25); several addresses by commas."
    )
    submissions: Listens = Field(
        (), description="Where SMTP submission with implicit TLS listens (465); several addresses by commas."
    )
    smtp_host: str | None = Field(
        None,
        description="The name by which mail programs reach the submission doors; also in token user names. "
        "Default: the public URL's host.",
    )
    tls_certificate: Path | None = Field(
        None,
        description="PEM file with the certificate chain of the submission doors; read again when it changes. "
        "Default: a self-made one for localhost.",
    )
    tls_key: Path | None = Field(None, description="PEM file with the key of tls_certificate.")
    message_octets: int = Field(
        42_000_000, ge=65_536, description="The largest mail that submission takes: 30 MB of attachments, encoded."
    )
    submission_connections: int = Field(10_000, ge=1, description="Connections to the submission doors in all.")
    submission_connections_each: int = Field(
        50, ge=1, description="Connections to the submission doors from one address (IPv6: one /64)."
    )
    token_messages_per_minute: int = Field(
        0, ge=0, description="Messages that one SMTP token may submit in a minute, by recipients; 0: no limit."
    )
    account_messages_per_minute: int = Field(
        0, ge=0, description="Messages that one account may submit in a minute, by recipients; 0: no limit."
    )
    inbound: Listens = Field(
        (),
        description="Where SMTP for what comes back (bounces, complaints) listens (25); several addresses by commas.",
    )
    bounce_host: str | None = Field(
        None,
        description="The host of return paths of sending domains that have none of their own; its MX must lead to the "
        "inbound door. Default: the name this machine says at EHLO, where inbound is set; else the sending domain.",
    )
    inbound_octets: int = Field(10_485_760, ge=65_536, description="The largest mail that the inbound door takes.")
    inbound_connections: int = Field(1_000, ge=1, description="Connections to the inbound door in all.")
    inbound_connections_each: int = Field(
        20, ge=1, description="Connections to the inbound door from one address (IPv6: one /64)."
    )
    feedback_domains: Names = Field(
        (),
        description="Domains, by commas, whose DKIM signature makes a complaint believed; instead of the table of "
        "providers that comes with Sendwright.",
    )
    reports_kept: timedelta = Field(
        timedelta(days=30), ge=timedelta(days=1), description="How long reports that came back are kept (P30D)."
    )
    suppress_bounced_for: timedelta | None = Field(
        None, description="How long a bounced address is not mailed, such as P365D. Default: until it is lifted."
    )
    suppress_complained_for: timedelta | None = Field(
        None, description="How long an address that complained is not mailed. Default: until it is lifted."
    )
    route: SecretStr = Field(
        SecretStr("sandbox"),
        description="sandbox (kept and shown, never sent), mx (direct), or smtp://[user:pass@]HOST:PORT (a relay).",
    )
    roles: Annotated[frozenset[Role], BeforeValidator(_roles)] = Field(
        frozenset(Role), description="What this process does, by commas. Several processes need PostgreSQL."
    )
    secret_key: SecretStr | None = Field(
        None, description="Seals keys in the database. Default: made at first start, kept beside the database."
    )
    sandbox: Listen = Field(
        HostPort(host="127.0.0.1", port=0), description="Where the sandbox's built-in receiver listens."
    )
    ehlo_name: str | None = Field(
        None, description="The name this machine says at EHLO; must be in DNS, both ways. Default: public URL's host."
    )
    machine: str | None = Field(
        None, description="What this machine is called where several share a database: source addresses belong to one. "
        "Default: its host name.",
    )  # fmt: skip
    resolver: str | None = Field(None, description="DNS server as HOST:PORT. Default: the system's.")
    resolver_validates: bool = Field(
        False,
        description="The DNS server checks DNSSEC and the way to it is safe (on this machine): DANE is heeded then.",
    )
    dns_port: int = Field(53, ge=1, le=65535, description="The port of authoritative name servers; 53 but in tests.")
    spf: str | None = Field(
        None,
        description="What the SPF records of return paths say of who sends for this installation: mechanisms by "
        "blanks, such as include:relay.example.net. Default: a: and the EHLO name.",
    )
    dkim_overlap: timedelta = Field(
        timedelta(days=7), ge=timedelta(0),
        description="How long the key before stays, and its record must, after a DKIM key took over (P7D).",
    )  # fmt: skip
    mx_port: int = Field(25, ge=1, le=65535, description="The port of mail exchangers; 25 but in tests.")
    allow_private_mx: bool = Field(
        False, description="Deliver to private and loopback addresses too, for closed networks and tests."
    )
    providers: Path | None = Field(
        None,
        description="TOML file that says how fast to send to which provider; its entries come before the shipped ones.",
    )
    in_doubt_wait: timedelta = Field(
        timedelta(minutes=30),
        description="How long an attempt whose answer was lost rests before the next try, as ISO 8601 (PT30M).",
    )
    duplicate_policy: Policy = Field(
        "retry",
        description="What becomes of an attempt whose answer was lost: retry (it may arrive twice) or hold (a person "
        "decides). A sender may ask otherwise for each mail.",
    )
    give_up_after: timedelta = Field(
        timedelta(hours=120), ge=timedelta(minutes=5), le=timedelta(hours=120),
        description="How long a mail is tried before it is given up (PT120H). A sender may ask for less.",
    )  # fmt: skip
    lease: timedelta = Field(
        timedelta(minutes=2), ge=timedelta(seconds=1),
        description="How long what a process holds stays its own when it is heard of no more (PT2M).",
    )  # fmt: skip
    drain: timedelta = Field(
        timedelta(seconds=30), description="How long a stopping process waits for attempts in flight (PT30S)."
    )
    delivery_slots: int = Field(200, ge=1, le=10_000, description="How many deliveries one process holds at once.")
    requests_per_ten_seconds: int = Field(
        1000, ge=0, description="API requests of one token in ten seconds; 0: no limit. Single sends are exempt."
    )
    searches_per_second: int = Field(50, ge=0, description="Searches of one account in a second; 0: no limit.")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses, by commas, of web servers in front of the HTTP door; whom they name is the caller.",
    )
    log_level: str = Field("info", description="debug, info, warning or error.")

    @field_validator("public_url")
    @classmethod
    def _no_slash_at_end(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("give a whole address, such as https://mail.example.com")
        return None if value is None else value.rstrip("/")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Settings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give tls_certificate and tls_key together, or neither for a self-made certificate")
        return self

    @field_validator("smtp_host", "bounce_host")
    @classmethod
    def _is_a_host(cls, value: str | None) -> str | None:
        if value is not None and not _HOST.fullmatch(value):
            raise ValueError("give a host name, such as smtp.example.com")
        return None if value is None else value.lower()

    @field_validator("spf")
    @classmethod
    def _is_spf(cls, value: str | None) -> str | None:
        if value is not None and not all(_SPF_TERM.fullmatch(term) for term in value.split()):
            raise ValueError("give SPF mechanisms by blanks, such as ip4:192.0.2.1 include:relay.example.net")
        return None if value is None else " ".join(value.split())

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("give debug, info, warning or error")
        return value.lower()


def smtp_name(settings: Settings) -> str:
    """The host that mail programs connect to, and that ends the user names of tokens. Never an IPv6 address: where a
    user name is written before a password, its colons would end it."""
    host = settings.smtp_host or urlsplit(settings.public_url or f"http://{settings.http}").hostname or ""
    return "localhost" if ":" in host or host in ("", "0.0.0.0") else host  # noqa: S104 - no address to connect to


def machine_name(settings: Settings) -> str:
    """What the machine is called, in lower case."""
    return (settings.machine or socket.gethostname()).lower()


def load(flags: Mapping[str, object], environment: Mapping[str, str], config: Path | None) -> Settings:
    """The settings from all places. Raises :class:`BadSettings`."""
    given = {name: value for name, value in flags.items() if value is not None}
    named = config or (Path(environment[PREFIX + "CONFIG"]) if PREFIX + "CONFIG" in environment else None)
    merged = {**_from_file(named), **_from_environment(environment), **given}
    try:
        return Settings.model_validate(merged)
    except ValidationError as fault:
        raise BadSettings("; ".join(_sentence(error) for error in fault.errors(include_input=False))) from None


def _from_file(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        values = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise BadSettings(f"cannot read the settings file {file}: {fault}") from fault
    for name in values:
        _refuse_unknown(name, str(file))
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable in _NO_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name.endswith("_file") and name not in Settings.model_fields:
            name, text = name.removesuffix("_file"), _secret_from(variable, text)
        _refuse_unknown(name, "the environment")
        values[name] = text
    return values


def _secret_from(variable: str, file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except OSError as fault:
        raise BadSettings(f"{variable} names a file that cannot be read: {fault}") from fault


def _refuse_unknown(name: str, place: str) -> None:
    if name in Settings.model_fields:
        return
    near = difflib.get_close_matches(name, Settings.model_fields, n=1)
    hint = f" Did you mean {near[0]}?" if near else " See docs/reference/settings.md."
    raise BadSettings(f"unknown setting {name!r} in {place}.{hint}")


def _sentence(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"--{place.replace('_', '-')}: {error['msg'].removeprefix('Value error, ')}"


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ

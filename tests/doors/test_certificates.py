"""The certificate that a door shows."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from structlog.testing import capture_logs

from sendwright.doors.certificates import SELF_MADE, FileCertificate, NoCertificate, self_made
from sendwright.doors.self_signed import make_pem, self_signed_context


@dataclass
class Ticking:
    """A clock in seconds that is moved by hand."""

    at: float = 100.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Pair:
    """Two PEM files, as a renewal program leaves them."""

    chain: Path
    key: Path

    def write(self, name: str) -> None:
        pem = make_pem((name,)).decode()
        at = pem.index("-----BEGIN CERTIFICATE")
        for file, text in ((self.key, pem[:at]), (self.chain, pem[at:])):
            new = file.with_suffix(".tmp")
            new.write_text(text)
            os.replace(new, file)


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    made.write("one.example.com")
    return made


@pytest.fixture
def logs() -> Iterator[list]:
    structlog.reset_defaults()
    with capture_logs() as entries:
        yield entries


def shown_by(context: ssl.SSLContext, trust: Callable[[ssl.SSLContext], None] | None = None) -> x509.Certificate:
    """The certificate that a client of this context is shown."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust is None:
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    else:
        trust(client)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with context.wrap_socket(theirs, server_side=True) as served:
            served.recv(1)

    server = threading.Thread(target=serve)
    server.start()
    try:
        with client.wrap_socket(ours, server_hostname="localhost") as connected:
            der = connected.getpeercert(binary_form=True)
            connected.send(b"x")
    finally:
        server.join()
    assert der is not None
    return x509.load_der_x509_certificate(der)


def names_of(context: ssl.SSLContext) -> list[object]:
    made_for = shown_by(context).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [entry.value for entry in made_for]


# --- from files


def test_the_certificate_in_the_files_is_shown(pair: Pair, clock: Ticking):
    assert names_of(FileCertificate(pair.chain, pair.key, monotonic=clock).context()) == ["one.example.com"]


def test_a_renewed_certificate_is_shown_at_the_next_handshake(pair: Pair, clock: Ticking):
    certificate = FileCertificate(pair.chain, pair.key, monotonic=clock)
    pair.write("two.example.com")
    clock.at += 1
    assert names_of(certificate.context()) == ["two.example.com"]


def test_the_files_are_looked_at_once_a_second_at_most(pair: Pair, clock: Ticking):
    certificate = FileCertificate(pair.chain, pair.key, monotonic=clock)
    pair.write("two.example.com")
    clock.at += 0.9
    assert names_of(certificate.context()) == ["one.example.com"]


def test_files_that_have_not_changed_are_not_read_again(pair: Pair, clock: Ticking):
    certificate = FileCertificate(pair.chain, pair.key, monotonic=clock)
    before = certificate.context()
    clock.at += 1
    assert certificate.context() is before


@pytest.mark.parametrize("text", ["", "this is no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_while_a_new_pair_is_broken_the_old_one_stays(
    pair: Pair, clock: Ticking, logs: list[dict[str, object]], text: str
):
    certificate = FileCertificate(pair.chain, pair.key, monotonic=clock)
    pair.chain.write_text(text)
    for _ in range(3):
        clock.at += 1
        assert names_of(certificate.context()) == ["one.example.com"]
    assert [entry["event"] for entry in logs] == ["certificate_not_renewed"]


def test_while_a_file_is_missing_the_old_pair_stays_and_it_is_told_once(
    pair: Pair, clock: Ticking, logs: list[dict[str, object]]
):
    certificate = FileCertificate(pair.chain, pair.key, monotonic=clock)
    pair.key.unlink()
    for _ in range(3):
        clock.at += 1
        assert names_of(certificate.context()) == ["one.example.com"]
    assert [entry["event"] for entry in logs] == ["certificate_not_renewed"]


def test_a_pair_that_is_written_one_after_the_other_is_shown_when_both_are_there(pair: Pair, clock: Ticking):
    certificate = FileCertificate(pair.chain, pair.key, monotonic=clock)
    old_key = pair.key.read_text()
    pair.write("two.example.com")
    new_key = pair.key.read_text()
    pair.key.write_text(old_key)
    clock.at += 1
    assert names_of(certificate.context()) == ["one.example.com"]
    pair.key.write_text(new_key)
    clock.at += 1
    assert names_of(certificate.context()) == ["two.example.com"]


def test_a_missing_file_at_the_start_is_an_error_that_says_what_to_do(tmp_path: Path, clock: Ticking):
    with pytest.raises(NoCertificate, match=r"gone\.pem: No such file.*Give the full chain"):
        FileCertificate(tmp_path / "gone.pem", tmp_path / "key.pem", monotonic=clock)


def test_a_key_of_another_certificate_at_the_start_is_an_error(pair: Pair, clock: Ticking):
    other = make_pem(("other.example.com",)).decode()
    pair.key.write_text(other[: other.index("-----BEGIN CERTIFICATE")])
    with pytest.raises(NoCertificate, match="belong together"):
        FileCertificate(pair.chain, pair.key, monotonic=clock)


# --- self-made


def test_the_self_made_one_is_for_the_host_name_and_for_this_machine(tmp_path: Path):
    assert names_of(self_made("mail.example.com", tmp_path)) == [
        "mail.example.com",
        "localhost",
        IPv4Address("127.0.0.1"),
        *names_of(self_made("mail.example.com", tmp_path))[3:],
    ]


@pytest.mark.parametrize("hostname", ["localhost", "127.0.0.1", "::1", "[::1]", "", "höst"])
def test_the_self_made_one_is_for_this_machine_under_any_host_name(hostname: str):
    assert {str(name) for name in names_of(self_made(hostname, None))} == {"localhost", "127.0.0.1", "::1"}


def test_the_self_made_one_is_kept_over_a_restart(tmp_path: Path):
    before = shown_by(self_made("mail.example.com", tmp_path))
    assert shown_by(self_made("mail.example.com", tmp_path)) == before


def test_the_self_made_one_is_made_anew_for_another_host_name(tmp_path: Path):
    self_made("mail.example.com", tmp_path)
    assert "smtp.example.com" in names_of(self_made("smtp.example.com", tmp_path))


def test_the_self_made_one_is_for_its_owner_alone(tmp_path: Path):
    self_made("mail.example.com", tmp_path)
    assert (tmp_path / SELF_MADE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "rubbish"])
def test_a_spoiled_self_made_one_is_made_anew(tmp_path: Path, text: str, logs: list[dict[str, object]]):
    (tmp_path / SELF_MADE).write_text(text)
    assert "mail.example.com" in names_of(self_made("mail.example.com", tmp_path))
    assert [entry["event"] for entry in logs] == ["certificate_not_usable", "certificate_made"]


def test_what_a_crash_left_half_written_is_no_hindrance(tmp_path: Path):
    (tmp_path / SELF_MADE).with_suffix(".new").write_text("half")
    self_made("mail.example.com", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [SELF_MADE]


def test_without_a_directory_it_lives_in_memory():
    assert "mail.example.com" in names_of(self_made("mail.example.com", None))


def test_a_client_that_trusts_the_kept_file_is_satisfied_even_when_it_is_strict(tmp_path: Path):
    def trust(client: ssl.SSLContext) -> None:
        client.load_verify_locations(tmp_path / SELF_MADE)
        client.verify_flags |= ssl.VERIFY_X509_STRICT

    context = self_made("mail.example.com", tmp_path)
    assert shown_by(context, trust).subject.rfc4514_string() == "CN=mail.example.com"


# --- all


def test_old_tls_and_renegotiation_are_not_offered():
    context = self_signed_context("mail.example.com")
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert not context.options & ssl.OP_NO_TICKET

"""Clients that log in and then say nothing: a process that holds connections until its input ends.

The job is the first line of JSON on standard input; each further line asks for more connections, and the answer is how
many stand.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import sys
from dataclasses import dataclass

_OF_AN_ADDRESS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """With TLS they log in, without they only greet."""

    port: int
    tls: bool
    username: str
    password: str


def _connect(job: Idle, number: int) -> smtplib.SMTP:
    mine = (f"127.0.{1 + number // _OF_AN_ADDRESS}.1", 0)  # a server may limit the connections of an address
    if not job.tls:
        plain = smtplib.SMTP("127.0.0.1", job.port, timeout=20, source_address=mine)
        plain.ehlo("client.example.com")
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    secure = smtplib.SMTP_SSL("127.0.0.1", job.port, timeout=20, source_address=mine, context=context)
    secure.ehlo("client.example.com")
    secure.login(job.username, job.password)
    return secure


if __name__ == "__main__":
    wanted = Idle(**json.loads(sys.stdin.readline()))
    held: list[smtplib.SMTP] = []
    for line in sys.stdin:
        held += [_connect(wanted, len(held) + number) for number in range(json.loads(line)["connections"])]
        print(json.dumps({"open": len(held)}), flush=True)

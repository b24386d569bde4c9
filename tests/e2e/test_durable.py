"""Accepted means durable: a trace of the system calls shows a flush between writing a send and answering for it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch, Shop
from tests.e2e.load import Load
from tests.e2e.sink import Sink
from tests.e2e.submitters import SmtpLoad, make_token, tls_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace: apt-get install strace"),
]

_CALL = re.compile(r"^(?P<thread>\d+) +(?:<\.\.\. )?(?P<name>\w+)")


def unflushed(trace: Iterable[str], status_ids: set[str]) -> dict[str, str]:
    """The ids that were answered before a flush that began after their row was written had ended; and why.

    A line of the trace is a call, or, when another thread came between, its beginning or its end.
    """
    written: set[str] = set()  # in the log, not flushed
    flushing: dict[str, set[str]] = {}  # by thread: what its flush covers
    durable: set[str] = set()
    wrong: dict[str, str] = {}
    for line in trace:
        call = _CALL.match(line)
        if call is None:
            continue
        thread, name = call["thread"], call["name"]
        named = status_ids & set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", line))
        if name == "pwrite64" and "-wal>" in line:
            written |= named - durable
        elif name in ("fdatasync", "fsync"):
            if "-wal>" in line:
                flushing[thread] = set(written)
            if line.rstrip().endswith("= 0"):
                durable |= flushing.pop(thread, set())
        elif named and ("<socket:" in line or "<TCP:" in line):
            wrong |= dict.fromkeys(named - durable, line[:200])
    return wrong


def test_every_answer_to_a_send_comes_after_its_row_was_flushed(
    open_shop: Callable[..., Shop], sink: Sink, tmp_path: Path
) -> None:
    file = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"
    shop = open_shop(
        route=sink.route, roles="http", nursery=None,
        before=["strace", "-D", "-f", "-y", "-qq", "-s", "9000", "-e", calls, "-o", str(file)],
    )  # fmt: skip
    with Load(lambda: [shop.program.port], shop.boot, shop.email_id) as load:
        load.pause(3)
    shop.program.stop()
    status_ids = load.books.status_ids
    trace = file.read_text(errors="replace")
    assert len(status_ids) > 20, "there was no load"
    assert all(each in trace for each in status_ids), "the trace does not show the answers"
    assert unflushed(trace.splitlines(), status_ids) == {}


def answered_while_unflushed(trace: Iterable[str], ids: set[str]) -> list[str]:
    """What was said to a client, inside TLS where nobody can read it, while a row waited for its flush.

    Of a client that does one thing at a time: nothing is said to it between its message and the answer.
    """
    written: set[str] = set()
    flushing: dict[str, set[str]] = {}
    wrong = []
    for line in trace:
        call = _CALL.match(line)
        if call is None:
            continue
        thread, name = call["thread"], call["name"]
        if name == "pwrite64" and "-wal>" in line:
            written |= ids & set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", line))
            ids = ids - written
        elif name in ("fdatasync", "fsync"):
            if "-wal>" in line:
                flushing[thread] = set(written)
            if line.rstrip().endswith("= 0"):
                written -= flushing.pop(thread, set())
        elif written and ("<socket:" in line or "<TCP:" in line):
            wrong.append(line[:200])
    return wrong


def test_every_250_to_a_submitted_mail_comes_after_its_row_was_flushed(launch: Launch, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"
    program = launch(
        roles="http,submission", nursery=None, settings={"submissions": "127.0.0.1:0"},
        before=["strace", "-D", "-f", "-y", "-qq", "-s", "9000", "-e", calls, "-o", str(file)],
    )  # fmt: skip
    program.bootstrap()
    with SmtpLoad(lambda: [tls_port(program)], make_token(program), count=1) as load:
        load.pause(2)
    program.stop()
    ids = load.books.status_ids
    trace = file.read_text(errors="replace")
    assert len(ids) > 20, "there was no load"
    assert all(each in trace for each in ids), "the trace does not show the rows"
    assert answered_while_unflushed(trace.splitlines(), ids) == []


def test_a_250_before_its_flush_is_found_out() -> None:
    one = "01a20316-6234-7002-a824-e34d8d1ac198"
    write = f'7 pwrite64(5</d/x.db-wal>, "{one}", 4096, 0) = 4096'
    flush = "7 fdatasync(5</d/x.db-wal>) = 0"
    answer = '8 sendto(9<socket:[1]>, "\\27\\3\\3", 90, 0, NULL, 0) = 90'
    assert answered_while_unflushed([write, answer, flush], {one}) == [answer]
    assert answered_while_unflushed([write, flush, answer], {one}) == []


def test_an_answer_before_its_flush_is_found_out() -> None:
    one = "01a20316-6234-7002-a824-e34d8d1ac198"
    write = f'7 pwrite64(5</d/x.db-wal>, "{one}", 4096, 0) = 4096'
    flush = "7 fdatasync(5</d/x.db-wal>) = 0"
    answer = f'8 sendto(9<socket:[1]>, "{one}", 300, 0, NULL, 0) = 300'
    assert set(unflushed([write, answer, flush], {one})) == {one}
    assert unflushed([write, flush, answer], {one}) == {}


def test_an_answer_during_its_flush_is_found_out() -> None:
    one = "01a20316-6234-7002-a824-e34d8d1ac198"
    write = f'7 pwrite64(5</d/x.db-wal>, "{one}", 4096, 0) = 4096'
    begun, ended = "7 fdatasync(5</d/x.db-wal> <unfinished ...>", "7 <... fdatasync resumed>) = 0"
    answer = f'8 sendto(9<socket:[1]>, "{one}", 300, 0, NULL, 0) = 300'
    assert set(unflushed([write, begun, answer, ended], {one})) == {one}
    assert unflushed([write, begun, ended, answer], {one}) == {}

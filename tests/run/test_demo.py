"""``make demo`` as a newcomer meets it: the first run, the second one, Ctrl-C, and what goes wrong."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sendwright.run.demo.__main__ import main

DEMO = [sys.executable, "-m", "sendwright.run.demo"]
_SECONDS = 120

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var" / "demo"


@pytest.fixture(scope="module")
def first(folder: Path) -> str:
    """What the first run says."""
    code, said, errors = _once(folder)
    assert (code, errors) == (0, "")
    return said


@pytest.fixture(scope="module")
def token_of_first_run(folder: Path, first: str) -> str:
    token: str = json.loads((folder / "welcome.json").read_text())["smtp"]["id"]
    return token


@pytest.fixture(scope="module")
def second(folder: Path, token_of_first_run: str) -> str:
    """What the second run says, which finds its port taken and goes on until Ctrl-C."""
    with _port_8080_taken(), _started(folder) as process:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C ends it" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        _submit(said)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=_SECONDS)
        assert (process.returncode, errors) == (0, "")
        return said + rest


def test_the_receipt_is_complete_and_sent(first: str):
    assert "COMPLETE/SENT: " in first


def test_the_signature_of_the_received_mail_holds(first: str):
    assert "the signature holds, says dkimpy" in first


def test_the_received_mail_has_the_customer_s_order_number(first: str):
    assert "Subject    Your order 10482" in first


def test_the_page_of_the_mail_is_named(first: str):
    assert re.search(r"http://127\.0\.0\.1:\d+/sandbox/s/[0-9a-f-]{36}\?key=\S+", first)


def test_what_the_demo_keeps_is_for_its_owner_s_eyes(folder: Path, first: str):
    secrets = ("welcome.json", "header.txt", "smtp.curl")
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in secrets} == {0o600}


def test_the_token_is_not_on_the_screen(folder: Path, first: str):
    assert json.loads((folder / "welcome.json").read_text())["token"] not in first


def test_the_password_for_smtp_is_not_on_the_screen(folder: Path, first: str, second: str):
    assert json.loads((folder / "welcome.json").read_text())["smtp"]["password"] not in first + second


def test_a_second_run_keeps_the_token_for_smtp(folder: Path, token_of_first_run: str, second: str):
    assert json.loads((folder / "welcome.json").read_text())["smtp"]["id"] == token_of_first_run


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: apt-get install curl")
def test_the_line_for_curl_sends_by_smtp(folder: Path, second: str):
    assert ["grace@example.net", "Your order is on its way"] in [
        [each["to"], each["subject"]] for each in _sends(folder)
    ]


def test_a_second_run_keeps_the_account(first: str, second: str):
    assert "Making an account" in first
    assert "Making an account" not in second


def test_a_second_run_sends_the_same_e_mail_again(folder: Path, second: str):
    listed = [send for send in _sends(folder) if send["to"] == "ada@example.net"]
    assert [send["emailId"] for send in listed] == [listed[0]["emailId"]] * 2
    assert [send["sendResult"] for send in listed] == ["SENT", "SENT"]


def test_ctrl_c_ends_it_in_order(second: str):
    assert second.rstrip().endswith("the next run goes on with it.")


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    code, _, errors = _once(tmp_path / "file" / "demo")
    assert code == 1
    assert re.fullmatch(r"demo: the folder \S+ cannot be made: .+\n", errors)


def test_a_file_of_an_earlier_run_that_cannot_be_read_is_said_in_one_sentence(tmp_path: Path):
    (tmp_path / "welcome.json").write_text("not JSON")
    (tmp_path / "sendwright.db").write_text("")
    code, _, errors = _once(tmp_path)
    assert code == 1
    assert re.fullmatch(r"demo: \S+welcome\.json cannot be read: delete \S+ and run the demo again\n", errors)


def test_a_database_that_cannot_be_opened_is_said_in_one_sentence(tmp_path: Path):
    (tmp_path / "sendwright.db").write_text("no database, but long enough to be looked at" * 100)
    code, _, errors = _once(tmp_path)
    assert code == 1
    assert re.fullmatch(r"demo: .+\n", errors)
    assert "Traceback" not in errors


def test_a_taken_port_is_passed_over(second: str):
    assert re.search(r"The API: +http://127\.0\.0\.1:\d+/docs", second)
    assert "http://127.0.0.1:8080/" not in second


@contextmanager
def _port_8080_taken() -> Iterator[None]:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 8080))
            other.listen()
        except OSError:
            pass  # somebody else has it: as good
        yield


def _once(folder: Path) -> tuple[int, str, str]:
    """Runs in this process, so that its coverage is measured: exit code, standard output, standard error."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    said, errors = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
            code = main(["--data", str(folder), "--once"])
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    return code, said.getvalue(), errors.getvalue()


@contextmanager
def _started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*DEMO, "--data", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(_SECONDS)


def _submit(said: str) -> None:
    """Does what the demo suggests, and waits for curl alone."""
    found = re.search(r"^ +(curl -K \S+)$", said, re.MULTILINE)
    assert found, said
    if shutil.which("curl") is not None:
        done = subprocess.run(found[1].split(), capture_output=True, text=True, timeout=_SECONDS, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def _sends(folder: Path) -> list[dict[str, str]]:
    words = [str(Path(sys.executable).with_name("sendwright")), "sends", "list", "--json", "--data", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=True)
    listed: list[dict[str, str]] = json.loads(done.stdout)
    return listed

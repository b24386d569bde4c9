"""What servers say when they refuse, and the reason that it means: the table in `refusals.txt`."""

from pathlib import Path

import pytest

from sendwright import mail

TABLE = Path(__file__).with_name("refusals.txt")


def rows() -> list[tuple[str, ...]]:
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [tuple(field.strip() for field in line.split("|", 4)) for line in lines]


def absent(field: str) -> str:
    return "" if field == "-" else field


def test_no_refusal_stands_twice_in_the_table():
    said = [row[1:] for row in rows()]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(("reason", "status", "reply_code", "command", "words"), rows())
def test_the_refusal_means(reason, status, reply_code, command, words):
    read = mail.reason_of(absent(status), absent(reply_code), words, command=absent(command))
    assert read.value == reason

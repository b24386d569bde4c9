"""``sendwright read-report`` says what came back, and needs nothing but the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sendwright.run.cli.main import app

BOUNCE = b"""From: MAILER-DAEMON@mx.test
Subject: Undelivered mail

It could not be delivered:

<ann@example.com>: 550 5.1.1 No such user
"""
ASKED = {"address": "ann@example.com", "status": "5.1.1", "reply_code": "550", "reason": "userunknown", "hard": True}


@pytest.fixture
def bounce(tmp_path: Path) -> Path:
    path = tmp_path / "bounce.eml"
    path.write_bytes(BOUNCE)
    return path


def test_one_object_is_printed_for_each_file(bounce: Path):
    result = CliRunner().invoke(app, ["read-report", str(bounce), str(bounce), "--json"])
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert documents == [{"file": str(bounce), "kind": "bounce", "recipients": [ASKED]}] * 2


def test_a_table_is_for_people(bounce: Path):
    result = CliRunner().invoke(app, ["read-report", str(bounce)])
    assert result.stdout.splitlines()[1].split()[1:] == [
        "bounce",
        "ann@example.com",
        "5.1.1",
        "550",
        "userunknown",
        "yes",
    ]


def test_a_hyphen_is_standard_input():
    result = CliRunner().invoke(app, ["read-report", "-", "--json"], input=BOUNCE)
    assert json.loads(result.stdout) == {"file": "-", "kind": "bounce", "recipients": [ASKED]}


def test_a_mail_about_nobody_has_a_row_as_well(tmp_path: Path):
    path = tmp_path / "hello.eml"
    path.write_bytes(b"From: ann@example.com\n\nHello")
    assert CliRunner().invoke(app, ["read-report", str(path)]).stdout.splitlines()[1].split()[1:] == ["other"]


def test_a_file_that_cannot_be_read_does_not_keep_the_others(bounce: Path, tmp_path: Path):
    missing = tmp_path / "missing.eml"
    result = CliRunner().invoke(app, ["read-report", str(missing), str(bounce), "--json"])
    assert (result.exit_code, json.loads(result.stdout)["recipients"]) == (1, [ASKED])
    assert f"{missing} cannot be read" in result.stderr


def test_nothing_is_printed_where_nothing_could_be_read(tmp_path: Path):
    result = CliRunner().invoke(app, ["read-report", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (1, "")

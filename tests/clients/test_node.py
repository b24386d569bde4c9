"""A script for HubSpot's Node client runs unchanged but for the host."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Customer

FOLDER = Path(__file__).with_name("node")
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules").is_dir(),
    reason="Node 20 and its packages are needed: cd tests/clients/node && npm ci --ignore-scripts",
)

Seen = dict[str, Any]


@pytest.fixture(scope="module")
def seen(acme: Customer, poor: Customer) -> Seen:
    """What the script printed."""
    done = subprocess.run(
        [str(NODE), "script.mjs"],
        cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False,
        env={
            "PATH": os.environ["PATH"], "HOST": acme.host, "TOKEN": acme.token, "POOR_TOKEN": poor.token,
            "EMAIL_ID": str(acme.email_id), "MARK": f"node.{uuid.uuid4().hex}",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Seen = json.loads(done.stdout)
    return found


@needs_node
def test_an_email_is_authored_from_the_first_draft_to_the_archive(seen: Seen):
    assert seen["emails"] == {
        "state": "DRAFT", "sender": "shop@example.com", "madeAt": True, "published": True, "sent": 0,
        "drafted": "Something else", "draft": "Order {{ custom.number }}", "revisions": True, "first": "Receipt",
        "restored": "Receipt", "newest": True,
    }  # fmt: skip


@needs_node
def test_contacts_are_kept_one_by_one(seen: Seen):
    assert seen["contacts"] == {"same": True, "empty": None, "city": "Oslo", "page": 1, "listed": True}


@needs_node
def test_contacts_are_kept_by_the_batch(seen: Seen):
    assert seen["batches"] == {
        "status": "COMPLETE", "changed": ["Rome", "Rome"], "news": [False, True], "read": ["Bern", "Bern", "Rome"],
        "errors": 1,
    }  # fmt: skip


@needs_node
def test_contacts_are_searched(seen: Seen):
    assert seen["search"]["total"] == 1


@needs_node
def test_a_mail_is_sent_once_for_its_send_id(seen: Seen):
    sent = seen["send"]
    assert (sent["requestedAt"], sent["same"], sent["status"]["sendResult"]) == (True, True, "SENT")


@needs_node
def test_an_smtp_token_is_kept_from_its_making_to_its_end(seen: Seen):
    assert seen["tokens"] == {
        "fields": ["campaignName", "createContact", "createdAt", "createdBy", "emailCampaignId", "id", "password"],
        "madeAt": True, "contacts": [True, False], "listed": [True, False], "ended": True, "campaign": [True],
        "hidden": True, "changed": True, "left": [True],
    }  # fmt: skip


@needs_node
def test_each_fault_has_its_code_and_a_text(seen: Seen):
    told = seen["faults"]
    assert {name: (fault["code"], fault["category"]) for name, fault in told.items()} == {
        "missing": (404, "OBJECT_NOT_FOUND"), "taken": (409, "CONFLICT"), "bad": (400, "VALIDATION_ERROR"),
        "unknown": (401, "INVALID_AUTHENTICATION"), "forbidden": (403, "MISSING_SCOPES"),
    }  # fmt: skip
    assert all(fault["told"] and fault["id"] for fault in told.values())


@needs_node
def test_every_method_was_called_but_those_that_are_to_come(seen: Seen):
    assert seen["notCalled"] == [
        "PromiseMarketingEmailsApi.createAbTestVariation", "PromiseMarketingEmailsApi.getAbTestVariation",
        "PromiseBasicApi.merge", "PromiseBasicApi.purge",
    ]  # fmt: skip


def test_the_lock_file_names_no_place_to_download_from():
    lock = (FOLDER / "package-lock.json").read_text()
    assert "://" not in lock
    assert lock.count('"integrity"') > 10

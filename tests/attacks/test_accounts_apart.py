"""A5, D7 on the way of SMTP: tokens, sends, labels and texts of one account are nothing to another."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx
import pytest

from tests.attacks.scene import ATTACKS, Firm, Scene, a_text, make_token, send_of
from tests.e2e.books import rows
from tests.e2e.submitters import SmtpToken

pytestmark = ATTACKS

CANARY = "wombat"
V3, V1 = "/marketing/v3/transactional/smtp-tokens", "/email/public/v1/smtpapi/tokens"
DATED = "/marketing/transactional/2026-03/smtp-tokens"


@pytest.fixture(scope="module")
def secret_send(scene: Scene) -> str:
    """A mail of the shop's with the canary in all that can be looked for; the id of its send."""
    fields = (f"X-Sendwright-Tags: {CANARY}", f'X-Sendwright-Metadata: {{"{CANARY}": "{CANARY}"}}',
              f"X-Sendwright-Send-Id: {CANARY}", "X-Sendwright-Retention: 30d")  # fmt: skip
    text = a_text(scene.shop.author, f"{CANARY}@example.org", *fields).replace(b"Your order", CANARY.encode())
    said = scene.submit(text, f"{CANARY}@example.org")
    assert said.startswith("250"), said
    scene.settle()
    return send_of(said)


def client(scene: Scene, firm: Firm) -> httpx.Client:
    return scene.program.client(firm.boot)


def test_the_owner_finds_what_the_others_look_for_in_vain(scene: Scene, secret_send: str):
    with client(scene, scene.shop) as own, client(scene, scene.rival) as other:
        for path in (f"/api/v1/sends?tag={CANARY}", f"/api/v1/sends?recipient={CANARY}@example.org", "/api/v1/sends",
                     f"/email/public/v1/events?recipient={CANARY}@example.org"):  # fmt: skip
            assert CANARY in own.get(path).text, path
            answer = other.get(path)
            assert answer.status_code == 200
            assert CANARY not in answer.text, path
        assert own.get(f"/api/v1/sends/{secret_send}").status_code == 200
        assert other.get(f"/api/v1/sends/{secret_send}").status_code == 404
        assert other.get(f"/crm/v3/objects/contacts/{CANARY}@example.org?idProperty=email").status_code == 404


def test_a_campaign_of_another_account_shows_nothing(scene: Scene, secret_send: str):
    """Their numbers count for each account alone: the same number names the rival's own campaign, if any."""
    with client(scene, scene.shop) as own, client(scene, scene.rival) as other:
        number = own.get(f"{V3}/{scene.shop.token.user}").json()["emailCampaignId"]
        found = other.get(f"{V3}?emailCampaignId={number}").json()["results"]
        assert [token["id"] for token in found] in ([scene.rival.token.user], [])
        assert CANARY in own.get(f"/email/public/v1/events?campaignId={number}").text
        assert CANARY not in other.get(f"/email/public/v1/events?campaignId={number}").text


def attempts_on(other: httpx.Client, user: str) -> list[httpx.Response]:
    """Every route that reads, resets or deletes a token, in all URL families, plain and in capitals."""
    answers = []
    for name in (user, user.upper()):
        for root in (V3, V1, DATED):
            token = f"{root}/{name}"
            answers += [other.get(token), other.post(f"{token}/password-reset"), other.delete(token)]
    return answers


def test_a_token_of_another_account_is_neither_read_nor_reset_nor_deleted(scene: Scene):
    with client(scene, scene.rival) as other:
        answers = attempts_on(other, scene.shop.token.user)
        assert {answer.status_code for answer in answers} == {404}
        for root in (V3, V1, DATED):
            assert scene.shop.token.user not in other.get(root).text
    with scene.customer(scene.shop) as line:  # its password is what it was
        assert line.say("NOOP").startswith("250")


@pytest.mark.parametrize("command", ["reset", "delete"])
def test_the_operators_commands_change_a_token_of_the_named_account_only(scene: Scene, command: str):
    words = ["tokens", command, scene.shop.token.user, "--account", str(scene.rival.boot.portal_id)]
    done = scene.program.command(*words, *(["--yes"] if command == "delete" else []))
    assert done.returncode != 0
    scene.customer(scene.shop).line.close()


def test_a_send_id_of_another_account_is_free(scene: Scene, secret_send: str):
    text = a_text(scene.rival.author, f"{CANARY}@example.org", f"X-Sendwright-Send-Id: {CANARY}")
    with scene.customer(scene.rival) as line:
        said = line.submit(text, scene.rival.author, f"{CANARY}@example.org")
    assert said.startswith("250"), said
    assert send_of(said) != secret_send
    scene.settle()


def test_large_texts_of_two_accounts_sent_at_once_arrive_as_they_were_written(scene: Scene):
    """Over 256 kB a text lies in pieces; each account's pieces come together in its own mail."""
    body = {firm.name: "\r\n".join([firm.name * 150] * 900) for firm in (scene.shop, scene.rival)}
    lines = {firm.name: scene.customer(firm) for firm in (scene.shop, scene.rival)}
    for firm in (scene.shop, scene.rival):
        assert lines[firm.name].envelope(firm.author, f"big-{firm.name}@example.org").startswith("354")
    for firm in (scene.shop, scene.rival):
        lines[firm.name].send(a_text(firm.author, f"big-{firm.name}@example.org", body=body[firm.name]), b".\r\n")
    assert {line.hear()[:3] for line in lines.values()} == {"250"}
    for line in lines.values():
        line.line.close()
    scene.settle()
    for firm in (scene.shop, scene.rival):
        arrived = scene.witness.message_to(f"big-{firm.name}@example.org").partition(b"\r\n\r\n")[2]
        assert digest(arrived) == digest(body[firm.name].encode() + b"\r\n")


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def test_every_row_of_a_submitted_mail_is_its_accounts_own(scene: Scene, secret_send: str):
    for table, key in (("sends", "id"), ("deliveries", "send_id"), ("attempts", "send_id"), ("payloads", "send_id")):
        found = rows(scene.program, f"SELECT DISTINCT account_id FROM {table} WHERE {key} = '{secret_send}'")
        assert [account for (account,) in found] in ([scene.shop.boot.portal_id], []), table


def logged_in(scene: Scene, token: SmtpToken) -> bool:
    with scene.stranger(source="127.95.0.1") as line:
        return line.log_in(token).startswith("235")


def test_a_reset_ends_the_open_session_of_that_token_and_of_no_other(scene: Scene):
    token = make_token(scene.program, scene.shop.boot, "Alerts")
    with scene.stranger() as line, scene.customer(scene.rival) as other, client(scene, scene.shop) as own:
        assert line.log_in(token).startswith("235")
        made: dict[str, Any] = own.post(f"{V3}/{token.user}/password-reset").json()
        assert line.say(f"MAIL FROM:<{scene.shop.author}>").startswith("535")
        assert line.hear() == ""
        assert other.say(f"MAIL FROM:<{scene.rival.author}>").startswith("250")
    assert not logged_in(scene, token)
    assert logged_in(scene, SmtpToken(user=token.user, password=made["password"]))


def test_no_password_is_shown_twice_or_kept_or_logged(scene: Scene):
    with client(scene, scene.shop) as own:
        listed = json.dumps([own.get(path).json() for path in (V3, V1, DATED, f"{V3}/{scene.shop.token.user}")])
    assert scene.shop.token.password not in listed + scene.program.stderr
    kept = b"".join(file.read_bytes() for file in scene.program.data.iterdir() if file.is_file())
    assert scene.shop.token.password.encode() not in kept

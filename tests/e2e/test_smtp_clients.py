"""Whatever people send with sends through the doors by changing host, port, user and password.

One running program; each client hands in the same mail. What arrives is taken apart by the standard library and checked
by a second implementation of DKIM.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.e2e import smtp_clients as clients
from tests.e2e.program import EXECUTABLE, until
from tests.e2e.smtp_clients import CLIENTS, Client
from tests.e2e.smtp_door import EVENTS, Arrived, Door, contact_of, opened, types_of
from tests.e2e.smtp_letter import FILE, FILE_NAME, HTML, INVITATION, LINK, LOGO, SENDER, SUBJECT, TEXT, letter

pytestmark = pytest.mark.xdist_group("smtp-clients")

SMTP_API = 22_709
NOTICES = 22_710


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("smtp")) as door:
        yield door


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def arrived(request: pytest.FixtureRequest, door: Door, tmp_path_factory: pytest.TempPathFactory) -> Arrived:
    """What arrived of the mail that this client sent."""
    client: Client = request.param
    if client.missing is not None:
        pytest.skip(client.missing)
    to = f"{client.name}@example.net"
    client.send(door, to, tmp_path_factory.mktemp(client.name))
    return door.arrived(to)


# --- intact


def test_the_headers_arrive_as_they_were_written(arrived: Arrived):
    mail = arrived.mail
    assert (mail["Subject"], mail["To"]) == (SUBJECT, arrived.send["to"])
    assert mail["From"].addresses[0].addr_spec == SENDER


def test_the_text_arrives_as_it_was_written(arrived: Arrived):
    assert arrived.body("plain") == TEXT.rstrip()


def test_the_html_arrives_as_it_was_written_but_for_links_and_a_pixel(arrived: Arrived):
    html = re.sub(r"<img[^>]*/t/o/[^>]*>", "", arrived.body("html"))
    (link,) = arrived.links
    assert html.replace(link, LINK.replace("&", "&amp;")) == HTML


def test_what_is_attached_arrives_to_the_octet(arrived: Arrived):
    parts = arrived.parts()
    assert parts[FILE_NAME] == FILE
    assert LOGO in parts.values()
    assert INVITATION.encode() in parts.values()


# --- ours


def test_the_link_leads_through_us_to_where_it_led(arrived: Arrived, door: Door):
    (link,) = arrived.links
    assert link.startswith(f"{door.program.url}/t/c/")
    answer = httpx.get(link)
    assert (answer.status_code, answer.headers["location"]) == (302, LINK)


def test_there_is_one_pixel_and_it_is_a_picture(arrived: Arrived, door: Door):
    (pixel,) = arrived.pixels
    assert pixel.startswith(f"{door.program.url}/t/o/")
    answer = httpx.get(pixel)
    assert answer.headers["content-type"].startswith("image/")


def test_both_signatures_hold(arrived: Arrived, door: Door):
    assert door.signatures_hold(arrived.raw) == [True, True]


def test_its_events_are_those_of_the_smtp_api_and_of_the_campaign(arrived: Arrived, door: Door):
    about = {(event["appId"], str(event["emailCampaignId"])) for event in arrived.events}
    assert about == {(SMTP_API, door.campaign_id)}
    assert {"PROCESSED", "SENT", "DELIVERED"} <= types_of(arrived.events)


def test_the_header_names_the_send_as_its_events_do(arrived: Arrived):
    assert {event["hmid"] for event in arrived.events if "hmid" in event} == {arrived.mail["X-Sendwright-MID"]}


def test_the_mail_is_on_the_timeline_of_a_contact(arrived: Arrived, door: Door):
    contact = contact_of(door, arrived.send["to"])
    assert contact is not None
    assert contact["id"] == arrived.send["contactId"]


# --- one client, its own ways


def test_a_pool_of_nodemailer_sends_many_over_few_connections(door: Door, tmp_path: Path):
    client = CLIENTS[-1]
    if client.missing is not None:
        pytest.skip(client.missing)
    to = [f"pool{number}@example.net" for number in range(6)]
    clients.nodemailer_pooled(door, to, tmp_path)
    assert [door.arrived(address).send["sendResult"] for address in to] == ["SENT"] * 6


def test_an_international_address_goes_by_smtputf8(door: Door):
    mail = letter("Zoë <zoë@example.net>")
    with smtplib.SMTP_SSL(door.host, door.tls, context=clients.trusting(door)) as client:
        client.login(door.user, door.password)
        assert client.send_message(mail) == {}
    arrived = door.arrived("zoë@example.net")
    assert "To: Zoë <zoë@example.net>\r\n".encode() in arrived.raw
    (attempt,) = door.get(f"/api/v1/sends/{arrived.send['id']}")["attempts"]
    assert any("SMTPUTF8" in line["text"] for line in attempt["dialogue"] if line["text"].startswith("MAIL FROM"))


def test_eight_bit_text_stays_eight_bit_text(door: Door):
    text = "From: shop@example.com\r\nTo: eight@example.net\r\nSubject: eight\r\nMIME-Version: 1.0\r\n"
    text += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nZoë\r\n"
    with logged_in(door) as client:
        assert client.sendmail(SENDER, ["eight@example.net"], text.encode(), ["BODY=8BITMIME"]) == {}
    assert door.arrived("eight@example.net").raw.endswith("\r\n\r\nZoë\r\n".encode())


def test_a_sender_who_asks_is_told_by_mail_that_a_recipient_bounced(door: Door):
    with logged_in(door) as client:
        client.mail("returns@example.com", ["RET=HDRS", "ENVID=order-4711"])
        client.rcpt("bounce+asked@sandbox.test", ["NOTIFY=FAILURE", "ORCPT=rfc822;Bounce@example.net"])
        assert client.data(letter("bounce+asked@sandbox.test").as_bytes())[0] == 250
    notice = door.arrived("returns@example.com")
    assert notice.mail.get_content_type() == "multipart/report"
    assert b"Original-Envelope-Id: order-4711" in notice.raw
    assert {event["appId"] for event in notice.events} == {NOTICES}


def test_who_asks_for_nothing_gets_no_notice(door: Door):
    with logged_in(door) as client:
        client.sendmail("silent@example.com", ["bounce+silent@sandbox.test"], letter("x@example.net").as_bytes())
    until(lambda: "BOUNCE" in types_of(door.get(EVENTS, recipient="bounce+silent@sandbox.test")["events"]))
    assert door.get("/api/v1/sends", recipient="silent@example.com")["results"] == []


def test_only_people_in_to_are_tracked_and_nobody_learns_who_is_in_bcc(door: Door):
    people = [f"{part}@example.net" for part in ("to", "cc", "bcc")]
    with logged_in(door) as client:
        client.sendmail(SENDER, people, letter(people[0], Cc=people[1], Bcc=people[2]).as_bytes())
    to, cc, bcc = (door.arrived(person) for person in people)
    assert [len(copy.pixels) for copy in (to, cc, bcc)] == [1, 0, 0]
    assert [copy.links == [LINK] for copy in (to, cc, bcc)] == [False, True, True]
    assert [copy.send["contactId"] is None for copy in (to, cc, bcc)] == [False, True, True]
    assert all(b"bcc@example.net" not in copy.raw for copy in (to, cc, bcc))


def test_a_client_that_cannot_log_in_is_told_so_and_does_no_harm(door: Door):
    """smtp-source knows neither TLS nor AUTH: five sessions at once, twenty mails."""
    if (reason := clients.missing("smtp-source", "postfix")) is not None:
        pytest.skip(reason)
    words = ["smtp-source", "-c", "-s", "5", "-m", "20", "-f", SENDER, "-t", "flood@example.net"]
    done = clients.finished([*words, f"{door.host}:{door.starttls}"])
    assert b"530 5.7.0" in done.stdout + done.stderr
    with logged_in(door) as client:
        assert client.noop()[0] == 250


# --- what sendwright tokens create prints


@pytest.fixture(scope="module", params=["submission", "submissions"])
def printed(request: pytest.FixtureRequest, door: Door) -> dict[str, str]:
    """The blocks by the first word of their titles, where this door is the one that is open."""
    words = [str(EXECUTABLE), "tokens", "create", "--campaign", "Printed", "--data", str(door.program.data)]
    done = clients.run(words, more={f"SENDWRIGHT_{request.param.upper()}": door.program.ready[request.param]})
    blocks = re.findall(r"^# ([A-Za-z]+).*\n((?:.+\n|\n(?!#))+)", done.stdout.decode(), re.MULTILINE)
    return {title: text.strip() + "\n" for title, text in blocks}


@pytest.mark.parametrize("name", sorted(clients.PASTED))
def test_what_is_printed_for_a_client_sends_as_it_stands(
    name: str, printed: dict[str, str], door: Door, tmp_path: Path
):
    paste = clients.PASTED[name]
    if paste.missing is not None:
        pytest.skip(paste.missing)
    to = f"{tmp_path.name.replace('_', '.')}@example.net"
    text = {title: block.replace("you@example.com", to) for title, block in printed.items()}
    paste.send(text, to, tmp_path)
    assert door.arrived(to).send["sendResult"] == "SENT"


# --- what a mail asks for in its own header


def test_labels_are_shown_with_the_send_and_leave_the_mail(door: Door):
    arrived = sent(
        door, "labels@example.net", X_Sendwright_Tags="welcome, de", X_Sendwright_Metadata='{"order": "4711"}'
    )
    assert (arrived.send["tags"], arrived.send["metadata"]) == (["welcome", "de"], {"order": "4711"})
    assert [name for name in arrived.mail.keys() if name.lower().startswith("x-sendwright-")] == ["X-Sendwright-MID"]  # noqa: SIM118


def test_sends_are_found_by_their_tag(door: Door):
    arrived = sent(door, "tagged@example.net", X_Sendwright_Tags="found-by-its-tag")
    (found,) = door.get("/api/v1/sends", tag="found-by-its-tag")["results"]
    assert found["id"] == arrived.send["id"]


def test_tracking_can_be_turned_off_for_a_mail(door: Door):
    arrived = sent(door, "off@example.net", X_Sendwright_Track_Opens="no", X_Sendwright_Track_Clicks="no")
    assert (arrived.links, arrived.pixels) == ([LINK], [])


def test_a_repeated_send_id_mails_once(door: Door):
    for _ in range(2):
        sent(door, "once@example.net", X_Sendwright_Send_Id="order-4711-receipt")
    assert len(door.get("/api/v1/sandbox", recipient="once@example.net")["results"]) == 1


def test_a_mail_that_is_to_be_kept_can_be_had_again(door: Door):
    arrived = sent(door, "kept@example.net", X_Sendwright_Retention="2d")
    done = door.program.command("sends", "content", arrived.send["id"])
    assert done.returncode == 0, done.stderr
    assert "X-Sendwright-Retention: 2d" in done.stdout
    assert "/t/c/" not in done.stdout.replace("=\n", "")  # as it came


# --- helpers


def logged_in(door: Door) -> smtplib.SMTP_SSL:
    client = smtplib.SMTP_SSL(door.host, door.tls, context=clients.trusting(door))
    client.login(door.user, door.password)
    return client


def sent(door: Door, to: str, **headers: str) -> Arrived:
    mail: EmailMessage = letter(to, **headers)
    with logged_in(door) as client:
        client.send_message(mail)
    return door.arrived(to)

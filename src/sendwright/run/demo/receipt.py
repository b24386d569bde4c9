"""What a customer does with HubSpot's own Python client: publish a receipt, send it, ask what became of it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import dkim  # type: ignore[import-untyped]
from hubspot import HubSpot  # type: ignore[import-untyped]
from hubspot.marketing.emails import (  # type: ignore[import-untyped]
    EmailCreateRequest,
    PublicEmailContent,
    PublicEmailFromDetails,
)
from hubspot.marketing.transactional import (  # type: ignore[import-untyped]
    PublicSingleSendEmail,
    PublicSingleSendRequestEgg,
    SmtpApiTokenRequestEgg,
)
from urllib3.exceptions import HTTPError

from sendwright.run.demo.house import CannotShow, Submitter

_SEND_SECONDS = 30.0
_POLL_SECONDS = 0.05
_PREVIEW = "Thank you! {{ custom.lines|length }} things are on their way to you."

ORDER: Final = {
    "order_no": "10482",
    "ordered_on": "22 November",
    "lines": [
        {"name": "Green tea, Sencha", "note": "100 g, first harvest", "quantity": 2, "price": 8.90},
        {"name": "Tea pot", "note": "Cast iron, 0.8 litres", "quantity": 1, "price": 46.00},
        {"name": "Cups", "note": "Set of four, white", "quantity": 1, "price": 19.50},
        {"name": "Gift wrap", "note": "With a card: “To Grace & Alan”", "quantity": 1, "price": 2.40},
    ],
    "shipping": 4.90,
    "total": 90.60,
}
"""The ``customProperties`` that the receipt reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What became of the send, as the API tells it; the subject and the signature are those of the received mail."""

    status: str
    send: dict[str, Any]
    subject: str
    dkim: str


def template() -> tuple[str, str]:
    """The receipt's HTML, and a hash by which a newer one is known."""
    html = files("sendwright.run.demo").joinpath("receipt.html").read_text("utf-8")
    return html, hashlib.sha256((html + _PREVIEW).encode()).hexdigest()


class Customer:
    """Somebody with a script for HubSpot. Every fault comes out as :class:`CannotShow`."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._client = HubSpot(access_token=token, host=url, base_url=url)  # the one line that a script changes

    def publish(self, html: str) -> int:
        """A new e-mail for single sends, published; its id."""
        emails = self._client.marketing.emails.marketing_emails_api
        request = EmailCreateRequest(
            name="Receipt",
            subject="Your order {{ custom.order_no }}",
            _from=PublicEmailFromDetails(from_name="Example Shop", reply_to="shop@example.com"),
            content=PublicEmailContent(
                widgets={
                    "hs_email_body": {"body": {"html": html}},
                    "preview_text": {"body": {"value": _PREVIEW}},
                }
            ),
            subcategory="single_send_api",
        )
        made = self._call(emails.create, request)
        self._call(emails.publish_or_send, made.id)
        return int(made.id)

    def submitter(self, kept: Submitter | None) -> Submitter:
        """The SMTP token of an earlier run, if it is still there, or a new one."""
        tokens = self._client.marketing.transactional.public_smtp_tokens_api
        known = self._call(tokens.get_tokens_page).results
        if kept is not None and kept.user in [token.id for token in known]:
            return kept
        request = SmtpApiTokenRequestEgg(campaign_name="Demo", create_contact=True)
        made = self._call(tokens.create_token, request)
        return Submitter(user=made.id, password=made.password)

    def send(self, email_id: int, to: str) -> str:
        """Asks for the mail; the status id."""
        request = PublicSingleSendRequestEgg(
            email_id=email_id,
            message=PublicSingleSendEmail(to=to),
            contact_properties={"firstname": "Ada", "lastname": "Example"},
            custom_properties=ORDER,
        )
        return str(self._call(self._client.marketing.transactional.single_send_api.send_email, request).status_id)

    def follow(self, status_id: str) -> Shown:
        """Waits until the status is final, then asks for everything."""
        status = self._follow_status(status_id)
        received = self._get(f"/api/v1/sandbox?sendId={status_id}")["results"]
        if not received:
            raise CannotShow(f"nothing was received: {status.get('message') or status['status']}")
        return Shown(
            status=f"{status['status']}/{status['sendResult']}",
            send=self._get(f"/api/v1/sends/{status_id}"),
            subject=received[0]["subject"],
            dkim=self._check_signature(received[0]["id"]),
        )

    def _follow_status(self, status_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + _SEND_SECONDS
        while True:
            status: dict[str, Any] = self._get(f"/marketing/v3/email/send-statuses/{status_id}")
            if status["status"] == "COMPLETE" or time.monotonic() > deadline:
                return status
            time.sleep(_POLL_SECONDS)

    def _check_signature(self, mail_id: str) -> str:
        """Asks a second implementation whether the received mail is what was signed."""
        raw = self._answer(f"/api/v1/sandbox/{mail_id}/raw").content
        wanted = [record for domain in self._get("/api/v1/domains")["results"] for record in domain["records"]]
        records = {record["name"].rstrip("."): record["value"] for record in wanted}

        def look_up(name: bytes, timeout: float = 5) -> bytes:  # the DNS of example.com has no such record
            return str(records.get(name.decode().rstrip("."), "")).encode()

        return "the signature holds, says dkimpy" if dkim.verify(raw, dnsfunc=look_up) else "the signature is BROKEN"

    def _get(self, path: str) -> Any:
        return self._answer(path).json()

    def _answer(self, path: str) -> Any:
        answer = self._call(self._client.api_request, {"path": path})
        if answer.status_code != 200:
            raise CannotShow(f"{path} was answered with {answer.status_code}: {answer.text[:300]}")
        return answer

    def _call(self, ask: Any, *given: Any) -> Any:
        """HubSpot's client has an exception class of its own for each of its APIs; all carry status and body."""
        try:
            return ask(*given)
        except (OSError, HTTPError) as fault:
            raise CannotShow(f"the server at {self._url} does not answer: {type(fault).__name__}") from fault
        except Exception as fault:
            if not hasattr(fault, "status"):
                raise
            advice = "; delete the demo's folder and run it again" if fault.status == 401 else ""
            raise CannotShow(f"the server said {fault.status}: {getattr(fault, 'body', fault)}{advice}") from fault

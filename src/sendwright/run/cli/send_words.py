"""A send as text. As JSON it is in ``send_documents``, for the command line and the API alike."""

from __future__ import annotations

from collections.abc import Iterator

from sendwright import ledger, send_documents, views
from sendwright.run.cli.common import WHO, clean

_WAITING = (ledger.DeliveryState.WAITING, ledger.DeliveryState.IN_DOUBT)


def send_row(send: ledger.Send) -> tuple[str, ...]:
    """A line of the list."""
    return (
        send.id, f"{send.requested_at:%Y-%m-%d %H:%M:%S}", ledger.status_of(send.state, send.result),
        send.result or "", send.recipient, send.subject or "",
    )  # fmt: skip


def page_lines(page: views.SendPage) -> Iterator[str]:
    """Everything about a send, to read."""
    send = page.send
    status = ledger.status_of(send.state, send.result)
    yield f"{status}{f' / {send.result}' if send.result else ''}"
    yield clean(send_documents.sentence(send))
    yield ""
    yield f"  To         {clean(send.recipient)}"
    yield f"  From       {clean(send.sender or '')}"
    yield f"  Subject    {clean(send.subject or '')}"
    yield f"  Requested  {send.requested_at:%Y-%m-%d %H:%M:%S} UTC"
    yield from _label_lines(send.labels)
    for delivery in page.deliveries:
        yield from _delivery_lines(delivery)
    for attempt in page.attempts:
        yield ""
        yield f"Attempt {attempt.number} to {clean(attempt.recipient)}: {attempt.outcome}"
        yield f"  {clean(attempt.explanation)}"
        for at, who, text in attempt.dialogue:
            yield f"  {at:>6} ms {WHO.get(who, who):<4} {clean(text)}"
    if page.events:
        yield ""
        yield "Events"
        for event in page.events:
            yield f"  {event.created:%H:%M:%S.%f}"[:-3] + f"  {event.type:<10} {clean(event.recipient)}"


def _delivery_lines(delivery: ledger.DeliveryView) -> Iterator[str]:
    if delivery.part is not ledger.Part.TO:
        yield f"  {delivery.part.capitalize():<10} {clean(delivery.recipient)}: {delivery.state}"
    if delivery.egress:
        yield f"  Leaves by  {clean(delivery.egress)}"
    if delivery.due is not None and delivery.state in _WAITING:
        yield f"  Next try   {delivery.due:%Y-%m-%d %H:%M:%S} UTC"
    if delivery.state is ledger.DeliveryState.HELD:
        yield f"  Waits      {clean(delivery.explanation or '')}"


def _label_lines(labels: ledger.Labels | None) -> Iterator[str]:
    if labels is not None and labels.tags:
        yield f"  Tags       {clean(', '.join(labels.tags))}"
    for name, value in labels.metadata.items() if labels is not None else ():
        yield f"  Metadata   {clean(name)}: {clean(value)}"

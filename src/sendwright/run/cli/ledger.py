"""``sendwright verify-ledger``: whether the books balance."""

from __future__ import annotations

import typer

from sendwright import database, ledger
from sendwright.run.cli.common import AsJson, Data, DatabaseUrl, settings_for, show_json, with_store


def verify_ledger(data: Data = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Check that no accepted mail is missing. Works on a running system; exit code 2 when the books do not balance."""

    async def work(db: database.Database, seal: database.Seal) -> list[ledger.Balance]:
        return await db.read(ledger.verify)

    books = with_store(settings_for(data, database_url), work)
    balanced = not any(book.faults for book in books)
    if as_json:
        show_json({"balanced": balanced, "accounts": [_document(book) for book in books]})
    else:
        for book in books:
            _show(book)
        print("The books balance." if balanced else "The books do NOT balance.")
    if not balanced:
        raise typer.Exit(2)


def _document(book: ledger.Balance) -> dict[str, object]:
    return {
        "account": book.account_id,
        "accepted": book.accepted,
        "sends": {state.value: count for state, count in book.sends.items()},
        "dropped": dict(book.dropped),
        "deliveries": {state.value: count for state, count in book.deliveries.items()},
        "faults": list(book.faults),
    }


def _show(book: ledger.Balance) -> None:
    print(f"Account {book.account_id}: {book.accepted} accepted")
    for title, counts in (("sends", book.sends), ("dropped", book.dropped), ("deliveries", book.deliveries)):
        listed = ", ".join(f"{count} {name}" for name, count in counts.items())
        print(f"  {title}: {listed or 'none'}")
    for fault in book.faults:
        print(f"  FAULT: {fault}")

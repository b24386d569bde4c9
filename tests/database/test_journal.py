"""The journal: what is in it survives, what is torn is no record, and who is gone leaves it to others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sendwright.database import Journal, kept_until_recorded, left_behind
from sendwright.database.journal import framed, records_in

FORMAT = b"sendwright outcomes 1\n"


def found(folder: Path) -> list[tuple[bytes, ...]]:
    with left_behind(folder) as left:
        return [each.records for each in left]


def test_a_journal_that_was_never_needed_makes_no_file(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_wrote_is_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "folder")
    journal.append(b"one")
    journal.append(b"two")
    journal.close()
    assert found(tmp_path / "new" / "folder") == [(b"one", b"two")]


def test_the_journal_of_a_living_process_is_not_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    assert found(tmp_path) == []
    journal.close()


def test_what_was_forgotten_is_not_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    journal.forget_one()
    journal.append(b"two")
    journal.close()
    assert found(tmp_path) == [(b"two",)]


def test_a_journal_whose_records_are_all_forgotten_is_removed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    journal.forget_one()
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_was_replayed_is_erased(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    journal.close()
    with left_behind(tmp_path) as left:
        left[0].erase()
    assert found(tmp_path) == []


def test_two_starts_at_once_do_not_both_find_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    journal.close()
    with left_behind(tmp_path) as mine:
        assert len(mine) == 1
        assert found(tmp_path) == []


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        Journal(tmp_path / "file").append(b"one")


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_end_hides_no_whole_record(cut: int) -> None:
    whole = FORMAT + framed(b"first") + framed(b"last")
    assert list(records_in(whole[:-cut])) == [b"first"]


def test_a_record_whose_octets_changed_is_none() -> None:
    whole = FORMAT + framed(b"first") + framed(b"last").replace(b"last", b"lost")
    assert list(records_in(whole)) == [b"first"]


def test_a_length_beyond_reason_is_torn() -> None:
    assert list(records_in(FORMAT + b"\xff" * 40)) == []


@pytest.mark.parametrize("content", [b"", b"sendwright outcomes 2\n" + framed(b"one"), FORMAT[:5]])
def test_a_file_of_another_format_has_no_records(content: bytes) -> None:
    assert list(records_in(content)) == []


# --- kept until recorded

pytestmark: list[pytest.MarkDecorator] = []
anyio = pytest.mark.anyio


def nobody() -> None:
    return


@anyio
async def test_what_is_recorded_at_once_is_never_in_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    async with kept_until_recorded(journal, lambda: b"one", nobody):
        pass
    journal.close()
    assert found(tmp_path) == []


@anyio
async def test_what_is_recorded_at_last_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    async with kept_until_recorded(journal, lambda: b"one", nobody) as keep:
        await keep()
        await keep()
    journal.close()
    assert found(tmp_path) == []


@anyio
async def test_what_a_process_that_ends_could_not_record_is_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0), kept_until_recorded(journal, lambda: b"one", nobody):
            await asyncio.Event().wait()
    journal.close()
    assert found(tmp_path) == [(b"one",)]


@anyio
async def test_what_takes_long_is_kept_meanwhile_and_told(tmp_path: Path) -> None:
    journal, told = Journal(tmp_path), asyncio.Event()
    written = asyncio.Event()

    def record() -> bytes:
        loop.call_soon_threadsafe(written.set)
        return b"one"

    loop = asyncio.get_running_loop()
    async with kept_until_recorded(journal, record, told.set, patience=0):
        await written.wait()
    assert told.is_set()
    journal.close()
    assert found(tmp_path) == []


@anyio
async def test_without_a_journal_nothing_is_kept(tmp_path: Path) -> None:
    async with kept_until_recorded(None, lambda: b"one", nobody) as keep:
        await keep()


@anyio
async def test_a_journal_without_room_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    async with kept_until_recorded(Journal(tmp_path / "file"), lambda: b"one", nobody) as keep:
        await keep()

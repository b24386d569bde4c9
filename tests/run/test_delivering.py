"""The delivery role, put together from its settings."""

from pathlib import Path

import pytest

from sendwright import outbound
from sendwright.run.delivering import _own_addresses, _providers
from sendwright.run.settings import BadSettings, Settings

MINE = "[[provider]]\nname = 'Mine'\nexchangers = ['mx.example.net']\n"


def test_without_a_file_the_shipped_provider_table_holds():
    assert _providers(None) == outbound.shipped()


def test_the_operators_table_comes_before_the_shipped_one(tmp_path: Path):
    file = tmp_path / "providers.toml"
    file.write_text(MINE)
    assert [known.manners.name for known in _providers(file).known[:2]] == ["Mine", "Google"]


@pytest.mark.parametrize("text", ["[[provider]]\nname = 3\n", None])
def test_a_table_that_cannot_be_used_ends_the_start_with_a_sentence(tmp_path: Path, text: str | None):
    file = tmp_path / "providers.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadSettings, match=r"cannot use the provider table .*providers\.toml: "):
        _providers(file)


def test_no_mail_is_sent_to_our_own_doors_in_the_world():
    settings = Settings(submission="8.8.8.8:587,127.0.0.1:25,localhost:26", inbound="[2606:4700::1]:25")  # type: ignore[arg-type]
    assert _own_addresses(settings) == ["8.8.8.8", "2606:4700::1"]

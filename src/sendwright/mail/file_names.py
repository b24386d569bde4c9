"""Names of strangers' files, made fit to show and to save under (attack C4)."""

import re
from typing import Final

_MAX_READ: Final = 1_000
_MAX_STEM: Final = 150  # octets: with the extension below the 255 of common file systems
_MAX_EXTENSION: Final = 12

_RESERVED: Final = re.compile(r'[<>:"|?*]')
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:[ .].*)?", re.IGNORECASE)


def safe_file_name(name: str, fallback: str) -> str:
    """A name without path, control, invisible or turning characters, no Windows device, at most 220 octets."""
    base = name[-_MAX_READ:].replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in base if character.isprintable())
    tidy = _RESERVED.sub("_", printable).strip(" .") or fallback
    stem, dot, extension = tidy.rpartition(".")
    if not stem or len(extension) > _MAX_EXTENSION:
        stem, dot, extension = tidy, "", ""
    short = stem.encode()[:_MAX_STEM].decode("utf-8", "ignore").rstrip(" .") + dot + extension
    return f"_{short}" if _DEVICE.fullmatch(short) else short

"""An evidence pack as a PDF page or two, for people; set by typst (``page.typ``) from the signed JSON itself.

Invariants: values reach the page as data, never as markup, so nothing a click carries can change it; the fonts of
the wheel come first, so it looks the same everywhere, and the machine's own are for scripts that those lack; a
letter that none has is shown by its code point and never left out; the digest on it is that of the JSON.
"""

from __future__ import annotations

import threading
from datetime import datetime
from importlib.resources import files
from typing import Any

import msgspec

_ONE_AT_A_TIME = threading.Lock()
"""Setting a page takes 50 ms and all of a core."""


def page(pack: bytes) -> bytes:
    """Return a pack as PDF.

    Args:
        pack: As it was signed.

    """
    import typst

    made_at = datetime.fromisoformat(msgspec.json.decode(pack)["evidence"]["made_at"]).replace(microsecond=0)
    options: dict[str, Any] = {"sys_inputs": {"pack": pack.decode()}}
    with _ONE_AT_A_TIME:
        made: bytes = typst.compile(
            files(__package__).joinpath("page.typ").read_bytes(), timestamp=made_at, **options
        )
    return made

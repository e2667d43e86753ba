r"""Bytes as text anybody can read: what isn't UTF-8, and control characters where asked, as ``\xNN``."""

from __future__ import annotations

import codecs
from functools import partial
from typing import Final

CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127) if chr(code) not in "\t\r\n"}
"""Characters no reader of tables wants to meet; JSON has its own way to write them."""

AS_TEXT: Final = "clickledger_text"
AS_JSON: Final = "clickledger_json"
"""Names of error handlers: a JSON text writes a backslash twice."""


def readable(raw: bytes) -> str:
    """Return bytes as text without control characters."""
    return raw.decode("utf-8", AS_TEXT).translate(CONTROL)


def _escape(backslash: str, error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(f"{backslash}x{byte:02x}" for byte in wrong), error.end


codecs.register_error(AS_TEXT, partial(_escape, "\\"))
codecs.register_error(AS_JSON, partial(_escape, "\\\\"))

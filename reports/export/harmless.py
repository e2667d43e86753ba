"""Texts that a spreadsheet would run as a formula, made harmless: an apostrophe goes before the formula.

A program that opens a CSV file may take a cell for a formula when it begins with ``=``, ``+``, ``-`` or ``@``
(or their full-width forms), or with a tab, CR or LF. It may also cut cells at another separator than ours, or
at a quote, so places after those count as beginnings too; spaces in between change nothing.

Invariants: only texts are touched, and only by adding apostrophes; a text that is nothing but a number, such
as ``-5.25``, stays as it is; numbers never come here. The patterns mean the same to RE2 in the event store and
to Python, so both make the same of every text.
"""

from __future__ import annotations

import re
from typing import Final

_BEGINNING = r'(^[\t\r\n ]*|[,;|\t\r\n"] *)'
_FORMULA = r"([=+\-@＝＋－＠])"  # noqa: RUF001 - the full-width forms are meant
_BLANK = r"^[\t\r\n]"

_PATTERNS: Final[dict[str, str]] = {
    "cell_formula": _BEGINNING + _FORMULA,
    "cell_formula_guarded": r"\1'\2",
    "cell_blank": _BLANK,
    "cell_blank_guarded": r"'\0",
    "cell_risky": f"{_BEGINNING}{_FORMULA}|{_BLANK}",
    "cell_number": r"^[+\-]?[0-9]+(\.[0-9]+)?\z",
}
PARAMETERS: Final[dict[str, str]] = dict(_PATTERNS)
"""The patterns by the placeholder under which they reach a statement."""

_formula = re.compile(_PATTERNS["cell_formula"])
_blank = re.compile(_BLANK)
_risky = re.compile(_PATTERNS["cell_risky"])
_number = re.compile(r"[+\-]?[0-9]+(\.[0-9]+)?")


def harmless(text: str) -> str:
    """Return a text as it may stand in a spreadsheet's cell."""
    if _risky.search(text) is None or _number.fullmatch(text):
        return text
    guarded = _formula.sub(r"\1'\2", text)
    return f"'{guarded}" if _blank.match(guarded) else guarded


def harmless_sql(expression: str) -> str:
    """Return the expression that does the same in the event store; it names ``PARAMETERS``."""
    guarded = f"replaceRegexpAll({expression}, {{cell_formula:String}}, {{cell_formula_guarded:String}})"
    return (
        f"if(match({expression}, {{cell_risky:String}}) AND NOT match({expression}, {{cell_number:String}}), "
        f"replaceRegexpOne({guarded}, {{cell_blank:String}}, {{cell_blank_guarded:String}}), {expression})"
    )

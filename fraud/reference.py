"""The page that explains every fraud reason, written from the table; CI checks that it is current."""

from __future__ import annotations

from fraud.reasons import REASONS, Reason
from fraud.rules import RULES_VERSION

PAGE = "docs/fraud-reasons.md"

_HEAD = f"""# Fraud reasons

Written by `fraud/reference.py` from `fraud/reasons.py`; change it there.

Every click is stored with a verdict, a score from 0 to 100 and the reasons for them, the most severe
first. Nothing is dropped. This page describes rule set `{RULES_VERSION}`, which is stored with each
verdict as `rules_version`.

| verdict | when |
|---|---|
| `invalid` | a general reason (GIVT), or two sophisticated reasons (SIVT) of different kinds |
| `suspect` | one sophisticated reason |
| `duplicate` | nothing but `duplicate_click` |
| `valid` | no reason that counts |

The score is `100 · (1 - Π(1 - severity/100))` over the reasons that count. A reason with severity 0 is
recorded for your information and never changes a verdict.

| reason | category | looks at | severity | what happened |
|---|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """Return the generated pages: path in the repository -> text."""
    rows = "".join(
        f"| [`{reason.code}`](#{reason.code}) | {reason.category} | {reason.kind} | {reason.severity} "
        f"| {reason.sentence} |\n"
        for reason in REASONS.values()
    )
    return {PAGE: _HEAD + rows + "".join(map(_section, REASONS.values()))}


def _section(reason: Reason) -> str:
    return f"\n## {reason.code}\n\n{reason.sentence} {reason.help}\n"

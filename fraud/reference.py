"""The page that explains every fraud reason and rule, written from the tables; CI checks that it is current."""

from __future__ import annotations

from typing import Any

from fraud.reasons import REASONS, Reason
from fraud.rules import RULES_VERSION
from fraud.rules.catalogue import RULES, SCORE, RuleSpec

PAGE = "docs/fraud-reasons.md"

_HEAD = f"""# Fraud reasons

Written by `fraud/reference.py` from `fraud/reasons/` and `fraud/rules/`; change it there.

Every click, impression and conversion is stored with a verdict, a score from 0 to 100 and the reasons for them,
the most severe first. Nothing is dropped. This page describes rule set `{RULES_VERSION}`, which is stored with
each verdict as `rules_version`; settings of your own add a short hash of them, as in `{RULES_VERSION}+25a86e3c`.

| verdict | when |
|---|---|
| `invalid` | a general reason (GIVT), or two sophisticated reasons (SIVT) that look at different things |
| `suspect` | one sophisticated reason |
| `duplicate` | nothing but `duplicate_click` |
| `valid` | no reason that counts |

Reasons with one cause look at the same thing, so that they never corroborate each other: who uses a VPN has both
another address and another time zone. What the model finds corroborates nothing, as it is made of the same facts.

The score of the reasons is `100 · (1 - Π(1 - severity/100))` over those that count, the most severe of each kind
standing for it; `fraud_score` is the larger of
that and `model_score`, the click's percentile among those the model was trained on. A reason that does not count
is recorded for your information and never changes a verdict, unless its rule's `counts` is set.

`fraud_facts` keeps the numbers behind each reason (`count=72 window=minute usual=1`), from which the sentences
that people read are made: "72 clicks from this address in one minute, usually 1."

## Where a rule is set

For the whole network, for an offer, for a partner, or for a partner on an offer; each place changes only what it
names, and the nearest one has the last word. A setting that can't work is refused when it is saved. Every rule has
`enabled`, and an action:

| action | what follows |
|---|---|
| `mark` | nothing but the reason (the default) |
| `hold` | conversions of the click wait for somebody |
| `reject` | conversions of the click are rejected |
| `fallback` | the visitor is sent to the fallback; only for what the request itself shows |
| `block` | source, sub1, partner, prefix or address (`block`) is blocked for `block_minutes` |

What counts are made over: the trailing minute or hour of each click, itself included, self-tests and impressions
left out; several hosts share their counts through Redis, and each goes on with its own while Redis is away.

| reason | category | looks at | severity | what happened |
|---|---|---|---|---|
"""

_SCORE = """
## score

Not a reason: what follows from the `fraud_score` of a suspect or invalid event, whatever it is made of, once an
action is set. Of valid traffic, too, a tenth has a `model_score` of 90 and more, so that nothing follows there.
"""


def pages() -> dict[str, str]:
    """Return the generated pages: path in the repository -> text."""
    rows = "".join(
        f"| [`{reason.code}`](#{reason.code}) | {reason.category} | {reason.kind} | {reason.severity} "
        f"| {reason.sentence} |\n"
        for reason in REASONS.values()
    )
    score = _SCORE + _rule(RULES[SCORE])
    return {PAGE: _HEAD + rows + "".join(map(_section, REASONS.values())) + score}


def _section(reason: Reason) -> str:
    told = f"\n\nWith its numbers: {_filled(reason.template)}" if reason.template else ""
    aside = "" if reason.counts else " It does not count by default."
    return f"\n## {reason.code}\n\n{reason.sentence} {reason.help}{aside}{told}\n{_rule(RULES[reason.code])}"


def _rule(spec: RuleSpec) -> str:
    rows = "".join(
        f"| `{name}` | {_value(field.default)} | {_bounds(field.metadata)} | {field.description} |\n"
        for name, field in spec.settings.model_fields.items()
    )
    actions = ", ".join(f"`{action}`" for action in spec.actions)
    return f"\n| setting | default | bounds | what |\n|---|---|---|---|\n{rows}\nActions: {actions}.\n"


def _filled(template: str) -> str:
    """Return a template with its names as a reader of Markdown sees them."""
    return f"`{template}`"


def _value(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value}"


def _bounds(metadata: list[Any]) -> str:
    low = next((bound.ge for bound in metadata if hasattr(bound, "ge")), None)
    high = next((bound.le for bound in metadata if hasattr(bound, "le")), None)
    return "" if low is None else f"{low} to {high}"

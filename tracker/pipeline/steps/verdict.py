"""From what is known of a click to its reasons, and from its reasons to its verdict."""

from __future__ import annotations

from collections.abc import Mapping

from fraud import ACCEPTED, RuleSet, Traffic, judge
from tracker.pipeline.batch import ClickBatch, Distinct

_PURPOSE_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""How browsers have announced a prefetch over the years; Sec-Purpose is the standard one."""

_COLUMNS = ("verdict", "fraud_reasons", "fraud_category", "fraud_score")


def find_reasons(batch: ClickBatch, rules: RuleSet) -> None:
    """Collect the fraud reasons that a click shows by itself."""
    batch.reasons = rules.examine(
        Traffic(
            agents=batch.agents,
            methods=[click.method for click in batch.clicks],
            purposes=[_purpose(click.headers) if click.headers else "" for click in batch.clicks],
            is_datacenter=batch.is_datacenter,
            is_proxy=batch.is_proxy,
            is_private=batch.is_private,
        )
    )


def fill_verdict(batch: ClickBatch, rules: RuleSet) -> None:
    """Fill verdict, reasons, category, score and the rule set's version."""
    judgements, places = {ACCEPTED: 0}, [0] * batch.length
    for row, codes in batch.reasons.items():
        places[row] = judgements.setdefault(judge(codes), len(judgements))
    batch.spread(_COLUMNS, Distinct(list(judgements), places))
    batch.repeat("rules_version", rules.version)


def _purpose(headers: Mapping[str, str]) -> str:
    return " ".join(headers[name] for name in _PURPOSE_HEADERS if name in headers).lower()

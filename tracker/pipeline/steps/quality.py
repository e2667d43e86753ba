"""A click's quality: its fraud reasons, whether it is the visitor's first on the offer, and its verdict.

A visitor is an address and a user agent. Clicks that are invalid anyway (bots, prefetches, HEAD requests)
open no window, so that the person's own click after a link preview still counts as the first one; they
are not unique themselves. Clicks that reached no offer are counted apart from those that did. An impression seen
again is ordinary: it is not unique, and no duplicate. What the offer's own duplicate policy calls a duplicate is
one, whatever the window says. Self-tests are always unique and leave no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from fraud import ACCEPTED, DUPLICATE_CLICK, RuleSet, Traffic, judge
from tracker.events import Click
from tracker.pipeline.batch import ClickBatch, Distinct
from tracker.pipeline.steps.labels import is_rerouted
from tracker.pipeline.steps.windows import UniqueWindow, Visit

_KEY_BYTES = 12
"""Of the hash that stands for a visitor: two of a billion visitors share one with a chance of 10⁻¹¹."""

_PURPOSE_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""How browsers have announced a prefetch over the years; Sec-Purpose is the standard one."""

_COLUMNS = ("verdict", "fraud_reasons", "fraud_category", "fraud_score")


def find_reasons(batch: ClickBatch, rules: RuleSet) -> None:
    """Collect the fraud reasons that a click shows by itself."""
    batch.reasons = rules.examine(
        Traffic(
            agents=batch.agents,
            # A script and a server record a visitor's click with whatever method their call has.
            methods=[click.method if click.source == "redirect" else "GET" for click in batch.clicks],
            purposes=[_purpose(click.headers) if click.headers else "" for click in batch.clicks],
            is_datacenter=batch.is_datacenter,
            is_proxy=batch.is_proxy,
            is_private=batch.is_private,
        )
    )


def fill_uniqueness(batch: ClickBatch, window: UniqueWindow) -> None:
    """Fill ``is_unique`` and add ``duplicate_click`` to the reasons of repeated clicks."""
    invalid = {row for row, codes in batch.reasons.items() if judge(codes).verdict == "invalid"}
    is_unique = [row not in invalid for row in range(batch.length)]
    rows = [row for row, click in enumerate(batch.clicks) if is_unique[row] and not click.is_test]
    visits = [_visit(batch.clicks[row]) for row in rows]
    for row, first in zip(rows, window.first(visits) if visits else (), strict=True):
        if not first:
            is_unique[row] = False
            if batch.clicks[row].kind == "click":
                _add_duplicate(batch, row)
    for row, click in enumerate(batch.clicks):
        if click.duplicate:
            is_unique[row] = False
            _add_duplicate(batch, row)
    batch.columns["is_unique"] = is_unique


def _add_duplicate(batch: ClickBatch, row: int) -> None:
    codes = batch.reasons.get(row, ())
    if DUPLICATE_CLICK not in codes:
        batch.reasons[row] = (*codes, DUPLICATE_CLICK)


def fill_verdict(batch: ClickBatch, rules: RuleSet) -> None:
    """Fill verdict, reasons, category, score and the rule set's version."""
    judgements, places = {ACCEPTED: 0}, [0] * batch.length
    for row, codes in batch.reasons.items():
        places[row] = judgements.setdefault(judge(codes), len(judgements))
    batch.spread(_COLUMNS, Distinct(list(judgements), places))
    batch.repeat("rules_version", rules.version)


def _visit(click: Click) -> Visit:
    aside = "trafficback" if click.trafficback_reason and not is_rerouted(click) else ""
    if click.kind == "impression":
        aside += " seen"
    visitor = f"{click.offer_id}\n{aside}\n{click.ip}\n{click.user_agent}"
    key = blake2b(visitor.encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest()
    return Visit(key, click.click_id, click.ts)


def _purpose(headers: Mapping[str, str]) -> str:
    return " ".join(headers[name] for name in _PURPOSE_HEADERS if name in headers).lower()

"""A click's quality: its fraud reasons, whether it is the visitor's first on the offer, and its verdict.

A visitor is an address and a user agent. Clicks that are invalid anyway (bots, prefetches, HEAD requests)
open no window, so that the person's own click after a link preview still counts as the first one; they
are not unique themselves. Clicks that reached no offer are counted apart from those that did. An impression seen
again is ordinary: it is not unique, and no duplicate. What the offer's own duplicate policy calls a duplicate is
one, whatever the window says. Self-tests are always unique and leave no trace.
"""

from __future__ import annotations

from hashlib import blake2b

import pyarrow as pa

from fraud.engine import Assessment, Engine
from fraud.findings import Finding
from fraud.reasons import DUPLICATE_CLICK
from fraud.traffic import Traffic
from kernel.clickhouse.arrow import arrow_schema
from kernel.purposes import purpose
from tracker.events import Click
from tracker.pipeline.batch import ClickBatch, Distinct
from tracker.pipeline.steps.labels import is_rerouted
from tracker.pipeline.steps.sightings import Sightings
from tracker.pipeline.steps.windows import UniqueWindow, Visit

_KEY_BYTES = 12
"""Of the hash that stands for a visitor: two of a billion visitors share one with a chance of 10⁻¹¹."""

_COLUMNS = ("verdict", "fraud_reasons", "fraud_category")
_REPEATED = Finding(DUPLICATE_CLICK)


def find_reasons(batch: ClickBatch, engine: Engine, sightings: Sightings) -> None:
    """Begin to judge the batch: find the fraud reasons that a click shows by itself."""
    # A range of a journal is frozen before it is first tried: the same ids are the same batch.
    ends = (batch.clicks[0].click_id, batch.clicks[-1].click_id) if batch.clicks else ()
    batch.assessment = engine.begin(traffic_of(batch, sightings), " ".join((*ends, str(batch.length))))
    batch.assessment.look_at_requests()


def traffic_of(batch: ClickBatch, sightings: Sightings) -> Traffic:
    """Return what rules and model look at; the columns of device, place, language and referrer are there."""
    clicks, facts, empty = batch.clicks, batch.facts, [""] * batch.length
    hinted = any(click.headers for click in clicks)
    return Traffic(
        ts=[click.ts for click in clicks],
        partner_ids=batch.columns["partner_id"],
        offer_ids=batch.columns["offer_id"],
        ips=[click.ip for click in clicks],
        prefixes=facts["prefixes"],
        asns=facts["asns"],
        user_agents=[click.user_agent for click in clicks],
        agents=facts["agents"],
        device_types=facts["device_types"],
        oses=facts["oses"],
        browsers=facts["browsers"],
        browser_versions=facts["browser_versions"],
        languages=facts["languages"],
        countries=facts["countries"],
        timezones=facts["timezones"],
        referrer_hosts=facts["referrer_hosts"],
        sources=batch.columns.get("source", empty),
        sub1s=batch.columns.get("sub1", empty),
        # A click that an alternative offer took did reach one.
        trafficback_reasons=["" if is_rerouted(click) else click.trafficback_reason for click in clicks],
        is_datacenter=facts["is_datacenter"],
        is_proxy=facts["is_proxy"],
        is_private=facts["is_private"],
        is_in_app=facts["is_in_app"],
        is_impression=[click.kind == "impression" for click in clicks],
        is_test=[click.is_test for click in clicks],
        # A script and a server record a visitor's click with whatever method their call has.
        methods=[click.method if click.source == "redirect" else "GET" for click in clicks],
        purposes=[purpose(click.headers) for click in clicks] if hinted else empty,
        hint_mobiles=[click.headers.get("sec-ch-ua-mobile", "") for click in clicks] if hinted else empty,
        hint_platforms=[_unquoted(click.headers.get("sec-ch-ua-platform", "")) for click in clicks]
        if hinted
        else empty,
        client_zones=[click.page.get("timezone", "") for click in clicks],
        impression_ages=sightings.ages(clicks),
    )


def fill_uniqueness(batch: ClickBatch, window: UniqueWindow) -> None:
    """Fill ``is_unique`` and add ``duplicate_click`` to the reasons of repeated clicks."""
    assessment = _begun(batch)
    invalid = assessment.invalid_rows()
    is_unique = [row not in invalid for row in range(batch.length)]
    rows = [row for row, click in enumerate(batch.clicks) if is_unique[row] and not click.is_test]
    visits = [_visit(batch.clicks[row]) for row in rows]
    for row, first in zip(rows, window.first(visits) if visits else (), strict=True):
        if not first:
            is_unique[row] = False
            if batch.clicks[row].kind == "click":
                assessment.add(row, _REPEATED)
    for row, click in enumerate(batch.clicks):
        if click.duplicate:
            is_unique[row] = False
            assessment.add(row, _REPEATED)
    batch.columns["is_unique"] = is_unique


def find_behaviour(batch: ClickBatch) -> None:
    """Count the clicks, and find the reasons that a click shows only among others."""
    _begun(batch).look_at_behaviour()


def score(batch: ClickBatch) -> None:
    """Have the model score the clicks and name what sets the strangest apart."""
    _begun(batch).ask_model()


def fill_verdict(batch: ClickBatch) -> None:
    """Fill verdict, reasons with their facts, category, scores, and the versions that gave them."""
    found = _begun(batch).verdicts()
    batch.spread(_COLUMNS, Distinct(found.judgements, found.places))
    batch.columns["fraud_score"] = pa.array(found.scores, pa.uint8())
    batch.columns["model_score"] = pa.array(found.model_scores, pa.uint8())
    for name, of_rows in (("fraud_facts", found.facts), ("model_features", found.model_features)):
        if of_rows:
            kind = arrow_schema("clicks").field(name).type
            batch.columns[name] = pa.array([of_rows.get(row, ()) for row in range(batch.length)], kind)
    batch.repeat("rules_version", found.rules_version)
    batch.repeat("model_version", found.model_version)


def _begun(batch: ClickBatch) -> Assessment:
    if batch.assessment is None:
        raise LookupError("the step 'rules' comes before those that add to what it found")
    return batch.assessment


def _visit(click: Click) -> Visit:
    aside = "trafficback" if click.trafficback_reason and not is_rerouted(click) else ""
    if click.kind == "impression":
        aside += " seen"
    visitor = f"{click.offer_id}\n{aside}\n{click.ip}\n{click.user_agent}"
    key = blake2b(visitor.encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest()
    return Visit(key, click.click_id, click.ts)


def _unquoted(hint: str) -> str:
    return hint.strip().strip('"')

"""Rows that are sent once more are those that the store has."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table
from tests.support.pipeline import KEYS
from tracker.pipeline import as_stored as module
from tracker.pipeline.as_stored import as_stored

NOON = int(datetime(2031, 5, 5, 12, tzinfo=UTC).timestamp() * 1000)
OFFER = 778_001


def judged(ids, verdict, **columns):
    common = {"offer_id": OFFER, "partner_id": 778_001, "verdict": verdict, **columns}
    return rows_table("clicks", [{"click_id": one, "ts": NOON + n, **common} for n, one in enumerate(ids)])


def test_what_is_stored_is_sent_as_it_lies_there_and_the_rest_as_it_was_made(event_store, monkeypatch):
    monkeypatch.setattr(module, "IDS_AT_ONCE", 2)
    ids = [KEYS.mint(NOON + n, OFFER) for n in range(5)]
    first = judged(ids[:3], "suspect", fraud_reasons=["ip_velocity"], fraud_facts=["count=70"], fraud_score=40)
    clickhouse.insert(event_store, "clicks", first, "as-stored-first")
    again = as_stored(event_store, "clicks", judged(ids, "valid", is_unique=True))
    assert again.schema.equals(first.schema)
    found = sorted(again.to_pylist(), key=lambda row: ids.index(row["click_id"]))
    assert found[:3] == first.to_pylist()
    assert [(row["click_id"], row["verdict"], row["is_unique"]) for row in found[3:]] == [
        (one, "valid", True) for one in ids[3:]
    ]


def test_what_the_store_never_saw_is_sent_as_it_was_made(event_store):
    rows = judged([KEYS.mint(NOON + 60_000 + n, OFFER) for n in range(3)], "valid")
    assert as_stored(event_store, "clicks", rows) is rows
    assert as_stored(event_store, "impressions", rows.slice(0, 0)).num_rows == 0


def test_a_token_is_known_again_however_many_pieces_the_rows_come_in(event_store):
    ids = [KEYS.mint(NOON + 120_000 + n, OFFER + 1) for n in range(5)]
    rows = judged(ids, "valid", sub1="in pieces")
    clickhouse.insert(event_store, "clicks", rows, "as-stored-in-pieces")
    pieces = pa.concat_tables([rows.slice(0, 2), rows.slice(2)])
    clickhouse.insert(event_store, "clicks", pieces, "as-stored-in-pieces")
    asked = {"ids": ids}
    counted = event_store.query(
        "SELECT count() FROM clicks WHERE click_id IN {ids:Array(String)}", parameters=asked
    )
    assert counted.result_rows == [(5,)]

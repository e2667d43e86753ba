"""The desk answers by what was done a moment ago, also before it is stored."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from kernel.auth import ADMIN
from kernel.clickhouse.arrow import arrow_table
from kernel.errors import ClickledgerError
from tests.support.offers import offer
from tracker.click_id import ClickIdKeys
from tracker.conversion_state import conversion_id
from tracker.desk.desk import Caller, Desk
from tracker.edge.outcomes import Outcomes
from tracker.errors import JOURNAL_UNAVAILABLE, TRANSITION_NOT_ALLOWED
from tracker.events import PostbackFields
from tracker.snapshot import Snapshot

KEYS = ClickIdKeys({1: b"k" * 32}, 1)
CLICK = KEYS.mint(1_760_000_000_000, 1)
ID = conversion_id(CLICK, "", "t1")
ANN = Caller(ADMIN, "198.51.100.7")
STORED = arrow_table("conversions", {}, 1).to_pylist()[0] | {
    "conversion_id": ID,
    "click_id": CLICK,
    "txn_id": "t1",
    "offer_id": 1,
    "status": "approved",
    "payout": Decimal("2.500000"),
    "revenue": Decimal("4.000000"),
    "currency": "USD",
}


class Journal:
    def __init__(self):
        self.frames = []
        self.full = False

    async def append(self, frame):
        if self.full:
            raise JOURNAL_UNAVAILABLE.error()
        self.frames.append(frame)


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def desk(journal):
    return Desk(journal, KEYS, lambda: Snapshot(1, {1: offer()}), Outcomes(None), 30)


def change(desk, **fields):
    done = asyncio.run(desk.change(STORED, PostbackFields(CLICK, "t1", **fields), ANN, "because", b""))
    return done.status, done.conversion_status


def test_a_change_is_judged_by_the_one_before_it_though_that_isnt_stored_yet(desk, journal):
    assert change(desk, status="rejected") == ("updated", "rejected")
    with pytest.raises(ClickledgerError) as refused:
        change(desk, status="approved")
    assert refused.value.kind is TRANSITION_NOT_ALLOWED
    assert change(desk, status="rejected") == ("duplicate", "rejected")
    assert len(journal.frames) == 2


def test_the_first_change_is_judged_by_what_is_stored(desk):
    assert change(desk, status="approved") == ("duplicate", "approved")
    with pytest.raises(ClickledgerError):
        change(desk, status="pending")


def test_a_change_that_couldnt_be_written_down_is_not_remembered(desk, journal):
    journal.full = True
    with pytest.raises(ClickledgerError) as refused:
        change(desk, status="rejected")
    assert refused.value.kind is JOURNAL_UNAVAILABLE
    journal.full = False
    assert change(desk, status="approved") == ("duplicate", "approved")

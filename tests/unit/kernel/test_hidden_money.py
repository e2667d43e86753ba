from __future__ import annotations

import pytest

from kernel.auth import ROLES
from kernel.clickhouse.columns import TABLES
from kernel.hidden_money import HIDDEN_MONEY, hidden_money


def test_only_partners_and_advertisers_dont_see_all_money():
    assert set(HIDDEN_MONEY) == {"partner", "advertiser"} < set(ROLES)
    for role in ("admin", "manager", "analyst", ""):
        assert hidden_money(role) == frozenset()


@pytest.mark.parametrize("role", HIDDEN_MONEY)
def test_what_is_hidden_are_columns_that_events_have(role):
    assert hidden_money(role) <= {column.name for columns in TABLES.values() for column in columns}


def test_neither_side_sees_what_the_network_agreed_on_with_the_other():
    assert "revenue" in hidden_money("partner")
    assert {"payout", "cost"} <= hidden_money("advertiser")

"""No caller, no statement; a narrow caller only its own rows."""

from __future__ import annotations

import pytest

from kernel.auth import ADMIN, Principal
from reports import sql
from reports.bindings import Bindings
from reports.export import sql as export_sql
from reports.export.request import wanted
from reports.left_out import sql as left_out
from reports.scope import ScopeMissingError, scope
from tests.unit.reports.asking import NAMES, planned

STATEMENTS = (sql.rows, left_out.has_other_currencies, left_out.other_currencies)
NOBODIES = [None, Principal("partner"), Principal("advertiser"), Principal("somebody"), Principal("")]


@pytest.mark.parametrize("who", NOBODIES)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_report_without_a_scope_is_not_made(statement, who):
    with pytest.raises(ScopeMissingError):
        statement(planned(metrics=["clicks", "payout"]), who, NAMES)


@pytest.mark.parametrize("who", NOBODIES)
def test_an_export_without_a_scope_is_not_made(who):
    export = wanted("clicks", {"from": "2026-11-01", "to": "2026-11-02"}, ADMIN)
    for make in (
        lambda: export_sql.hours(export, who),
        lambda: export_sql.window(export, who, export.span.start, export.span.end),
    ):
        with pytest.raises(ScopeMissingError):
            make()


@pytest.mark.parametrize(
    ("who", "conditions", "values"),
    [
        (ADMIN, [], {}),
        (Principal("partner", partner_id=7), ["partner_id = {scope_partner:UInt32}"], {"scope_partner": 7}),
        (Principal("partner", partner_id=0), ["partner_id = {scope_partner:UInt32}"], {"scope_partner": 0}),
        (
            Principal("advertiser", advertiser_id=3),
            ["advertiser_id = {scope_advertiser:UInt32}"],
            {"scope_advertiser": 3},
        ),
        (
            Principal("admin", partner_id=7, advertiser_id=3),
            ["partner_id = {scope_partner:UInt32}", "advertiser_id = {scope_advertiser:UInt32}"],
            {"scope_partner": 7, "scope_advertiser": 3},
        ),
    ],
)
def test_a_caller_s_ids_become_conditions(who, conditions, values):
    bindings = Bindings()
    assert scope(who, bindings.bind) == conditions
    assert bindings.parameters == values

"""Forms made from the API's models: a field for each field, and values that come back as they went in."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from pydantic import BaseModel, Field

from kernel.errors import ClickledgerError
from partners.resources import RESOURCES
from reports.web import form_hours, form_values, forms, rendering
from reports.web.forms import Group, Input, Part, Words
from reports.web.pages.program.below import BELOW
from reports.web.pages.program.sheets import ADVERTISERS, LINKS, OFFERS, PARTNERS

SHEETS = (PARTNERS, OFFERS, ADVERTISERS, LINKS, *BELOW.values())
BERLIN = ZoneInfo("Europe/Berlin")


def offer_nodes():
    return forms.tree(OFFERS.resource.changing, Words(OFFERS.labels), OFFERS.resource.creating)


def inputs(nodes):
    for node in nodes:
        if isinstance(node, Part):
            yield from inputs(node.items)
        else:
            yield node


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path)
def test_a_form_has_every_field_of_its_resource_and_explains_each(resource):
    nodes = forms.tree(resource.creating, Words())
    assert [node.key for node in nodes] == list(resource.creating.model_fields)
    assert [node.name for node in nodes if not node.help] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.resource.path)
def test_what_a_sheet_names_is_there(sheet):
    nodes = forms.tree(sheet.resource.creating, Words(sheet.labels))
    names = {node.name for node in nodes}
    assert {name for group in sheet.groups for name in group.names} <= names
    whole = {one.name for one in inputs(nodes)} | names
    columns = {column.name for one in inputs(nodes) for column in one.columns}
    assert {*sheet.names, *sheet.said} <= whole | columns
    assert {column.name for column in sheet.columns} <= set(sheet.resource.answering.model_fields)


def test_a_new_field_of_the_api_is_in_its_form_by_itself():
    class Wider(BaseModel):
        name: str
        colour: str = Field("red", description="What it looks like.")

    shown = forms.grouped(forms.tree(Wider, Words()), [Group("Basics", ("name",))])
    assert [(group.title, [node.name for node in group.items]) for group in shown] == [
        ("Basics", ["name"]),
        (forms.REST, ["colour"]),
    ]
    colour = shown[1].items[0]
    assert isinstance(colour, Input)
    assert (colour.label, colour.help, colour.default) == ("Colour", "What it looks like.", "red")


OFFER = {
    "name": "Shoes",
    "advertiser_id": 3,
    "destination": "https://shop.example/?c={click_id}",
    "status": "active",
    "description": "Two\nlines",
    "category": "",
    "tags": ["a", "b"],
    "visibility": "public",
    "starts_at": "2026-11-01T08:30:15+00:00",
    "ends_at": None,
    "currency": "EUR",
    "model": "CPA",
    "payout": "1.50",
    "payout_percent": None,
    "payout_rules": {
        "countries": {"DE": {"fixed": "2.00"}, "US": {"fixed": "1", "percent": "5"}},
        "steps_by": "amount",
        "steps": [{"from": "100", "fixed": "3"}],
    },
    "revenue": "2.00",
    "revenue_percent": "10.00",
    "revenue_rules": {},
    "default_status": "approved",
    "deep_link_hosts": ["*.shop.example"],
    "allow_override": True,
    "targeting": {
        "country": {"allow": ["DE", "AT"]},
        "device": {"deny": ["desktop"]},
        "os": {"allow": ["Android>=12"]},
        "hours": [9, 10, 33],
        "timezone": "Europe/Berlin",
    },
    "duplicates": {"action": "mark", "by": "ip", "window_s": 3600, "each_partner": True},
    "alternative_offer_id": 7,
    "attribution_window_days": 30,
    "view_window_hours": None,
    "min_conversion_seconds": 0,
    "hold_days": 0,
    "pixel_cookie": False,
    "fallback_url": "",
}


def test_an_entry_written_into_a_form_and_read_back_is_the_same():
    nodes = offer_nodes()
    state = form_values.written(nodes, OFFER, BERLIN)
    assert state["starts_at"] == ["2026-11-01T09:30:15"]
    body = form_values.read(nodes, state, BERLIN)
    assert body.pop("starts_at") == "2026-11-01T09:30:15+01:00"
    assert body == {name: value for name, value in OFFER.items() if name != "starts_at"}
    assert OFFERS.resource.changing.model_validate_json(json.dumps(body))


def test_a_form_that_nobody_touched_changes_nothing_and_else_what_was_touched_alone():
    nodes = offer_nodes()
    before = form_values.written(nodes, OFFER, BERLIN)
    assert form_values.changes(nodes, before, before, BERLIN) == {}
    after = before | {
        "payout": ["1.75"],
        "payout_percent": [" 5 "],
        "allow_override": [],
        "duplicates.action": [""],
        "duplicates.by": [""],
        "duplicates.window_s": [""],
        "duplicates.each_partner": [],
        "targeting.country.allow": ["de, at\nch"],
    }
    assert form_values.changes(nodes, before, after, BERLIN) == {
        "payout": "1.75",
        "payout_percent": "5",
        "allow_override": False,
        "duplicates": None,
        "targeting": {**OFFER["targeting"], "country": {"allow": ["de", "at", "ch"]}},
    }


def test_a_new_entry_says_what_was_filled_in_and_what_is_needed():
    nodes = forms.tree(OFFERS.resource.creating, Words(OFFERS.labels))
    state = form_values.written(nodes, {}, BERLIN) | {"payout": ["2"], "hold_days": ["soon"]}
    body = form_values.new(nodes, state, BERLIN)
    assert (body["payout"], body["name"], body["hold_days"]) == ("2", "", "soon")
    assert not {"targeting", "starts_at", "duplicates", "tags", "fallback_url"} & set(body)


def test_rows_left_empty_are_left_out_and_problems_stand_beside_their_row():
    nodes = offer_nodes()
    several = {
        "payout_rules.countries.[key]": ["DE", "", "XX"],
        "payout_rules.countries.fixed": ["1", "", "2"],
        "payout_rules.countries.percent": ["", "", ""],
        "payout_rules.steps.from": ["", "10"],
        "payout_rules.steps.fixed": ["", "much"],
        "payout_rules.steps.percent": ["", ""],
    }
    state = form_values.sent(nodes, several)
    body = form_values.read(nodes, state, BERLIN)
    assert body["payout_rules"]["countries"] == {"DE": {"fixed": "1"}, "XX": {"fixed": "2"}}
    told = {
        "payout_rules.countries.XX.[key]": "isn't a country",
        "payout_rules.steps.0.fixed": "write money",
        "targeting.country.allow.0": "isn't a country either",
        "name": "a name can't be empty",
    }
    assert form_values.placed(nodes, told, state) == {
        "payout_rules.countries.[key].1": "isn't a country",
        "payout_rules.steps.fixed.0": "write money",
        "targeting.country.allow": "isn't a country either",
        "name": form_values.NEEDED,
    }


def test_a_country_named_twice_is_told_before_it_is_lost():
    nodes = offer_nodes()
    state = {"payout_rules.countries.[key]": ["DE", "DE"], "payout_rules.countries.fixed": ["1", "2"]}
    with pytest.raises(ClickledgerError, match="DE is named twice"):
        form_values.read(nodes, state, BERLIN)


def test_an_entry_is_found_by_the_name_that_a_long_list_suggests():
    nodes = forms.tree(OFFERS.resource.creating, Words(choices={"advertiser_id": [("7", "Nora (EU)")]}))
    advertiser = next(node for node in nodes if node.name == "advertiser_id")
    assert isinstance(advertiser, Input)
    assert advertiser.named("7") == "Nora (EU) (7)"
    assert form_values.read([advertiser], {"advertiser_id": ["Nora (EU) (7)"]}, BERLIN) == {"advertiser_id": 7}
    assert form_values.read([advertiser], {"advertiser_id": ["Nora"]}, BERLIN) == {"advertiser_id": "Nora"}


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mon-Fri 9-12, 13-18", [d * 24 + h for d in range(5) for h in (9, 10, 11, 13, 14, 15, 16, 17)]),
        ("Sun", list(range(144, 168))),
        ("Sat-Mon 0-1", [0, 120, 144]),
        ("", []),
    ],
)
def test_hours_of_the_week_are_lines_of_days(text, hours):
    read, problem = form_hours.read(text)
    assert (read, problem) == (hours, "")
    assert form_hours.read(form_hours.written(hours)) == (hours, "")


@pytest.mark.parametrize("text", ["noon", "Mon 18-9", "Mon 9-25", "Xyz 1-2", "Mon nine"])
def test_hours_that_nobody_can_read_are_told(text):
    assert form_hours.read(text)[1]


@pytest.mark.parametrize("count", [300, 301])
def test_a_long_list_is_searched_by_name_and_a_short_one_is_chosen_from(count):
    choices = [(str(n), f"Shop {n}") for n in range(1, count + 1)]
    nodes = forms.tree(OFFERS.resource.creating, Words(choices={"advertiser_id": choices}))
    groups = forms.grouped(nodes, [Group("Basics", ("advertiser_id",))])[:1]
    template = rendering.environment().from_string(
        '{% from "parts/fields.html" import groups_of %}{{ groups_of(groups, state, problems) }}'
    )
    page = BeautifulSoup(
        template.render(groups=groups, state={"advertiser_id": ["7"]}, problems={}), "html.parser"
    )
    field = page.find(attrs={"name": "advertiser_id"})
    if count > 300:
        assert field["value"] == "Shop 7 (7)"
        assert len(page.find(id=field["list"]).find_all("option")) == count
    else:
        assert field.find("option", selected=True)["value"] == "7"

"""Days written into a form beside a preset count, without scripts too; what can't be meant is said."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.pages import Seen, Visitor


@pytest.fixture(scope="module")
def analyst(web):
    return Visitor(web, web.key(role="analyst"))


def fields(page: Seen, form: str) -> dict[str, str]:
    """Return what the visible and hidden fields of a form about days say."""
    own = page.soup.select_one(form)
    found = {
        one["name"]: one.get("value", "") for one in own.find_all("input", {"name": True}) if not one.get("form")
    }
    found |= {one["name"]: one.find(selected=True)["value"] for one in own.select('select[name="range"]')}
    return {name: found[name] for name in ("range", "from", "to", "was")}


def days(page: Seen) -> list[str]:
    return [page.soup.find(id=which)["value"] for which in ("f-from", "f-to")]


def test_days_written_into_the_builder_s_form_count_without_a_script(analyst):
    page = analyst.see("/reports?by=day&metrics=clicks")
    query = {"form": "1", "by": "day", "metrics": "clicks"} | fields(page, "#builder")
    to = analyst.get("/reports?" + "&".join(f"{k}={v}" for k, v in (query | {"from": "2026-03-01"}).items()))
    asked = parse_qs(urlsplit(to.headers["location"]).query)
    assert (asked["from"], asked["to"]) == (["2026-03-01"], [query["to"]])
    # A preset that was chosen counts before the days of the one before.
    to = analyst.get("/reports?" + "&".join(f"{k}={v}" for k, v in (query | {"range": "last_30_days"}).items()))
    assert parse_qs(urlsplit(to.headers["location"]).query)["range"] == ["last30"]


def test_days_written_into_the_fraud_centre_s_form_count(analyst):
    page = analyst.see("/fraud")
    query = fields(page, "main form.filters")
    today = dt.datetime.now(dt.UTC).date()
    assert days(page) == [str(today - dt.timedelta(days=6)), str(today)]

    def ask(**changed: str) -> Seen:
        return analyst.see("/fraud?" + "&".join(f"{name}={value}" for name, value in (query | changed).items()))

    assert days(ask(**{"from": "2026-03-01", "to": "2026-03-09"})) == ["2026-03-01", "2026-03-09"]
    assert days(ask(range="yesterday")) == [str(today - dt.timedelta(days=1))] * 2
    swapped = ask(**{"from": "2026-03-09", "to": "2026-03-01"})
    assert days(swapped) == ["2026-03-01", "2026-03-09"]
    assert "swapped" in swapped.text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("range=never", "There is no range 'never'."),
        ("range=custom&from=2026-13-01", "need a first and a last one"),
        ("range=custom&from=2020-01-01&to=2026-01-01", "More than 400 days"),
    ],
)
def test_days_that_cant_be_are_said(analyst, asked, told):
    page = analyst.see(f"/fraud?{asked}")
    assert told in page.text
    assert "Shown are the 7 days up to today." in page.text

"""The report builder: its table is the API's answer, its address the whole report, and its form works without scripts."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.pages import Visitor
from tests.support.risk import store

QUERY = "/api/v1/reports/query"
COUNTRIES = {"DE": 5, "FR": 3, "": 1}
"""Clicks of each day, by country."""


@pytest.fixture(scope="module")
def partner(web, event_store):
    """A partner with clicks of the last two whole days, and a conversion of the later one."""
    number = web.partner(name="Nora's <shop>")
    web.admin.made("POST", "/api/v1/partners", {"name": f"Newcomer {web.number()}"})  # a change, so names are read
    noon = dt.datetime.now(dt.UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    clicks = [
        {
            "ts": int((noon - dt.timedelta(days=ago)).timestamp() * 1000) + count,
            "partner_id": number,
            "offer_id": 1,
            "country": country,
            "device_type": "mobile" if count % 2 else "desktop",
            "verdict": "valid",
        }
        for ago in (1, 2)
        for country, clicks in COUNTRIES.items()
        for count in range(clicks)
    ]
    store(event_store, clicks)
    return number


@pytest.fixture(scope="module")
def analyst(web):
    return Visitor(web, web.session(web.user("analyst")))


@pytest.fixture(scope="module")
def parts(analyst):
    """The analyst's script, which gets the parts that change and no whole pages."""
    visitor = Visitor.__new__(Visitor)
    vars(visitor).update(vars(analyst) | {"headers": analyst.headers | {"X-Part": "report"}})
    return visitor


def body(**asked):
    today = dt.datetime.now(dt.UTC).date()
    days = {"from": str(today - dt.timedelta(days=7)), "to": str(today)}
    return days | {"dimensions": [], "metrics": ["clicks"], "totals": True} | asked


def raw(value):
    """A value as a cell of the page holds it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def answered(web, asked):
    return json.loads(web.admin.ask("POST", QUERY, asked).content, parse_float=Decimal)


def rows_of(page, part="tbody"):
    return [
        [cell["data-value"] for cell in row.find_all(["th", "td"]) if cell.has_attr("data-value")]
        for row in page.soup.find("table", class_="report").find(part).find_all("tr")
    ]


def expected(answer, dimensions):
    """The answer's rows, without the ids that stand in the cells of their names."""
    metrics = [one["name"] for one in answer["meta"]["columns"] if one["role"] in {"metric", "before", "change"}]
    return [[raw(row[name]) for name in (*dimensions, *metrics)] for row in answer["rows"]]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("by=country&metrics=clicks,unique_clicks,cr", {"dimensions": ["country"], "metrics": ["clicks", "unique_clicks", "cr"]}),
        ("by=day,partner&metrics=clicks", {"dimensions": ["day", "partner"]}),
        ("by=country&metrics=clicks&sort=clicks,-country", {"dimensions": ["country"], "sort": [{"by": "clicks"}, {"by": "country", "desc": True}]}),
        ("by=day&metrics=clicks,cr&compare=previous_period", {"dimensions": ["day"], "metrics": ["clicks", "cr"], "compare": "previous_period"}),
        ("by=day&metrics=clicks&fill=yes", {"dimensions": ["day"], "fill": True}),
        ("by=country&metrics=clicks&where=clicks>=3", {"dimensions": ["country"], "filters": [{"metric": "clicks", "op": "gte", "value": 3}]}),
        ("by=country&metrics=clicks&where=country:in:DE|FR&limit=1", {"dimensions": ["country"], "filters": [{"dimension": "country", "op": "in", "values": ["DE", "FR"]}], "limit": 1}),
        ("by=country&metrics=clicks&limit=1&page=2", {"dimensions": ["country"], "limit": 1, "offset": 1}),
        ("by=day&metrics=x,clicks&formula=x:ratio=clicks/100", {"dimensions": ["day"], "metrics": ["x", "clicks"], "formulas": [{"name": "x", "formula": "clicks/100", "unit": "ratio"}]}),
        ("by=hour&metrics=clicks&zone=Asia/Kolkata", {"dimensions": ["hour"], "timezone": "Asia/Kolkata"}),
    ],
)  # fmt: skip
def test_the_table_is_the_answer_of_the_api(web, parts, partner, query, asked):
    mine = {"dimension": "partner_id", "value": partner}
    asked = body(**asked) | {"filters": [*asked.get("filters", []), mine]}
    page = parts.see(f"/reports?{query}&range=last7&where=partner_id={partner}")
    answer = answered(web, asked)
    assert answer["rows"]
    assert rows_of(page) == expected(answer, asked["dimensions"])
    metrics = [one["name"] for one in answer["meta"]["columns"] if one["role"] not in {"dimension", "id"}]
    assert rows_of(page, "tfoot") == [[raw(answer["totals"][name]) for name in metrics]]


def test_a_pivot_has_a_cell_for_each_of_its_columns(web, analyst, partner):
    page = analyst.see(
        f"/reports?by=country&metrics=clicks,cr&pivot=device_type&range=last7&where=partner_id={partner}"
    )
    mine = [{"dimension": "partner_id", "value": partner}]
    answer = answered(
        web, body(dimensions=["country"], metrics=["clicks", "cr"], pivot="device_type", filters=mine)
    )
    keys = [one["key"] for one in answer["meta"]["pivot"]["columns"]]
    assert len(keys) == 2
    assert rows_of(page) == [
        [raw(row["country"]), *(raw(row[name][key]) for name in ("clicks", "cr") for key in keys)]
        for row in answer["rows"]
    ]
    heads = page.soup.find_all("th", attrs={"data-where": True})
    assert [json.loads(one["data-where"]) for one in heads[:2]] == [[f"device_type={key}"] for key in keys]


def test_values_are_shown_as_the_viewer_reads_them(web, partner):
    visitor = Visitor(web, web.key(role="analyst"))
    visitor.headers["Accept-Language"] = "de-DE"
    page = visitor.see(f"/reports?by=partner,day&metrics=clicks,cr&range=last7&where=partner_id={partner}")
    first = page.soup.find("table", class_="report").tbody.tr.find_all(["th", "td"])
    assert page.words(first[0]).endswith("Nora's <shop>")
    assert first[0]["data-id"] == str(partner)
    day = dt.date.fromisoformat(first[1]["data-value"])
    assert page.words(first[1]) == f"{day:%d.%m.%Y}"
    assert first[0].find("a", class_=None)["href"] == f"/partners/{partner}"


def test_a_row_leads_to_what_it_is_made_of(web, analyst, partner):
    page = analyst.see(
        f"/reports?by=country,day&metrics=clicks&range=last7&where=partner_id={partner}&where=clicks>1"
    )
    row = page.soup.find("table", class_="report").tbody.tr
    country, day, clicks = (cell["data-value"] for cell in row.find_all(["th", "td"]))
    inside = analyst.see(row.find("a", class_="into")["href"])
    assert rows_of(inside, "tfoot") == [[clicks]]
    address = parse_qs(urlsplit(inside.path).query)
    assert address["where"] == [f"partner_id={partner}", f"country={country}", f"day={day}"]
    assert address["by"] == ["offer"]
    other = analyst.see(inside.links()["Device type"])
    assert [cell[0] for cell in rows_of(other)] == ["desktop", "mobile"]
    assert sum(int(cell[1]) for cell in rows_of(other)) == int(clicks)
    assert "Partner is Nora's <shop>" in other.text


def test_an_empty_country_can_be_looked_into_too(analyst, partner):
    page = analyst.see(f"/reports?by=country&metrics=clicks&range=last7&where=partner_id={partner}")
    link = next(
        row.find("a", class_="into") for row in page.soup.tbody.find_all("tr") if row.th["data-value"] == ""
    )
    assert rows_of(analyst.see(link["href"]), "tfoot") == [["2"]]


def test_headings_sort_there_and_back(analyst, partner):
    page = analyst.see(f"/reports?by=country&metrics=clicks&range=last7&where=partner_id={partner}")
    upwards = analyst.see(analyst.see(page.links()["Clicks"]).links()["Clicks ▼"])
    assert upwards.soup.find("th", attrs={"aria-sort": "ascending"})["data-column"] == "clicks"
    assert [row[1] for row in rows_of(upwards)] == ["2", "6", "10"]


def test_pages_go_on_where_the_one_before_ended(analyst, partner):
    first = analyst.see(f"/reports?by=country&metrics=clicks&range=last7&limit=2&where=partner_id={partner}")
    second = analyst.see(first.links()["More rows"])
    assert [row[0] for row in (*rows_of(first), *rows_of(second))] == ["DE", "FR", ""]
    assert "More rows" not in second.links()
    assert rows_of(analyst.see(second.links()["Rows before"])) == rows_of(first)


def form_of(page, **changed):
    """What a browser without scripts sends when a button of the builder is pressed."""
    form = page.soup.find("form", id="builder")
    sent = []
    for tag in form.find_all(["input", "select"]):
        name = tag.get("name")
        if name and tag.name == "select":
            chosen = tag.find("option", selected=True) or tag.find("option")
            sent.append((name, chosen.get("value", chosen.get_text())))
        elif name and (tag.get("type") != "checkbox" or tag.has_attr("checked")):
            sent.append((name, tag.get("value", "")))
    return [(name, value) for name, value in sent if name not in changed] + [
        (name, one) for name, value in changed.items() for one in ([value] if isinstance(value, str) else value)
    ]


def submitted(visitor, page, **changed):
    """Press a button, and see the page that it leads to."""
    query = "&".join(f"{name}={value}" for name, value in form_of(page, **changed))
    answer = visitor.get(f"/reports?{query}")
    assert answer.status_code == 303, answer.text[-2000:]
    return visitor.see(answer.headers["location"])


def asked_of(page):
    return {
        name: values[0] if name != "where" else values
        for name, values in parse_qs(urlsplit(page.path).query).items()
    }


def test_the_form_alone_builds_a_report(analyst, partner):
    page = analyst.see("/reports?by=day&metrics=clicks")
    page = submitted(analyst, page, pick_by=["day", "country"], pick_metrics=["clicks", "unique_clicks", "cr"])
    assert asked_of(page)["by"] == "day,country"
    assert asked_of(page)["metrics"] == "clicks,unique_clicks,cr"
    page = submitted(analyst, page, change="left:by:country")
    assert asked_of(page)["by"] == "country,day"
    page = submitted(analyst, page, change="drop:metrics:unique_clicks")
    assert asked_of(page)["metrics"] == "clicks,cr"
    page = submitted(analyst, page, f_name="partner", f_op="eq", f_value=str(partner), change="add:where:")
    page = submitted(analyst, page, f_name="country", f_op="in", f_value="DE, FR", change="add:where:")
    assert asked_of(page)["where"] == [f"partner={partner}", "country:in:DE|FR"]
    page = submitted(
        analyst, page, range="custom", **{"from": "2026-11-01", "to": "2026-11-07"}, zone="Asia/Kolkata"
    )
    assert (asked_of(page)["from"], asked_of(page)["to"], asked_of(page)["zone"]) == ("2026-11-01", "2026-11-07", "Asia/Kolkata")  # fmt: skip
    assert "Nov 1, 2026 to Nov 7, 2026, Asia/Kolkata" in page.text
    page = submitted(analyst, page, compare_from="2026-10-01", compare_to="2026-10-07")
    assert asked_of(page)["compare"] == "2026-10-01..2026-10-07"
    assert "compared with Oct 1, 2026 to Oct 7, 2026" in page.text
    page = submitted(
        analyst, page, range="last_7_days", change="drop:where:1", compare="previous_period", pivot="os"
    )
    assert asked_of(page) | {"zone": ""} == {
        "by": "country,day", "metrics": "clicks,cr", "range": "last7", "where": [f"partner={partner}"],
        "zone": "", "compare": "previous_period", "pivot": "os",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("by=countri", "There is no dimension 'countri', so it was left out; did you mean country"),
        ("metrics=clicks,clics", "There is no metric 'clics', so it was left out; did you mean clicks"),
        ("range=lately", "There is no range 'lately'"),
        ("from=2026-13-01&to=2026-11-02", "'2026-13-01' is no day"),
        ("from=2026-11-05&to=2026-11-01", "the two were swapped"),
        ("zone=Mars/Olympus", "There is no time zone 'Mars/Olympus'"),
        ("where=country", "'country' is no filter"),
        ("where=planet=Mars", "There is no dimension or metric 'planet'"),
        ("sort=-payout", "isn't sorted by payout"),
        ("limit=0", "'0' can't be the limit"),
        ("compare=luck", "'luck' is nothing to compare with"),
        ("formula=clicks/2", "'clicks/2' is no formula"),
        ("where=clicks>=many", "'many' is no value for 'clicks'"),
        ("where=country:like:D", "There is no operator 'like'"),
        ("currency=ZZZZ", "currency"),
        ("metrics=", "Choose at least one metric"),
        ("fill=yes", "filled"),
    ],
)
def test_what_an_address_says_wrong_is_said_and_the_rest_stays(parts, query, sentence):
    given = {"by": "country", "metrics": "clicks"} | {
        query.partition("=")[0]: query.partition("=")[2].partition("&")[0]
    }
    rest = "".join(f"&{name}={value}" for name, value in given.items() if not query.startswith(f"{name}="))
    page = parts.see(f"/reports?{query}{rest}")
    assert sentence in page.words(page.soup)
    chips = page.words(page.soup.find(attrs={"data-part": "chips-by"}))
    assert "Country" in chips or query == "by=countri"


def test_an_empty_report_says_what_to_try(analyst, partner):
    page = analyst.see(
        f"/reports?by=country&metrics=clicks&range=yesterday&where=partner_id={partner}&where=country=XX"
    )
    assert "nothing was counted that the filters let through" in page.text
    links = page.links()
    assert asked_of_link(links["Try last 7 days"])["range"] == ["last7"]
    assert "where" not in asked_of_link(links["Without the filters"])


def asked_of_link(link):
    return parse_qs(urlsplit(link).query)


def test_a_script_gets_the_parts_that_change_and_no_second_page(web, analyst):
    answer = analyst.get("/reports?by=country&metrics=clicks", **{"X-Part": "report"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    for part in ("state", "when", "chips-by", "chips-metrics", "chips-where", "more", "problems", "results"):
        assert f'data-part="{part}"' in answer.text
    assert "/reports?by=country&amp;metrics=clicks&amp;range=last7&amp;zone=UTC" in answer.text


def test_each_role_is_offered_what_it_may_see_and_sees_its_own(web, partner, event_store):
    mine = Visitor(web, web.key(role="partner", partner_id=partner))
    page = mine.see("/reports?by=country&metrics=clicks,payout&range=last7")
    assert rows_of(page, "tfoot")[0][0] == "18"
    offered = {one["value"] for one in page.soup.find_all("input", attrs={"name": "pick_metrics"})}
    assert "payout" in offered
    assert not {"revenue", "profit"} & offered
    assert "partner_tag" not in {one["value"] for one in page.soup.find_all("input", attrs={"name": "pick_by"})}
    other = Visitor(web, web.key(role="partner", partner_id=web.partner()))
    assert "No rows" in other.see("/reports?by=country&metrics=clicks&range=last7").text
    hidden = mine.see("/reports?by=country&metrics=clicks,revenue&range=last7")
    assert "There is no metric 'revenue', so it was left out" in hidden.text
    shop = Visitor(web, web.key(role="advertiser", advertiser_id=web.advertiser()))
    assert "payout" not in {
        one["value"] for one in shop.see("/reports").soup.find_all("input", attrs={"name": "pick_metrics"})
    }


def test_one_who_names_nothing_sees_the_days_of_the_last_week(analyst):
    page = analyst.see("/reports")
    assert page.soup.find("option", selected=True)["value"] == "last_7_days"
    assert [one["data-chip"] for one in page.soup.find_all("li", class_="chip")][:2] == [
        "by:day",
        "metrics:clicks",
    ]


@pytest.mark.parametrize("wanted", ["csv", "json", "jsonl", "xlsx", "parquet", "arrow"])
def test_every_format_can_be_downloaded_and_is_the_api_s_file(web, analyst, partner, wanted):
    page = analyst.see(f"/reports?by=country&metrics=clicks&range=last7&limit=25&where=partner_id={partner}")
    answer = analyst.get(page.links()[wanted])
    assert answer.status_code == 200
    asked = body(dimensions=["country"], filters=[{"dimension": "partner_id", "op": "eq", "values": [partner]}])
    direct = web.admin.ask("POST", "/api/v1/reports/export", {**asked, "format": wanted})
    for name in ("content-type", "content-disposition", "x-total-rows"):
        assert answer.headers[name] == direct.headers[name]
    # A workbook bears the time it was written.
    assert answer.content == direct.content or wanted == "xlsx"
    assert answer.content


def test_a_download_that_can_t_be_made_is_a_page_that_says_why(analyst):
    assert "There is no metric" in analyst.see("/reports/export?metrics=x", 400).text
    assert "'doc' is no export format" in analyst.see("/reports/export?metrics=clicks&format=doc", 400).text

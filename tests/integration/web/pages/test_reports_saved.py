"""Saved reports in a browser: kept from the builder, shared by link, run by schedules, with what only their owner may."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest

from partners.models import ReportRun
from reports.web.viewer import NOTHING
from tests.support.pages import Visitor

SAVED = "/api/v1/saved-reports"
BUILT = (
    "/reports?by=country,day&metrics=clicks,cr&range=last30&where=country=DE&where=clicks>=2&sort=-clicks&limit=25"
)


@pytest.fixture(scope="module")
def manager(web):
    return Visitor(web, web.session(web.user("manager")))


def asker(visitor, web):
    """The API as the visitor."""
    return web.holding(visitor.headers["Cookie"].partition("=")[2])


@pytest.fixture
def saved(web, manager):
    """A report of the manager's, as the page of it."""
    return manager.see(BUILT).send("save", name=f"Countries {web.number()}", description="For the Monday call")


def number_of(page):
    return int(urlsplit(page.path).path.rpartition("/")[2])


def test_what_is_built_is_saved_as_it_is(web, manager, saved):
    kept = asker(manager, web).made("GET", f"{SAVED}/{number_of(saved)}")
    assert kept["description"] == "For the Monday call"
    assert kept["query"] == {
        "range": "last_30_days", "dimensions": ["country", "day"], "metrics": ["clicks", "cr"], "limit": 25,
        "totals": True, "sort": [{"by": "clicks", "desc": True}],
        "filters": [
            {"dimension": "country", "values": ["DE"]}, {"metric": "clicks", "op": "gte", "values": ["2"]},
        ],
    }  # fmt: skip
    assert "Country is DE" in saved.text


def test_a_saved_report_opens_in_the_builder_and_can_be_changed_from_there(web, manager, saved):
    built = manager.see(saved.links()["Open in the builder"])
    given = {name: values for name, values in parse_qs(urlsplit(built.path).query).items() if name != "zone"}
    assert given == {
        "by": ["country,day"], "metrics": ["clicks,cr"], "range": ["last30"], "sort": ["-clicks"], "limit": ["25"],
        "where": ["country=DE", "clicks>=2"], "saved": [str(number_of(saved))],
    }  # fmt: skip
    changed = manager.see(built.path.replace("last30", "this_month"))
    assert f"This began as the saved report {saved.heading}" in changed.text
    done = changed.send("update")
    assert number_of(done) == number_of(saved)
    assert asker(manager, web).made("GET", f"{SAVED}/{number_of(saved)}")["query"]["range"] == "this_month"


def test_a_name_that_is_taken_is_said_beside_the_form_and_the_report_stays(manager, saved):
    again = manager.see(BUILT).send("save", 409, name=saved.heading)
    assert "choose another name" in again.text
    assert again.form("save")["name"] == saved.heading
    assert "Country is DE" in again.text


def test_the_list_has_what_is_mine_and_shared_with_me(web, manager, saved):
    other = Visitor(web, web.session(web.user("analyst")))
    assert saved.heading not in other.see("/reports/saved").text
    assert other.get(urlsplit(saved.path).path).status_code == 404
    saved.send("change", shared_roles=["analyst"])
    row = next(one for one in other.see("/reports/saved").table() if one["Name"].startswith(saved.heading))
    assert row["Whose"] == "manager"
    theirs = other.see(urlsplit(saved.path).path)
    assert "Delete this report" not in theirs.text
    deleted = other.post(urlsplit(saved.path).path, {"do": "delete"})
    assert deleted.status_code == 404
    assert manager.get(urlsplit(saved.path).path).status_code == 200


def test_a_link_shows_the_report_to_whoever_has_it_until_it_is_ended(web, manager, saved):
    made = saved.send("share", 200, note="Anna", days="7")
    link = made.soup.find(id="made-link")["value"]
    assert link not in manager.see(urlsplit(saved.path).path).text
    (row,) = made.table("Links")
    assert (row["For whom"], row["State"]) == ("Anna", "works")
    stranger = Visitor(web, None)
    shared = stranger.get(urlsplit(link).path)
    assert shared.status_code == 200
    assert "Shared report" in shared.text
    assert shared.headers["referrer-policy"] == "no-referrer"
    assert shared.headers["x-robots-tag"] == "noindex"
    assert shared.headers["cache-control"] == "no-store"
    ended = made.send("end-link")
    assert ended.table("Links")[0]["State"] == "ended"
    assert "doesn't work, or not any more" in stranger.see(urlsplit(link).path, 404).text


def test_a_schedule_runs_to_a_webhook_whose_secret_is_shown_once(web, manager, saved):
    page = manager.see(f"/reports/schedules?report_id={number_of(saved)}")
    assert page.form("create")["report_id"] == str(number_of(saved))
    wrong = page.send("create", 400, every="week", at="27:00")
    assert "write a local time as HH:MM" in wrong.words(wrong.soup.find(id="f-at-problem"))
    made = page.send("create", 200, every="week", weekday="3", at="06:30", timezone="Asia/Kolkata", format="xlsx", url="https://crm.example/reports")  # fmt: skip
    secret = made.soup.find(id="made-secret")["value"]
    assert secret.startswith("whsec_")
    again = manager.see("/reports/schedules")
    assert secret not in again.text
    row = next(one for one in again.table() if one["Report"] == saved.heading)
    assert row["When"] == "every week on Wednesday at 06:30, Asia/Kolkata"
    (schedule,) = asker(manager, web).made("GET", f"/api/v1/report-schedules?report_id={number_of(saved)}")[
        "items"
    ]
    one = manager.see(f"/reports/schedules?id={schedule['id']}")
    assert "It hasn't run yet" in one.text
    changed = one.send("change", every="month", day="31")
    assert "It runs every month on day 31 at 06:30, Asia/Kolkata." in changed.text
    paused = changed.send("switch", holding={"id": str(schedule["id"])})
    row = next(one for one in paused.table() if one["Report"] == saved.heading)
    assert (row["State"], row["Next"]) == ("paused", NOTHING)
    gone = paused.send("delete", holding={"id": str(schedule["id"])})
    assert saved.heading not in [one["Report"] for one in (gone.table() if gone.soup.find("table") else [])]


def test_files_on_the_server_are_offered_to_the_network_s_own_people_alone(web):
    partner = Visitor(web, web.key(role="partner", partner_id=web.partner()))
    page = partner.see("/reports?by=day&metrics=clicks").send("save", name="Mine", then="schedule")
    schedules = partner.see(f"/reports/schedules?report_id={number_of(page)}")
    assert [one["value"] for one in schedules.soup.find(id="f-target").find_all("option")] == ["webhook"]
    refused = schedules.send("create", 403, target="file", file_name="mine")
    assert "network" in refused.text


def test_a_metric_of_one_s_own_is_made_in_the_builder_and_part_of_the_report(web, manager):
    page = manager.see("/reports?by=day&metrics=clicks")
    name = f"per_hundred_{web.number()}"
    wrong = page.send("metric", 400, metric_name=name, formula="payout / clics", unit="money")
    problem = wrong.soup.find(id="f-formula-problem")
    assert "did you mean clicks" in wrong.words(problem)
    assert wrong.form("metric")["metric_name"] == name
    made = page.send("metric", metric_name=name, formula="payout / clicks * 100", unit="money", metric_help="x")
    assert parse_qs(urlsplit(made.path).query)["metrics"] == [f"clicks,{name}"]
    assert made.soup.find("th", attrs={"data-column": name}) is not None or "No rows" in made.text
    listed = manager.see("/reports/saved")
    row = next(one for one in listed.table("Formulas") if one["Name"] == name)
    assert row["Formula"] == "payout / clicks * 100"
    (metric,) = asker(manager, web).made("GET", f"/api/v1/custom-metrics?name={name}")["items"]
    gone = listed.send("delete-metric", holding={"id": str(metric["id"])})
    assert name not in gone.text


def test_whose_rows_a_partner_s_report_has_stays_so_in_the_builder(web):
    number = web.partner()
    partner = Visitor(web, web.key(role="partner", partner_id=number))
    page = partner.see("/reports?by=day&metrics=clicks").send("save", name="Of a partner")
    admin = Visitor(web, web.key(role="admin"))
    link = admin.see(urlsplit(page.path).path).links()["Open in the builder"]
    assert parse_qs(urlsplit(link).query)["where"] == [f"partner_id={number}"]


def test_deleting_a_report_takes_it_from_the_list(manager, saved):
    gone = saved.send("delete")
    assert urlsplit(gone.path).path == "/reports/saved"
    assert saved.heading not in gone.text


def test_a_run_and_its_trouble_are_told(web, manager, saved):
    now = dt.datetime.now(dt.UTC)
    made = asker(manager, web).made(
        "POST",
        "/api/v1/report-schedules",
        {"report_id": number_of(saved), "every": "day", "target": "webhook", "url": "https://crm.example/reports"},
    )
    with web.app.state.programs.writing() as session:
        session.add(
            ReportRun(
                schedule_id=made["id"], due_at=now, attempt=2, outcome="failed", started_at=now - dt.timedelta(seconds=3),
                ended_at=now, error="The webhook was answered with 500.",
            )
        )  # fmt: skip
    (run,) = manager.see(f"/reports/schedules?id={made['id']}").table("Runs")
    assert (run["Try"], run["Outcome"], run["Took"]) == ("2", "failed", "3 s")
    assert run["What came of it"] == "The webhook was answered with 500."

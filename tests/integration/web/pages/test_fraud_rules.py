"""Rules as forms: set, tried on past days, saved as tried; and the past judged again from its page."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.pages import Visitor
from tests.support.past import Past
from tests.support.running_service import eventually

ENTRIES = "/api/v1/fraud/rule-entries"
RUNS = "/api/v1/fraud/rescorings"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
PERSON = {"user_agent": CHROME, "method": "GET", "click_source": "redirect", "country": "DE", "language": "de"}
BOT = {**PERSON, "user_agent": "curl/8.5.0", "is_bot": True, "bot_family": "curl"}


@pytest.fixture(scope="module")
def manager(web):
    return Visitor(web, web.key(role="manager"))


@pytest.fixture
def past(web, event_store):
    made = Past(event_store)
    made.partner = web.partner()
    return made


def entries(web, code, **place):
    return web.admin.made("GET", ENTRIES, params={"code": code, **place})["items"]


def run_page(manager, web, path):
    """Return a run's page when it no longer works."""
    busy = {"computing", "applying", "committed"}
    run_id = path.rpartition("/")[2]
    eventually("its end", lambda: web.admin.made("GET", f"{RUNS}/{run_id}")["state"] not in busy)
    return manager.see(path)


def test_every_rule_stands_with_its_settings_in_force(web, manager):
    page = manager.see("/fraud/rules")
    told = web.admin.made("GET", "/api/v1/fraud/rules")["items"]
    links = page.links()
    assert {one["code"] for one in told} <= links.keys()
    request = {row["Rule"]: row for row in page.table("Rules: The request alone")}
    assert request["outdated_browser"]["Settings in force"] == "years 6"
    for one in told:
        assert manager.see(f"/fraud/rules/{one['code']}").heading == one["code"]


def test_a_form_has_every_setting_with_bounds_help_and_what_holds_otherwise(web, manager):
    for code in ("ip_velocity", "ctit_too_fast", "bot_user_agent"):
        page = manager.see(f"/fraud/rules/{code}")
        for setting in web.admin.made("GET", f"/api/v1/fraud/rules/{code}")["settings"]:
            field = page.soup.find(attrs={"name": f"settings.{setting['name']}"})
            around = page.words(field.find_parent("div", class_="field"))
            assert setting["help"] in around
            if setting["type"] != "boolean":
                assert f"From {setting['minimum']:,.10g} to {setting['maximum']:,.10g}." in around
                default = setting["default"]
                assert field["placeholder"] == ("none" if default is None else f"{default:g}")


def test_what_is_saved_is_what_was_typed_and_nothing_else(web, manager):
    partner = web.partner()
    page = manager.see(f"/fraud/rules/ip_velocity?partner_id={partner}")
    saved = page.send(
        "try",
        do="save",
        note="A farm",
        **{"settings.per_minute": "30", "action": "block", "block": "source", "block_minutes": "60"},
    )
    (entry,) = entries(web, "ip_velocity", partner_id=partner)
    assert (entry["settings"], entry["enabled"], entry["action"]) == ({"per_minute": 30}, None, "block")
    assert (entry["block"], entry["block_minutes"], entry["offer_id"]) == ("source", 60, None)
    assert (entry["note"], saved.form("try")["note"]) == ("A farm", "A farm")
    assert saved.form("try")["settings.per_minute"] == "30"
    assert "per minute 30" in saved.table("What is set beyond the defaults")[0]["What is set"]
    again = saved.send("try", do="save", **{"settings.per_minute": "", "settings.counts": "no", "action": "mark"})
    (entry,) = entries(web, "ip_velocity", partner_id=partner)
    assert (entry["settings"], entry["action"], entry["block"]) == ({"counts": False}, "mark", None)
    again.send("delete", holding={"entry_id": str(entry["id"])})
    assert entries(web, "ip_velocity", partner_id=partner) == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"settings.per_minute": "0"}, "settings.per_minute"),
        ({"settings.per_minute": "many"}, "settings.per_minute"),
        ({"settings.per_minute": "100", "settings.per_hour": "90"}, "settings.per_hour"),
        ({"action": "block", "block": "source"}, "block_minutes"),
        ({"action": "block", "block_minutes": "5"}, "block"),
    ],
)
def test_what_cant_work_is_refused_beside_its_field_and_kept_as_typed(web, manager, typed, field):
    partner = web.partner()
    page = manager.see(f"/fraud/rules/ip_velocity?partner_id={partner}")
    refused = page.send("try", 422, do="save", **typed)
    wrong = refused.soup.find(attrs={"name": field, "aria-invalid": "true"})
    assert wrong is not None
    assert {name: refused.form("try")[name] for name in typed} == typed
    assert entries(web, "ip_velocity", partner_id=partner) == []


def test_a_setting_is_tried_on_past_days_shown_and_saved_as_it_was_tried(web, manager, past):
    past.first = dt.datetime.now(dt.UTC).date()
    moment = int(dt.datetime.now(dt.UTC).timestamp() * 1000) - 1000
    clicks = past.clicks(past.day(0), *["x"] * 12, ts=moment, ip="85.214.132.9", is_unique=True, **PERSON)
    past.convert(clicks[-1])
    page = manager.see(f"/fraud/rules/ip_velocity?partner_id={past.partner}")
    done = manager.post(
        page.path, page.form("try") | {"days": "1", "settings.per_minute": "5", "action": "reject"}
    )
    path = done.headers["location"]
    shown = run_page(manager, web, path)
    found = web.admin.made("GET", f"{RUNS}/{path.rpartition('/')[2]}")["difference"]
    clicks_by = {row["Verdict"]: row for row in shown.table("Clicks by verdict")}
    counts = found["verdicts"]["click"]
    for verdict, row in clicks_by.items():
        assert row["Before"] == f"{counts['before'].get(verdict, 0):,}"
        assert row["After"] == f"{counts['after'].get(verdict, 0):,}"
    (partner,) = [row for row in shown.table("Partners whose clicks") if row["No longer valid"] == "7"]
    assert partner["Partner"] == web.admin.made("GET", f"/api/v1/partners/{past.partner}")["name"]
    assert ("reject", "1", "€3.00") in [
        (row["What follows"], row["Conversions"], row["Payout"]) for row in shown.table("Approved and pending")
    ]
    assert entries(web, "ip_velocity", partner_id=past.partner) == []
    further = manager.see(shown.links()["Change them further"])
    assert further.form("try")["settings.per_minute"] == "5"
    saved = shown.send("save")
    (entry,) = entries(web, "ip_velocity", partner_id=past.partner)
    assert (entry["settings"], entry["action"]) == ({"per_minute": 5}, "reject")
    assert "Saved as it was tried." in saved.text


def test_analysts_try_and_dont_save(web):
    analyst = Visitor(web, web.key(role="analyst"))
    page = analyst.see("/fraud/rules/ip_velocity")
    assert not page.soup.find_all("button", value="save")
    assert analyst.post(page.path, page.form("try") | {"do": "save"}).status_code == 403
    assert page.send("try", 422, **{"settings.per_minute": "0"}).soup.find(attrs={"aria-invalid": "true"})


def test_the_past_is_proposed_with_its_payout_difference_applied_or_forgotten(web, manager, past):
    past.clicks(past.day(0), "a", "b", **BOT)
    past.clicks(past.day(0), "c", **PERSON)
    fields = {"from": str(past.day(0)), "to": str(past.day(0)), "partner_id": str(past.partner)}

    def proposed():
        page = manager.see("/fraud/past")
        return manager.post("/fraud/past", page.form("propose") | fields).headers["location"]

    path = proposed()
    page = run_page(manager, web, path)
    assert "Payout in EUR -€0.20" in page.text
    assert past.verdicts() == {"valid": 3}
    page.send("cancel")
    assert past.verdicts() == {"valid": 3}
    path = proposed()
    page = run_page(manager, web, path)
    page.after(manager.post(path, page.form("apply")))
    assert "applied" in run_page(manager, web, path).text
    assert past.verdicts() == {"valid": 1, "invalid": 2}
    name = web.admin.made("GET", f"/api/v1/partners/{past.partner}")["name"]
    rows = [row for row in manager.see("/fraud/past").table("Re-scorings") if name in str(row)]
    assert [row["State"] for row in rows] == ["applied", "cancelled"]
    refused = manager.see("/fraud/past").send("propose", 400, **{"from": "2026-11-09", "to": "2026-11-01"})
    assert "it holds no day" in refused.text


def test_what_isn_t_there_is_a_page_that_says_so(manager):
    for path in (
        "/fraud/rules/nothing",
        "/fraud/past/nothing",
        "/fraud/partners/2147483647",
        "/disputes/2147483647",
    ):
        assert manager.see(path, 404).heading == "There is nothing here"
    assert manager.get("/fraud/rules/ip_velocity?tried=nothing").status_code == 404


@pytest.mark.parametrize("value", ["", "\x00", "9" * 5_000, "nan", "-1", "1e400", "\u0663"])
def test_forms_of_odd_values_are_answered(manager, value):
    names = (
        "settings.per_minute",
        "settings.counts",
        "partner_id",
        "offer_id",
        "action",
        "block",
        "block_minutes",
    )
    names += (
        "enabled",
        "days",
        "entry_id",
        "from",
        "to",
        "id",
        "kind",
        "value",
        "hours",
        "reason",
        "mark",
        "note",
    )
    names += ("mark_id", "block_id", "status", "version", "day", "state", "text", "revision", "conversion_id")
    names += ("first_day", "last_day")
    odd = dict.fromkeys(names, value)
    for path, acts in (
        ("/fraud/rules/ip_velocity", ("try", "save", "delete")),
        ("/fraud/partners/1", ("mark", "unmark", "block", "unblock", "status")),
        ("/fraud/partners/odd", ("mark", "block", "status")),
        ("/fraud/partners", ("score",)),
        ("/fraud/past", ("propose",)),
        ("/fraud/past/odd", ("apply", "cancel", "save")),
        ("/fraud/models", ("roll-back",)),
        ("/fraud/blocklist", ("add", "end")),
        ("/disputes", ("open",)),
        ("/disputes/1", ("say", "decide", "withdraw")),
    ):
        for act in acts:
            only = {"settings.per_minute": value, "days": "1"} if (act, value) == ("try", "") else {}
            answer = manager.post(path, odd | only | {"do": act})
            assert answer.status_code < 500, (path, act, answer.text[:800])

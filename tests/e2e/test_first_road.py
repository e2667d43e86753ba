"""From a click to a report, as its users walk it: commands, browser, advertiser's server, analyst."""

from __future__ import annotations

import csv
import io
import json
import stat

import pytest

from tests.support.running_service import RunningService, eventually, make_program

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(tmp_path_factory.mktemp("road"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def ids(service):
    return make_program(service)


def click_id_of(response):
    assert response.status_code == 302, response.text
    location = response.headers["location"]
    assert location.startswith("https://shop.example/?cid=")
    return location.removeprefix("https://shop.example/?cid=")


def test_run_json_says_who_runs_where_and_the_admin_key_is_its_owners_alone(service):
    running = service.running()
    assert (running.edge_url, running.web_url, running.pid) == (
        service.edge_url, service.web_url, service.process.pid,
    )  # fmt: skip
    assert {role: len(pids) for role, pids in running.children.items()} == {"valkey": 1, "backend": 1, "edge": 2}
    assert stat.S_IMODE((service.data_dir / "admin.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((service.data_dir / "click.keys").stat().st_mode) == 0o600


def test_a_link_made_by_command_works_at_once_and_its_sale_is_in_the_report(service, ids):
    first = click_id_of(service.click(f"/click?offer_id={ids['offer']}&partner_id={ids['partner']}&sub1=road-a"))
    second = click_id_of(service.click("/c/nora1", **{"X-Forwarded-For": "8.8.8.8"}))
    assert first != second
    answer = service.http.get(
        f"{service.edge_url}/postback", params={"click_id": second, "txn_id": "o-1", "amount": "49.90"}
    )
    assert answer.status_code == 200
    assert answer.json()["status"] == "accepted"
    again = service.http.post(f"{service.edge_url}/postback", json={"cid": second, "order_id": "o-1", "sum": 49.9})
    assert again.json()["status"] == "duplicate"

    wanted = {
        "dimensions": ["partner", "offer", "sub1", "country"],
        "metrics": ["gross_clicks", "clicks", "total_conversions", "payout", "revenue", "amount"],
        "currency": "EUR",
        "sort": [{"by": "gross_clicks", "desc": True}],
    }
    rows = eventually(
        "both clicks and the sale",
        lambda: [
            r for r in service.report(**wanted) if r["sub1"] in {"spring", "road-a"} and r["partner"] == "Nora"
        ],
    )
    eventually("the sale", lambda: sum(r["total_conversions"] for r in service.report(**wanted)) >= 1)
    rows = {r["sub1"]: r for r in service.report(**wanted)}
    assert rows["spring"] == {
        "partner": "Nora", "partner_id": ids["partner"], "offer": "Shoes", "offer_id": ids["offer"],
        "sub1": "spring", "country": "US", "gross_clicks": 1, "clicks": 1, "total_conversions": 1,
        "payout": 1.5, "revenue": 2, "amount": 49.9,
    }  # fmt: skip
    assert rows["road-a"]["total_conversions"] == 0


def test_the_command_line_reports_and_exports_what_the_api_says(service, ids):
    cid = click_id_of(service.click(f"/click?o={ids['offer']}&aff_id={ids['partner']}&s1=cli"))
    days = ("--from", "2020-01-01", "--to", "2099-01-01")
    eventually(
        "the click in the export",
        lambda: cid in service.command("export", "clicks", *days, "--columns", "click_id").stdout,
    )
    exported = service.command(
        "export", "clicks", *days, "--columns", "click_id,sub1,os,browser,device_type,verdict"
    )
    row = next(r for r in csv.DictReader(io.StringIO(exported.stdout)) if r["click_id"] == cid)
    assert row == {
        "click_id": cid, "sub1": "cli", "os": "Android", "browser": "Chrome Mobile",
        "device_type": "mobile", "verdict": row["verdict"],
    }  # fmt: skip
    assert row["verdict"] in {"valid", "duplicate"}
    answer = service.command(
        "report", *days, "--by", "partner,sub1", "--metrics", "gross_clicks,cr_gross", "--filter", "sub1=cli",
        "--format", "json",
    )  # fmt: skip
    assert json.loads(answer.stdout)["rows"] == [
        {"partner": "Nora", "partner_id": ids["partner"], "sub1": "cli", "gross_clicks": 1, "cr_gross": 0}
    ]


def test_a_click_on_nothing_is_a_plain_page_and_still_in_the_report(service, ids):
    for path, reason in (
        (f"/click?offer_id=99999&partner_id={ids['partner']}&sub1=nothing", "offer_unknown"),
        (f"/click?offer_id={ids['offer']}&partner_id=99999&sub1=nothing", "partner_unknown"),
        ("/c/no-such-link?sub1=nothing", "link_unknown"),
    ):
        response = service.click(path)
        assert response.status_code == 404
        assert "not available" in response.text
        eventually(
            f"a click with trafficback reason {reason}",
            lambda reason=reason: service.report(
                dimensions=["trafficback_reason"], metrics=["trafficback_clicks", "clicks"],
                filters=[{"dimension": "trafficback_reason", "op": "eq", "values": [reason]}],
            ) == [{"trafficback_reason": reason, "trafficback_clicks": 1, "clicks": 0}],
        )  # fmt: skip


def test_a_postback_that_cannot_be_is_refused_with_its_reason_and_kept(service, ids):
    cid = click_id_of(service.click(f"/click?offer_id={ids['offer']}&partner_id={ids['partner']}"))
    forged = cid[:-1] + ("A" if cid[-1] != "A" else "B")
    for parameters, status, code in (
        ({"click_id": forged}, 403, "click_id_forged"),
        ({"click_id": cid[:20]}, 400, "click_id_malformed"),
        ({}, 400, "click_id_missing"),
        ({"click_id": cid, "amount": "-5"}, 400, "amount_negative"),
        ({"click_id": cid, "currency": "XXQ"}, 400, "currency_unknown"),
    ):
        answer = service.http.get(f"{service.edge_url}/postback", params={**parameters, "txn_id": "kept"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        eventually(
            f"a rejected row with {code}",
            lambda code=code: (
                code
                in service.command(
                    "export", "rejected", "--from", "2020-01-01", "--to", "2099-01-01", "--columns", "reason,raw"
                ).stdout
            ),
        )


def test_metrics_and_health_answer_on_both_sides(service):
    for url in (service.edge_url, service.web_url):
        assert service.http.get(f"{url}/healthz").status_code == 200
        assert service.http.get(f"{url}/readyz").json()["ready"] is True
        eventually(
            "clicks in the metrics",
            lambda url=url: "clickledger_clicks_total" in service.http.get(f"{url}/metrics").text,
        )


def test_without_a_key_nothing_is_told(service):
    for method, path in (
        ("GET", "/api/v1/partners"),
        ("POST", "/api/v1/reports/query"),
        ("GET", "/api/v1/pipeline"),
    ):
        answer = service.http.request(method, service.web_url + path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


def test_simulated_requests_through_the_edge_are_judged(service):
    asked = ("--scenario", "crawlers,link-checkers,prefetches", "--clicks", 20, "--visitors", 40, "--seed", 7)
    told = service.command("simulate", *asked, "--through", "edge", "--over", "1s", "--json")
    found = json.loads(told.stdout)
    assert told.stderr == ""
    assert (found["missing"], found["refusals"]) == (0, {})
    for name, reason in (
        ("crawlers", "bot_user_agent"),
        ("link-checkers", "non_get_method"),
        ("prefetches", "prefetch"),
    ):
        measured = found["scenarios"][name]
        assert (measured["events"], measured["invalid"]) == (20, 1), name
        assert measured["reasons"][reason] == 20
    assert found["ordinary"]["clicks"]["events"] >= 40
    assert found["ordinary"]["clicks"]["caught"] == 0
    for kind, name in (("partners", "crawlers"), ("offers", "sale"), ("advertisers", "")):
        names = {entry["name"] for entry in service.api().get(f"/api/v1/{kind}")["items"]}
        assert any(one.startswith(f"simulated {name}") for one in names), names

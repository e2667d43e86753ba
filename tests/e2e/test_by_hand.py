"""What people do to conversions and links by hand, over the running service."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from tests.support.running_service import RunningService, eventually
from tests.support.waiting import join

pytestmark = pytest.mark.service


class Page(http.server.BaseHTTPRequestHandler):
    """A landing page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def page():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        join(thread)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(
        tmp_path_factory.mktemp("hand"), edge_workers=1, outbound_allowed_networks="127.0.0.0/8", currency="USD"
    )
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def program(service, page):
    """An advertiser's offer with a share, and a link to it."""
    api = service.api()
    acme = api.post("/api/v1/advertisers", {"name": "Acme", "require_token": True})
    nora = api.post("/api/v1/partners", {"name": "Nora"})
    offer = api.post(
        "/api/v1/offers",
        {
            "name": "Shoes",
            "advertiser_id": acme["id"],
            "destination": page + "/lp?cid={click_id}",
            "payout": "1.50",
            "payout_percent": "8",
            "revenue": "2",
            "revenue_percent": "10",
            "currency": "USD",
        },
    )
    link = api.post("/api/v1/links", {"partner_id": nora["id"], "offer_id": offer["id"], "code": "nora"})
    return {"acme": acme, "nora": nora, "offer": offer, "link": link}


def clicked(service):
    location = eventually("a redirect", lambda: service.click("/c/nora").headers.get("location"))
    return location.rpartition("cid=")[2]


def shown(service, conversion_id, **wanted):
    """Return a conversion once it is as wanted."""

    def look():
        answer = service.http.get(
            f"{service.web_url}/api/v1/conversions/{conversion_id}",
            headers={"Authorization": f"Bearer {(service.data_dir / 'admin.key').read_text().strip()}"},
        )
        if answer.status_code == 404:
            return None
        body = answer.json()
        return body if wanted.items() <= body["conversion"].items() else None

    return eventually(f"the conversion as {wanted}", look)


def test_a_link_test_walks_every_hop_and_counts_nothing(service, program):
    told = json.loads(service.command("link", "test", "nora", "--json").stdout)
    assert [(hop["hop"], hop["state"]) for hop in told["hops"]] == [
        ("link", "ok"),
        ("click", "ok"),
        ("landing", "ok"),
        ("postback", "ok"),
        ("report", "ok"),
        ("outgoing", "ok"),
    ]
    report = told["hops"][4]
    assert report["expected"] == report["actual"]
    # 1.50 + 8 % and 2 + 10 % of the 100 the test sells for.
    assert "payout 9.5 USD, revenue 12 USD" in report["actual"]
    assert told["hops"][1]["actual"].endswith(told["click_id"])
    counted = service.report(metrics=["gross_clicks", "total_conversions"])
    assert [(row["gross_clicks"], row["total_conversions"]) for row in counted] == [(0, 0)]
    assert shown(service, told["conversion_id"])["conversion"]["is_test"] is True


def test_a_test_postback_is_taken_by_the_edge_stored_and_counted_nowhere(service, program):
    fired = {"offer_id": program["offer"]["id"], "amount": "50", "proof": "signature"}
    told = service.api().post("/api/v1/postbacks/test", fired)
    assert (told["outcome"], told["http_status"], told["ok"]) == ("accepted", 200, True)
    # 1.50 + 8 % and 2 + 10 % of the 50 it was fired with.
    assert told["conversion"] == {
        "status": "approved", "reject_reason": "", "payout": "5.5", "revenue": "7", "currency": "USD",
        "is_test": True,
    }  # fmt: skip
    counted = service.report(metrics=["gross_clicks", "total_conversions"])
    assert [(row["gross_clicks"], row["total_conversions"]) for row in counted] == [(0, 0)]
    refused = service.api().post("/api/v1/postbacks/test", fired | {"proof": "none"})
    assert (refused["outcome"], refused["code"]) == ("refused", "token_missing")
    path = f"/api/v1/postbacks/received?advertiser_id={program['acme']['id']}"

    def both():
        found = service.api().get(path)["items"]
        return found if {"accepted", "refused"} <= {one["outcome"] for one in found} else None

    received = eventually("both in the log", both)
    latest = {one["outcome"]: one for one in reversed(received)}
    assert latest["accepted"]["conversion_id"] == told["conversion_id"]
    assert (latest["refused"]["reason"], latest["refused"]["is_test"]) == ("token_missing", True)
    done = service.command("postback", "test", "Shoes", "--amount", "1,5", check=False)
    assert (done.returncode, "amount_invalid" in done.stdout) == (1, True)
    listed = service.command("postback", "received", "--advertiser", "Acme", "--outcome", "refused").stdout
    assert "token_missing" in listed
    assert told["conversion_id"] not in listed


def test_a_link_test_says_what_is_wrong_and_what_to_do(service, program):
    api = service.api()
    api.patch(f"/api/v1/offers/{program['offer']['id']}", {"status": "paused"})
    done = service.command("link", "test", "nora", check=False)
    api.patch(f"/api/v1/offers/{program['offer']['id']}", {"status": "active"})
    assert done.returncode == 1
    assert "Shoes is paused" in done.stdout
    assert "offer_paused" in done.stdout
    assert "not tried" in done.stdout


def test_a_fraud_rule_sends_bots_to_the_fallback_and_the_link_test_says_which(service, program):
    bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    service.command("fraud", "rules", "set", "bot_user_agent", "--offer", "Shoes", "--action", "fallback")
    eventually(
        "the edge to know the rule", lambda: service.click("/c/nora", **{"User-Agent": bot}).status_code == 404
    )
    assert service.click("/c/nora").status_code == 302
    done = service.command("link", "test", "nora", "--user-agent", bot, "--json", check=False)
    hop = json.loads(done.stdout)["hops"][1]
    service.command("fraud", "rules", "unset", "bot_user_agent", "--offer", "Shoes")
    assert hop["state"] == "failed"
    assert hop["advice"] == (
        "The click was turned away: the fraud rule bot_user_agent sends it to the fallback; see docs/fraud.md."
    )


def test_a_link_test_warns_of_a_goal_that_the_offer_doesnt_know(service, program):
    hops = json.loads(service.command("link", "test", "nora", "--goal", "lede", "--json").stdout)["hops"]
    (postback,) = [hop for hop in hops if hop["hop"] == "postback"]
    assert postback["state"] == "warning"
    assert "unknown goal 'lede'" in postback["actual"]
    assert "earn nothing" in postback["advice"]


def test_conversions_are_entered_corrected_and_rejected_with_their_history(service, program):
    click_id = clicked(service)
    api = service.api()
    made = api.post(
        "/api/v1/conversions",
        {"click_id": click_id, "txn_id": "by-hand", "amount": "50", "status": "pending", "reason": "phone order"},
    )
    assert (made["status"], made["conversion_status"]) == ("accepted", "pending")
    first = shown(service, made["conversion_id"], status="pending")["conversion"]
    assert (first["payout"], first["revenue"], first["currency"]) == ("5.500000", "7.000000", "USD")

    api.patch(
        f"/api/v1/conversions/{made['conversion_id']}", {"payout": "4", "status": "approved", "reason": "agreed"}
    )
    second = shown(service, made["conversion_id"], status="approved")["conversion"]
    assert (second["payout"], second["revenue"]) == ("4.000000", "7.000000")
    service.command("conversion", "change", made["conversion_id"], "--status", "rejected", "--reason", "fraud")
    last = shown(service, made["conversion_id"], status="rejected")
    assert last["conversion"]["reject_reason"] == "fraud"
    assert [(s["status"], s["change_reason"], s["conversion_source"], s["actor"]) for s in last["history"]] == [
        ("pending", "phone order", "api", "admin key"),
        ("approved", "agreed", "api", "admin key"),
        ("rejected", "fraud", "api", "admin key"),
    ]
    refused = service.command(
        "conversion", "change", made["conversion_id"], "--status", "approved", "--reason", "again", check=False
    )
    assert refused.returncode == 1
    assert "is rejected" in refused.stderr


def test_an_upload_lands_its_good_rows_and_returns_the_bad_ones_with_line_and_reason(service, program, tmp_path):
    one, two = clicked(service), clicked(service)
    file = tmp_path / "sales.csv"
    file.write_text(
        "clickid,order_id,sum,status\n"
        f"{one},u-1,10.00,approved\n"
        f"{two},u-2,ten,approved\n"
        f"{two},u-3,20.00,lost\n"
        f"{'A' * 32},u-4,1,approved\n"
        f"{one},u-1,10.00,approved\n"
        f"{two},u-5,30.00,pending,surplus\n"
        f"{two},u-6,40.00,pending\n"
    )
    dry = json.loads(service.command("conversion", "upload", file, "--dry-run", "--json", check=False).stdout)
    assert dry["counts"] == {"valid": 3, "rejected": 4}

    done = service.command("conversion", "upload", file, "--json", check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [(row["line"], row["status"], row.get("code")) for row in told["results"]] == [
        (2, "accepted", None),
        (3, "rejected", "amount_invalid"),
        (4, "rejected", "status_unknown"),
        (5, "rejected", "click_id_forged"),
        (6, "duplicate", None),
        (7, "rejected", "row_invalid"),
        (8, "accepted", None),
    ]
    stored = shown(service, told["results"][0]["conversion_id"], status="approved")["conversion"]
    assert (stored["amount"], stored["conversion_source"]) == ("10.000000", "upload")
    assert (
        shown(service, told["results"][6]["conversion_id"], status="pending")["conversion"]["amount"]
        == "40.000000"
    )

    def kept():
        export = service.command(
            "export",
            "rejected",
            "--from",
            "2020-01-01",
            "--to",
            "2099-01-01",
            "--columns",
            "kind,reason,raw",
            "--format",
            "jsonl",
        ).stdout
        rows = [json.loads(line) for line in export.splitlines()]
        found = {row["reason"]: row["raw"] for row in rows if row["kind"] == "upload"}
        return found if len(found) == 4 else None

    reasons = eventually("the four refused rows", kept)
    assert reasons["amount_invalid"] == f"{two},u-2,ten,approved\n"


def test_an_adjustment_of_nothing_is_refused(service, program):
    done = service.command(
        "adjustment", "create", "--partner", "Nora", "--currency", "USD", "--reason", "x", check=False
    )
    assert done.returncode == 1
    assert "Name the money" in done.stderr


def test_an_adjustment_is_money_in_the_report_and_no_conversion_and_counts_once(service, program):
    def earned():
        (row,) = service.report(
            metrics=["payout", "total_conversions"],
            filters=[{"dimension": "attribution", "op": "eq", "value": "adjustment"}],
            currency="USD",
        )
        return row["payout"], row["total_conversions"]

    for _ in range(2):
        service.command(
            *("adjustment", "create", "--partner", "Nora", "--offer", "Shoes", "--currency", "USD"),
            *("--payout", "-2.25", "--reason", "bonus taken back", "--adjustment-id", "bonus-1"),
        )
    service.command(
        *("adjustment", "create", "--partner", "Nora", "--currency", "USD", "--payout", "5", "--reason", "bonus")
    )
    eventually("both adjustments", lambda: earned() == (2.75, 0))


def test_an_advertiser_reaches_its_own_conversions_only_and_sets_no_payout(service, program):
    api = service.api()
    click_id = clicked(service)
    made = api.post(
        "/api/v1/conversions", {"click_id": click_id, "txn_id": "own", "status": "pending", "reason": "test"}
    )
    shown(service, made["conversion_id"], status="pending")
    other = api.post("/api/v1/advertisers", {"name": "Other"})

    def asker(advertiser_id):
        key = api.post(
            "/api/v1/keys",
            {"name": f"of {advertiser_id}", "role": "advertiser", "advertiser_id": advertiser_id},
        )["key"]
        return {"Authorization": f"Bearer {key}"}

    own, foreign = asker(program["acme"]["id"]), asker(other["id"])
    url = f"{service.web_url}/api/v1/conversions"

    def change(headers, **body):
        return service.http.patch(f"{url}/{made['conversion_id']}", json={"reason": "r", **body}, headers=headers)

    assert service.http.get(f"{url}/{made['conversion_id']}", headers=foreign).status_code == 404
    assert change(foreign, status="approved").status_code == 404
    answer = service.http.post(url, json={"click_id": click_id, "txn_id": "x", "reason": "r"}, headers=foreign)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "offer_unknown")
    assert change(own, payout="100").status_code == 403
    assert "payout" not in service.http.get(f"{url}/{made['conversion_id']}", headers=own).json()["conversion"]
    assert change(own, status="approved").json()["status"] == "updated"
    shown(service, made["conversion_id"], status="approved")
    adjusted = service.http.post(
        f"{service.web_url}/api/v1/adjustments",
        json={"partner_id": program["nora"]["id"], "currency": "USD", "payout": "1", "reason": "r"},
        headers=own,
    )
    assert adjusted.status_code == 403

"""The demo of ``up --demo``: it fills itself, says that it is one, and goes whole, with nothing of anybody else's."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from clickledger.demo import history, operations, state
from fraud.forest import Shelf
from fraud.forest.shelf import DIRECTORY as MODELS
from fraud.forest.training import train
from tests.support.forest import ordinary, replayed
from tests.support.running_service import RunningService, eventually

pytestmark = pytest.mark.service
ENSURE = "/api/v1/programs/ensure"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(tmp_path_factory.mktemp("demo"), demo="true")
    try:
        running.start()
        eventually("the demo's program", lambda: state.read(running.data_dir))
        yield running
    finally:
        running.close()


def ask(service, *words, answer=""):
    return subprocess.run(
        [sys.executable, "-m", "clickledger", "demo", *words],
        env=service.environment,
        input=answer,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def names(service, what):
    return {entry["name"] for entry in service.api().get(f"/api/v1/{what}")["items"]}


def clicks_by(service, dimension):
    return {
        row[dimension]: row["gross_clicks"]
        for row in service.report(dimensions=[dimension], metrics=["gross_clicks"])
    }


def test_the_demo_fills_itself_and_goes_whole_and_nothing_else_goes(service):
    api = service.api()
    mine = api.post(
        ENSURE,
        {
            "advertisers": [{"name": "Mine"}],
            "partners": [{"name": "Me"}],
            "offers": [
                {
                    "name": "Own",
                    "advertiser": "Mine",
                    "destination": "https://own.example/?c={click_id}",
                    "payout": "1",
                }
            ],
            "links": [
                {"partner": "Me", "offer": "Own", "code": "own"},
                {"partner": "Me", "offer": "Hotel bookings, 5 % per sale (demo)", "code": "both"},
            ],
        },
    )
    eventually("the own link", lambda: service.click("/c/own").status_code == 302)
    assert service.click("/c/both").headers["location"].startswith("https://example.com/hotels")
    eventually("a stretch of history", lambda: state.read(service.data_dir).days, 60)
    eventually("own clicks", lambda: clicks_by(service, "partner").get("Me") == 2)

    told = ask(service, "status")
    assert told.returncode == 0
    assert "The demo is there" in told.stdout
    assert ask(service, "remove", answer="n\n").returncode == 1
    assert state.is_there(service.data_dir)
    _, stored, card = train(replayed(ordinary(3_000)))
    Shelf(service.data_dir / MODELS).put(stored, card, keep=10)
    assert api.get("/api/v1/fraud/models")["version"] == card.version
    before = clicks_by(service, "partner")
    assert before["Newsletter Nora (demo)"] > 100

    done = ask(service, "remove", "--yes")

    assert done.returncode == 0, done.stderr
    assert "The demo is gone" in done.stdout
    demo = state.read(service.data_dir)
    kept = (
        demo.offers["Hotel bookings, 5 % per sale (demo)"],
        demo.advertisers["Hotel bookings, 5 % per sale (demo)"],
    )
    assert f"offers {kept[0]}" in done.stdout
    assert f"advertisers {kept[1]}" in done.stdout
    assert clicks_by(service, "partner") == {"Me": 2}
    assert sum(clicks_by(service, "country").values()) == 2
    assert names(service, "partners") == {"Me"}
    assert names(service, "offers") == {"Own", "Hotel bookings, 5 % per sale (demo)"}
    assert {link["id"] for link in api.get("/api/v1/links")["items"]} == {link["id"] for link in mine["links"]}
    assert not api.get("/api/v1/caps")["items"]
    assert api.get("/api/v1/fraud/models")["models"] == []
    assert "removed" in ask(service, "status").stdout
    assert ask(service, "remove", "--yes").returncode == 1
    assert "demo" not in service.running().children, "its process goes on"


def test_a_day_that_isnt_over_holds_nothing_that_is_to_come():
    whole = history.stretch(20, 2, date(2026, 11, 1), 10 * history.DAY_MS)
    now = history.DAY_MS + history.DAY_MS // 2
    part = history.stretch(20, 2, date(2026, 11, 1), now)

    assert max(one.at for one in (*part.clicks, *part.conversions)) < now
    assert 0 < len(part.clicks) < len(whole.clicks) < 4_000
    assert [click.number for click in part.clicks] == list(range(len(part.clicks)))
    for conversion in part.conversions:
        assert conversion.at >= part.clicks[conversion.click].at


def test_a_demo_that_was_removed_stays_removed(tmp_path):
    assert not state.is_there(tmp_path)
    with state.changing(tmp_path) as demo:
        demo.entries = {"partners": [1]}
    assert state.is_there(tmp_path)
    with state.changing(tmp_path) as demo:
        demo.state = "removed"
    assert not state.is_there(tmp_path)
    assert state.read(tmp_path).entries == {"partners": [1]}


def test_pages_tell_how_far_the_demo_is_made_while_it_fills_itself(tmp_path):
    assert operations.said(tmp_path) == ""
    with state.changing(tmp_path) as demo:
        demo.days = 7
    assert f"still filling itself: 7 of {history.DAYS + 1} days" in operations.said(tmp_path)
    with state.changing(tmp_path) as demo:
        demo.is_furnished = True
    assert operations.said(tmp_path) == (
        "What you see is made-up demo traffic. Remove it with clickledger demo remove."
    )
    with state.changing(tmp_path) as demo:
        demo.state = "removed"
    assert operations.said(tmp_path) == ""

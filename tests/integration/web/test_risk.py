"""Partner risk over the API and by ``clickledger fraud risk``."""

from __future__ import annotations

import datetime as dt
import json
import random

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands.fraud import risk
from clickledger.commands.rollup import DAY_UNREADABLE
from clickledger.roles.risk import marks_of
from clickledger.service import Service
from kernel.errors import ClickledgerError
from tests.support.risk import ordinary, own_day, store
from tests.support.web import ADMIN_KEY

PATH = "/api/v1/fraud/risk"


@pytest.fixture(scope="module")
def network(web, event_store):
    """A day with a bot farm among twelve partners, and one of nearly no clicks; scored over the API."""
    day, dice = own_day(), random.Random(3)
    farm, small, *others = [web.partner() for _ in range(14)]
    clicks = ordinary(dice, day, small, 12)
    for partner in (farm, *others):
        own = ordinary(dice, day, partner, 160)
        for click in own:
            if partner == farm:
                click.update(ip="7.7.7.7", ip_prefix="7.7.7.0/24")
        clicks += own
    store(event_store, clicks)
    # Partners stored behind the API's back have names for others from the program's next change on.
    web.admin.made("POST", "/api/v1/partners", {"name": f"Newcomer {day}"})
    scored = web.admin.made("POST", f"{PATH}/runs", {"day": str(day)})
    return day, farm, small, others, scored


@pytest.fixture
def run(web, monkeypatch):
    """Run the command against the role."""
    service = Service("http://testserver", ADMIN_KEY, transport=web.client._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    app.callback()(lambda: None)
    risk.register(app)

    def run(*words):
        return CliRunner().invoke(app, ["risk", *map(str, words)], terminal_width=250, env={"COLUMNS": "250"})

    return run


def test_a_day_s_ranking_says_who_why_and_by_which_method(web, network):
    day, farm, small, others, scored = network
    found = web.admin.made("GET", PATH, params={"day": str(day)})
    assert {key: found[key] for key in scored} == scored
    assert (found["method"], found["judged"], found["clicks"]) == ("peers", 13, 13 * 160 + 12)
    assert "Ranked without labels" in found["note"]
    first, last = found["items"][0], found["items"][-1]
    assert (first["partner_id"], first["score"], first["place"], first["change"]) == (farm, 100, 1, None)
    assert first["partner"].startswith("Partner ")
    assert first["reasons"][0]["code"] in {"address_share_day", "prefix_share_day", "address_entropy_1h"}
    shares = [reason for reason in first["reasons"] if "partners with similar volume" in reason["sentence"]]
    assert shares == first["reasons"]
    assert (last["partner_id"], last["method"], last["score"]) == (small, "too_few", 0)
    assert {item["partner_id"] for item in found["items"]} == {farm, small, *others}


def test_the_ranking_can_be_cut_sorted_and_asked_for_one_partner(web, network):
    day, farm, small, _, _ = network
    two = web.admin.made("GET", PATH, params={"day": str(day), "limit": 2, "sort": "partner"})["items"]
    assert [item["partner_id"] for item in two] == [farm, small]
    busiest = web.admin.made("GET", PATH, params={"day": str(day), "sort": "clicks"})["items"]
    assert busiest[-1]["partner_id"] == small
    (one,) = web.admin.made("GET", PATH, params={"day": str(day), "partner_id": farm})["items"]
    assert one["partner_id"] == farm


def test_one_partner_s_answer_has_its_days_and_its_behaviour_beside_its_peers(web, network):
    day, farm, _, _, _ = network
    found = web.admin.made("GET", f"{PATH}/{farm}", params={"day": str(day)})
    assert found["history"] == [
        {"day": str(day), "score": 100, "place": 1, "judged": 13, "method": "peers", "clicks": 160}
    ]
    measured = {one["name"]: one for one in found["behaviour"]}
    assert measured["address_share_day"]["value"] == 1
    assert measured["address_share_day"]["peers_median"] < 0.1
    assert measured["address_share_day"]["sentence"] == "100 % of this partner's clicks come from one address"
    assert measured["ctit_p50"] == {"name": "ctit_p50", "value": None, "peers_median": None, "sentence": ""}


def test_scoring_again_after_marks_says_how_many_there_are(web, network):
    day, farm, _, others, _ = network
    marks = "/api/v1/fraud/marks"
    # Marks of all partners count, those of other tests too.
    for one in web.admin.made("GET", marks, params={"limit": 1000})["items"]:
        web.admin.made("DELETE", f"{marks}/{one['id']}")
    for partner, mark in ((farm, "fine"), (farm, "fraud"), (others[0], "fine")):
        web.admin.made("POST", marks, {"partner_id": partner, "mark": mark})
    assert marks_of(web.app.state.programs)() == {farm: True, others[0]: False}
    again = web.admin.made("POST", f"{PATH}/runs", {"day": str(day)})
    assert "partners marked as fraud: 1, as fine: 1; learning takes" in again["note"]
    assert len(web.admin.made("GET", PATH, params={"day": str(day)})["items"]) == 14


@pytest.mark.parametrize(
    ("method", "path", "options", "refusal"),
    [
        ("GET", PATH, {"params": {"day": "2008-08-08"}}, (404, "risk_not_scored")),
        ("GET", PATH, {"params": {"day": "soon"}}, (400, "query_invalid")),
        ("GET", PATH, {"params": {"sort": "luck"}}, (400, "query_invalid")),
        ("GET", PATH, {"params": {"limit": 0}}, (400, "query_invalid")),
        ("GET", f"{PATH}/nobody", {}, (404, "not_found")),
        ("GET", f"{PATH}/0", {}, (404, "not_found")),
        ("GET", f"{PATH}/1", {"params": {"days": 0}}, (400, "query_invalid")),
        ("POST", f"{PATH}/runs", {"json": {"day": "2099-01-01"}}, (400, "risk_day_ahead")),
        ("POST", f"{PATH}/runs", {"json": {"day": "1969-01-01"}}, (400, "body_invalid")),
        ("POST", f"{PATH}/runs", {"json": {"days": 3}}, (400, "body_invalid")),
    ],
)
def test_what_cannot_be_asked_is_refused(web, network, method, path, options, refusal):
    assert web.admin.refused(method, path, **options) == refusal


def test_a_partner_nobody_saw_that_day_is_not_found(web, network):
    asked = {"params": {"day": str(network[0])}}
    assert web.admin.refused("GET", f"{PATH}/2147483646", **asked) == (404, "not_found")


def test_partners_and_advertisers_learn_nothing_of_it_and_analysts_may_only_read(web, network):
    day, farm, _, _, _ = network
    theirs = [
        web.holding(web.key(role="partner", partner_id=farm)),
        web.holding(web.key(role="advertiser", advertiser_id=web.advertiser())),
    ]
    analyst = web.holding(web.key(role="analyst"))
    for path in (PATH, f"{PATH}/{farm}"):
        assert analyst.ask("GET", path, params={"day": str(day)}).status_code == 200
        for holder in theirs:
            assert holder.refused("GET", path) == (403, "forbidden")
    for holder in (*theirs, analyst):
        assert holder.refused("POST", f"{PATH}/runs", {"day": str(day)}) == (403, "forbidden")


def test_the_command_shows_the_ranking_one_partner_and_scores_days(run, network):
    day, farm, small, _, _ = network
    shown = run("--day", day, "--limit", 3)
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[0].split()[:3] == ["place", "partner", "score"]
    assert lines[1].split()[0] == "1"
    assert f"({farm})" in lines[1]
    assert "Ranked without labels" in shown.stderr
    one = run("--partner", small, "--day", day)
    assert "Too few to judge: 12 clicks" in one.stdout
    assert "address_share_day" in one.stdout
    answer = json.loads(run("--day", day, "--json").stdout)
    assert answer["items"][0]["partner_id"] == farm
    empty = day + dt.timedelta(days=1)
    made = run("run", "--day", empty, "--to", empty + dt.timedelta(days=1))
    assert made.exit_code == 0, made.output
    assert [line.partition(":")[0] for line in made.stdout.splitlines()] == [
        str(empty),
        str(empty + dt.timedelta(days=1)),
    ]


@pytest.mark.parametrize(
    "words",
    [("--day", "soon"), ("run", "--day", "2033-01-02", "--to", "2033-01-01"), ("run", "--to", "2033-01-01")],
)
def test_days_that_are_none_get_a_sentence(run, words):
    refused = run(*words)
    assert isinstance(refused.exception, ClickledgerError)
    assert refused.exception.kind is DAY_UNREADABLE

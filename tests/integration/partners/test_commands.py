from __future__ import annotations

import json

import pytest
import typer
from structlog.testing import capture_logs
from typer.testing import CliRunner

from clickledger.commands import (
    access,
    advertiser,
    block,
    cap,
    coupon,
    creative,
    goal,
    landing_page,
    link,
    offer,
    override,
    partner,
    rate,
    smart_link,
    tier,
)
from clickledger.service import Service
from kernel.errors import ClickledgerError
from tests.support.program import KEY

KINDS = (
    *(advertiser, link, offer, partner, tier, goal, override, access, landing_page, creative, cap, coupon),
    *(smart_link, rate, block),
)
PAGE = "https://shop.example/?c={click_id}"


@pytest.fixture
def run(api, monkeypatch):
    """Run a command against the API and return its stdout; a failure raises as it does for ``main``."""
    service = Service("http://testserver", KEY, transport=api._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    for module in KINDS:
        module.register(app)

    def run(*words):
        # The service runs in this process too; its log is not the command's output.
        with capture_logs():
            done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    return run


@pytest.fixture
def small(run):
    """One of each, made with the commands."""
    run("advertiser", "create", "Acme")
    run("partner", "create", "Blog")
    run("offer", "create", "Shoes", "--advertiser", "Acme", "--url", PAGE)
    run("link", "create", "--partner", "Blog", "--offer", "Shoes", "--code", "shoes")
    return run


def shown(text):
    """The name-value lines of what was created."""
    return dict(line.rstrip().split(None, 1) for line in text.splitlines() if len(line.split()) > 1)


def test_a_created_advertiser_is_shown_with_its_postback_url_in_one_piece(run, api):
    lines = shown(run("advertiser", "create", "Acme [red] & Co", "--require-token"))
    stored = api.get("/api/v1/advertisers/1").json()
    assert lines["name"] == stored["name"] == "Acme [red] & Co"
    assert lines["postback_url"] == stored["postback_url"]
    assert lines["require_token"] == "yes"


def test_every_option_of_an_offer_reaches_the_service(small):
    made = json.loads(
        small(
            "offer",
            "create",
            "Hats",
            "--advertiser",
            "1",
            "--url",
            PAGE,
            "--payout",
            "1.50",
            "--revenue",
            "2",
            "--currency",
            "usd",
            "--payout-percent",
            "5",
            "--revenue-percent",
            "7.5",
            "--status",
            "paused",
            "--default-status",
            "hold",
            "--deep-link-host",
            "shop.example",
            "--deep-link-host",
            "*.shop.example",
            "--attribution-window-days",
            "7",
            "--fallback-url",
            "https://f.example/",
            "--allow-override",
            "--json",
        )
    )
    wanted = {
        "advertiser": "Acme",
        "destination": PAGE,
        "payout": "1.50",
        "revenue": "2.00",
        "currency": "USD",
        "payout_percent": "5.00",
        "revenue_percent": "7.50",
        "status": "paused",
        "default_status": "hold",
        "deep_link_hosts": ["shop.example", "*.shop.example"],
        "attribution_window_days": 7,
        "fallback_url": "https://f.example/",
        "allow_override": True,
    }
    assert {name: made[name] for name in wanted} == wanted


def test_every_option_of_a_partner_and_a_link_reaches_the_service(small):
    made = json.loads(
        small("partner", "create", "New", "--status", "pending", "--fallback-url", "https://n.example", "--json")
    )
    assert (made["id"], made["status"], made["fallback_url"]) == (2, "pending", "https://n.example")
    made = json.loads(
        small(
            "link",
            "create",
            "--partner",
            "New",
            "--offer",
            "1",
            "--param",
            "sub1=a=b",
            "--param",
            "source=x",
            "--json",
        )
    )
    assert (made["partner_id"], made["offer_id"]) == (2, 1)
    assert made["parameters"] == {"sub1": "a=b", "source": "x"}


def test_options_that_arent_given_are_left_to_the_service(small):
    [made] = json.loads(small("offer", "list", "--json"))
    assert (made["currency"], made["status"], made["payout"]) == ("EUR", "active", "0.00")


def test_a_created_link_is_shown_with_its_tracking_url(small):
    assert shown(small("link", "create", "--partner", "1", "--offer", "1", "--code", "x"))["tracking_url"] == (
        "https://go.example/c/x"
    )


def test_lists_are_tables_for_people(small):
    header, *rows = small("offer", "list").splitlines()
    assert header.split() == ["id", "name", "advertiser", "status", "payout", "revenue", "currency", "destination"]
    assert [row.split() for row in rows] == [["1", "Shoes", "Acme", "active", "0.00", "0.00", "EUR", PAGE]]
    assert "https://go.example/c/shoes" in small("link", "list")
    assert small("partner", "list").splitlines()[1].split() == ["1", "Blog", "approved"]


def test_a_list_is_whole_however_many_pages_it_takes(small, api):
    partners = [{"name": f"p{n}"} for n in range(2, 1503)]
    assert api.post("/api/v1/programs/ensure", json={"partners": partners}).status_code == 200
    assert [p["id"] for p in json.loads(small("partner", "list", "--json"))] == list(range(1, 1503))
    assert [p["id"] for p in json.loads(small("partner", "list", "--limit", "1001", "--json"))] == list(
        range(1, 1002)
    )


def test_lists_are_narrowed_by_their_filters(small):
    small("partner", "create", "Other", "--status", "pending")
    small("link", "create", "--partner", "Other", "--offer", "Shoes", "--code", "other")

    def names(*words, key="name"):
        return [entry[key] for entry in json.loads(small(*words, "--json"))]

    assert names("partner", "list", "--status", "pending") == ["Other"]
    assert names("partner", "list", "--name", "Blog") == ["Blog"]
    assert names("advertiser", "list", "--name", "Nobody") == []
    assert names("offer", "list", "--advertiser", "Acme", "--status", "active") == ["Shoes"]
    assert names("link", "list", "--partner", "Other", key="code") == ["other"]
    assert names("link", "list", "--offer", "1", key="code") == ["shoes", "other"]
    assert names("link", "list", "--code", "shoes", key="id") == [1]


def test_a_name_of_digits_is_found_before_an_id(small):
    small("partner", "create", "1")
    made = json.loads(small("link", "create", "--partner", "1", "--offer", "1", "--json"))
    assert made["partner"] == "1"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["partner", "create", "Blog"], "Partner 1 has the name 'Blog' already; choose another."),
        (
            ["partner", "create", "x", "--status", "asleep"],
            "status: Input should be 'pending' or 'approved'",
        ),
        (
            ["offer", "create", "x", "--advertiser", "Nobody", "--url", PAGE],
            "There is no advertiser named 'Nobody'; see 'clickledger advertiser list', or create it with 'clickledger advertiser create'.",
        ),
        (
            ["offer", "create", "x", "--advertiser", "9", "--url", PAGE],
            "There is no advertiser 9; list the advertisers to see their ids.",
        ),
        (
            ["offer", "create", "x", "--advertiser", "1", "--url", PAGE, "--payout", "-1"],
            "payout: money can't be negative here",
        ),
        (
            ["link", "list", "--partner", "Nobody"],
            "There is no partner named 'Nobody'; see 'clickledger partner list', or create it with 'clickledger partner create'.",
        ),
    ],
)
def test_a_refusal_is_the_services_sentence(small, words, sentence):
    with pytest.raises(ClickledgerError) as refused:
        small(*words)
    assert refused.value.message == sentence


def test_a_preset_parameter_that_isnt_one_is_a_mistake_in_the_command(small, api):
    app = typer.Typer()
    link.register(app)
    partner.register(app)
    done = CliRunner().invoke(app, ["link", "create", "--partner", "1", "--offer", "1", "--param", "sub1"])
    assert done.exit_code == 2
    assert "isn't NAME=VALUE" in done.stderr
    assert len(api.get("/api/v1/links").json()["items"]) == 1


def test_no_list_shows_a_token(small, api):
    token = api.get("/api/v1/advertisers/1").json()["postback_token"]
    for kind in ("advertiser", "partner", "offer", "link"):
        assert token not in small(kind, "list", "--json") + small(kind, "list")


def test_every_kind_is_made_shown_changed_and_deleted(small):
    def made(*words):
        return json.loads(small(*words, "--json"))

    small("offer", "create", "Hats", "--advertiser", "Acme", "--url", PAGE)
    tier = made("tier", "create", "Gold")
    goal = made(
        "goal", "create", "signup", "--offer", "Shoes", "--name", "Sign-up", "--payout", "0.75", "--hold-days", "7"
    )
    rules = '{"countries": {"DE": {"fixed": "2.00"}}}'
    override = made(
        *("override", "create", "--offer", "Shoes", "--goal", "signup", "--tier", "Gold"),
        *("--payout", "1.25", "--payout-rules", rules),
    )
    access = made("access", "create", "--offer", "Hats", "--partner", "Blog", "--status", "rejected")
    landing = made("landing-page", "create", "Blue", "--offer", "Shoes", "--url", PAGE, "--weight", "3")
    creative = made("creative", "create", "Top", "--offer", "Shoes", "--width", "728", "--height", "90")
    cap = made(
        *("cap", "create", "--offer", "Shoes", "--kind", "click", "--period", "day", "--amount", "100"),
        *("--timezone", "Asia/Kolkata", "--each-partner", "--no-hard"),
    )
    coupon = made("coupon", "create", "save10", "--offer", "Shoes", "--partner", "Blog")
    smart = made("smart-link", "create", "Mix", "--strategy", "weight", "--member", "Shoes=3", "--member", "Hats")
    link = made("link", "create", "--partner", "Blog", "--smart-link", "Mix", "--code", "mix")
    rate = made("rate", "create", "USD", "--valid-from", "2026-11-01", "--rate", "0.9251")
    block = made("block", "create", "203.0.113.0/24", "--kind", "network", "--offer", "Shoes")

    assert (goal["payout"], goal["hold_days"]) == ("0.75", 7)
    assert (override["tier_id"], override["payout_rules"]["countries"]["DE"]["fixed"]) == (tier["id"], "2.00")
    assert (access["status"], landing["weight"], creative["width"]) == ("rejected", 3, 728)
    assert (cap["timezone"], cap["each_partner"], cap["hard"]) == ("Asia/Kolkata", True, False)
    assert coupon["code"] == "SAVE10"
    assert smart["members"] == [{"offer_id": 1, "weight": 3}, {"offer_id": 2, "weight": 1}]
    assert (link["smart_link_id"], link["offer_id"]) == (smart["id"], None)
    assert (rate["rate"], block["value"]) == ("0.9251", "203.0.113.0/24")

    changed = made("goal", "change", str(goal["id"]), "--payout", "0.80", "--hold-days", "none")
    assert (changed["payout"], changed["hold_days"], changed["revision"]) == ("0.80", None, goal["revision"] + 1)
    assert made("offer", "change", "Hats", "--alternative-offer", "Shoes")["alternative_offer_id"] == 1
    assert made("offer", "change", "Hats", "--alternative-offer", "none")["alternative_offer_id"] is None
    assert made("offer", "show", "Hats")["name"] == "Hats"
    small("cap", "delete", str(cap["id"]), "--yes")
    assert made("cap", "list") == []


def test_a_partner_goes_through_its_states_with_reasons(small):
    small("partner", "create", "New", "--status", "pending")

    def became(*words):
        told = json.loads(small("partner", *words, "--json"))
        return told["status"], told["status_reason"]

    assert became("approve", "New") == ("approved", "")
    assert became("suspend", "New", "--reason", "quality") == ("suspended", "quality")
    assert became("ban", "New", "--reason", "bought clicks") == ("banned", "bought clicks")
    with pytest.raises(ClickledgerError) as refused:
        became("approve", "New")
    assert refused.value.kind.code == "transition_invalid"


def test_a_token_is_rotated_with_an_overlap(small):
    before = json.loads(small("advertiser", "show", "Acme", "--json"))
    after = json.loads(small("advertiser", "rotate-token", "Acme", "--overlap-hours", "2", "--json"))
    assert after["postback_token"] != before["postback_token"]
    assert after["previous_token_until"] > before["updated_at"]


def test_an_empty_change_and_wrong_json_say_what_to_type(small):
    for words, says in (
        (["offer", "change", "Shoes"], "Name what shall change"),
        (["offer", "change", "Shoes", "--targeting", "{"], "isn't JSON"),
        (["offer", "change", "Shoes", "--targeting", "@/nowhere.json"], "can't be read"),
        (["smart-link", "create", "X", "--strategy", "weight", "--member", "Shoes=much"], "OFFER=WEIGHT"),
    ):
        with pytest.raises(AssertionError, match=says):
            small(*words)

from __future__ import annotations

import json

import pytest
import typer
from structlog.testing import capture_logs
from typer.testing import CliRunner

from clickledger.commands import advertiser, link, offer, partner
from clickledger.service import Service
from kernel.errors import ClickledgerError
from tests.support.program import KEY

PAGE = "https://shop.example/?c={click_id}"


@pytest.fixture
def run(api, monkeypatch):
    """Run a command against the API and return its stdout; a failure raises as it does for ``main``."""
    service = Service("http://testserver", KEY, transport=api._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    for module in (advertiser, link, offer, partner):
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
    assert small("partner", "list").splitlines()[1].split() == ["1", "Blog", "active"]


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
            "status: Input should be 'active', 'pending' or 'suspended'",
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

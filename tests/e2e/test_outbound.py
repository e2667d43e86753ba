"""A sale is told to a partner and a webhook by the running service, and can be looked up and sent again."""

from __future__ import annotations

import json

import pytest

from tests.support.outbound import receiving
from tests.support.running_service import RunningService, eventually, make_program

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(
        tmp_path_factory.mktemp("outbound"), edge_workers=1, outbound_allowed_networks="127.0.0.0/8"
    )
    try:
        running.start()
        yield running
    finally:
        running.close()


def sale(service, ids, txn):
    click = service.click(
        f"/click?offer_id={ids['offer']}&partner_id={ids['partner']}&partner_click_id=theirs-{txn}"
    )
    assert click.status_code == 302, click.text
    click_id = click.headers["location"].removeprefix("https://shop.example/?cid=")
    query = {"click_id": click_id, "txn_id": txn, "amount": "49.90"}
    assert service.http.get(f"{service.edge_url}/postback", params=query).status_code == 200


def test_a_sale_reaches_the_partner_and_the_webhook_within_seconds_and_again_when_asked(service):
    ids = make_program(service)
    with receiving() as receiver:
        partner = json.loads(
            service.command(
                "hook", "create", "Nora's tracker", "--partner", "Nora", "--json",
                "--url", receiver.url + "/pb?cid={partner_click_id}&pay={payout}{currency}&rev={revenue}",
            ).stdout
        )  # fmt: skip
        webhook = json.loads(
            service.command(
                "hook", "create", "CRM", "--kind", "webhook", "--url", receiver.url + "/wh", "--json"
            ).stdout
        )
        assert webhook["secret"].startswith("whsec_")
        tried = service.command("hook", "test", webhook["id"])
        assert "delivered" in tried.stdout
        sale(service, ids, "t-1")
        got = {r.path: r for r in receiver.wait(3, "the trial, the postback and the webhook", 60)}
        assert set(got) == {"/wh", "/pb?cid=theirs-t-1&pay=1.50EUR&rev="}
        assert json.loads(receiver.got[-1].body or receiver.got[-2].body)["data"]["txn_id"] == "t-1"

        def logged():
            return service.api().get("/api/v1/outbound/attempts", {"hook_id": partner["id"]})["items"]

        (attempt,) = eventually("the try in the log", logged)
        assert (attempt["outcome"], attempt["response_status"]) == ("delivered", 200)
        assert attempt["address"] == f"127.0.0.1:{receiver.port}"
        assert (
            service.command("hook", "resend", attempt["message_id"]).stdout == f"{attempt['message_id']} queued\n"
        )
        receiver.wait(4, "the postback sent again", 60)
        again = eventually("the second try in the log", lambda: len(found := logged()) == 2 and found)
        assert [(a["attempt"], bool(a["actor"])) for a in again] == [(2, True), (1, False)]
        metrics = service.http.get(f"{service.web_url}/metrics").text
        assert 'clickledger_outbound_attempts_total{outcome="delivered"}' in metrics
    assert webhook["secret"].removeprefix("whsec_") not in service.log()
    assert service.end() < 15

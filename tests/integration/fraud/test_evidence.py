"""Evidence of one conversion: what it holds, who gets it, and what it looks like on paper."""

from __future__ import annotations

import io
from decimal import Decimal

import pypdf
import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands import fraud
from clickledger.service import Service
from fraud.past.evidence.signing import verify
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import arrow_table
from tests.support.past import Past
from tests.support.web import ADMIN_KEY, running_web

PATH = "/api/v1/fraud/evidence"
FOUND = {
    "verdict": "invalid",
    "fraud_reasons": ["http_library", "ip_velocity"],
    "fraud_facts": ["", "count=80 window=minute usual=2"],
    "fraud_category": "GIVT",
    "fraud_score": 97,
    "rules_version": "2026.11.9+ab",
    "model_version": "20261120-1",
    "model_score": 99,
}


@pytest.fixture(scope="module")
def web(store_settings, event_store, tmp_path_factory):
    with running_web(store_settings, tmp_path_factory.mktemp("evidence")) as web:
        yield web


@pytest.fixture
def past(event_store, web):
    past = Past(event_store)
    past.partner = web.partner()
    return past


@pytest.fixture
def rejected(past):
    past.clicks(past.day(-2), *["x"] * 9, fraud_reasons=[])
    (click,) = past.clicks(
        past.day(0), "bot", **FOUND, user_agent="curl/8.5.0 #[malicious] *typst*", ip="85.214.132.7"
    )
    return past.convert(
        click, status="rejected", reject_reason="fraud", customer_id="Борис Ελένη שרה", txn_id="注文ไทย", **FOUND
    )


@pytest.fixture
def risky(past, event_store):
    """Have the partner, and another one, scored for the click's day."""
    reasons = ["code=repeat_share value=0.9 median=0.01 quantile=0.02 peers=40"]
    columns = {
        "day": [past.day(0)] * 3,
        "run_at": [1_700_000_000_000] * 3,
        "partner_id": [0, past.partner, past.partner + 1],
        "clicks": [500, 300, 200],
        "score": [0, 91, 3],
        "place": [0, 1, 2],
        "judged": [2] * 3,
        "method": ["peers"] * 3,
        "version": ["1"] * 3,
        "note": [""] * 3,
        "reasons": [[], reasons, []],
        "names": [[]] * 3,
        "values": [[]] * 3,
        "usual": [[]] * 3,
    }
    table = arrow_table("partner_risk", columns, 3)
    clickhouse.insert(event_store, "partner_risk", table, f"evidence-{past.partner}")


def told(web, row):
    answer = web.admin.ask("GET", f"{PATH}/{row['conversion_id']}")
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_pack_holds_click_states_reasons_versions_and_what_is_usual_and_verifies(web, past, rejected, risky):
    content = told(web, rejected)
    key = web.client.get("/api/v1/fraud/evidence-key").json()["public_key"]
    found = verify(content, key).evidence
    assert found["conversion"]["payout"] == "3"
    assert (found["click"]["ip"], found["click"]["click_id"]) == ("85.214.132.7", rejected["click_id"])
    assert [state["status"] for state in found["states"]] == ["rejected"]
    assert found["verdict"] == {
        "verdict": "invalid",
        "category": "GIVT",
        "score": 97,
        "rules_version": "2026.11.9+ab",
        "model_version": "20261120-1",
        "model_score": 99,
        "model_features": [],
    }
    library, velocity = found["reasons"]
    assert library["code"] == "http_library"
    assert velocity["facts"] == {"count": "80", "window": "minute", "usual": "2"}
    assert "80" in velocity["sentence"]
    assert velocity["share_of_clicks"]["of_partner"] == "0.1"
    assert found["partner"].startswith("Partner ")
    risk = found["risk"]
    assert (risk["day"], risk["score"], risk["place"], risk["judged_partners"]) == (str(past.day(0)), 91, 1, 2)
    (reason,) = risk["reasons"]
    assert (reason["code"], "90 %" in reason["sentence"]) == ("repeat_share", True), reason
    assert (found["baseline"]["clicks"], found["baseline"]["verdicts"]["invalid"]) == (10, 1)
    assert (
        web.admin.ask("GET", f"{PATH}/{rejected['conversion_id']}.json")
        .headers["content-type"]
        .startswith("application/json")
    )


def test_the_pdf_shows_the_facts_and_the_same_digest_and_nothing_in_it_is_markup(web, rejected, risky):
    answer = web.admin.ask("GET", f"{PATH}/{rejected['conversion_id']}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    flat = "".join(text.replace("\u200b", "").split())
    for fact in (
        *(rejected["conversion_id"], rejected["click_id"], "85.214.132.7", "http_library", "ip_velocity"),
        *("curl/8.5.0#[malicious]*typst*", "count80,usual2,windowminute", "2026.11.9+ab", "SHA-256"),
        *("clickledgerfraudevidenceverify", "Score91of100,place1of2partners", "БорисΕλένη", "repeat_share"),
    ):
        assert fact in flat, fact
    # Letters that no font of this machine has are shown by their code points.
    assert "注文" in flat or "[U+6CE8][U+6587]" in flat


def test_a_partner_gets_its_own_rejected_conversions_without_others_money_and_nobody_elses(web, past, rejected):
    partner = web.holding(web.key(role="partner", partner_id=past.partner))
    found = verify(partner.ask("GET", f"{PATH}/{rejected['conversion_id']}").content).evidence
    assert found["conversion"]["payout"] == "3"
    hidden = [part for part in (found["conversion"], found["click"], *found["states"]) if "revenue" in part]
    assert hidden == []
    assert "risk" not in found, "how it is ranked among others is the network's own"
    assert all("of_everybody" not in reason["share_of_clicks"] for reason in found["reasons"])
    (click,) = past.clicks(past.day(0), "fine")
    approved = past.convert(click)
    other = web.holding(web.key(role="partner", partner_id=web.partner()))
    for holder, row in ((other, rejected), (partner, approved)):
        assert holder.refused("GET", f"{PATH}/{row['conversion_id']}") == (404, "evidence_unknown")
        assert holder.refused("GET", f"{PATH}/{row['conversion_id']}.pdf") == (404, "evidence_unknown")
    advertiser = web.holding(web.key(role="advertiser", advertiser_id=web.advertiser()))
    assert advertiser.refused("GET", f"{PATH}/{rejected['conversion_id']}") == (403, "forbidden")
    whole = verify(told(web, approved)).evidence
    assert whole["conversion"]["revenue"] == "5"
    assert "not scored" in whole["risk"]["note"]


@pytest.mark.parametrize("name", ["nothing", "%00", "a" * 5000, "..%2f", "%F0%9F%92%A9", ".pdf"])
def test_what_is_no_conversion_is_not_found(web, name):
    assert web.admin.refused("GET", f"{PATH}/{name}")[0] == 404


def test_commands_fetch_a_pack_and_check_it(web, rejected, monkeypatch, tmp_path):
    service = Service("http://testserver", ADMIN_KEY, transport=web.client._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    fraud.register(app)

    def run(*words):
        return CliRunner().invoke(app, ["fraud", "evidence", *map(str, words)])

    pack, pdf = tmp_path / "pack.json", tmp_path / "pack.pdf"
    shown = run(rejected["conversion_id"], "--pdf", pdf, "--json")
    assert shown.exit_code == 0, shown.output
    pack.write_text(shown.stdout)
    assert pdf.read_bytes().startswith(b"%PDF-")
    unwritten = run(rejected["conversion_id"], "--pdf", tmp_path / "nowhere" / "pack.pdf")
    assert unwritten.exception.kind.code == "evidence_not_written"
    checked = run("verify", pack)
    assert f"Genuine: conversion {rejected['conversion_id']}" in checked.stdout
    pack.write_text(shown.stdout.replace('"payout":"3"', '"payout":"30"'))
    assert run("verify", pack).exit_code == 1
    assert run("verify", tmp_path / "missing").exit_code == 1
    assert run("verify").exit_code == 1


def test_money_is_told_exactly(web, past):
    (click,) = past.clicks(past.day(0), "bot", **FOUND)
    row = past.convert(click, payout=Decimal("1234567.100001"), status="rejected")
    assert verify(told(web, row)).evidence["conversion"]["payout"] == "1234567.100001"

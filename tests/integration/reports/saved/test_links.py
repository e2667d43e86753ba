"""Shared links: whoever has one sees what its maker sees, until it is over; every other text is refused alike."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from kernel.signing import Signer
from partners.models import Partner, ReportShare, User
from reports.saved import links
from tests.integration.reports.saved.conftest import REPORTS

REFUSED = (404, "link_invalid")


def soon() -> str:
    return (datetime.now(UTC) + timedelta(days=2)).isoformat()


def share(asker, report, **fields):
    return asker.made("POST", f"{REPORTS}/{report['id']}/shares", {"expires_at": soon(), **fields})


def open_link(people, token, query=""):
    return people.web.holding(None).ask("GET", f"{links.PATH}/{token}{query}")


def refusal(people, token):
    answer = open_link(people, token)
    return answer.status_code, answer.json()


def test_a_link_shows_the_rows_of_the_one_who_made_it(people):
    report = people.report(people.manager, shared_roles=["partner"])
    whole, own = share(people.manager, report, note="For Anna"), share(people.first, report)
    assert whole["url"].endswith(f"{links.PATH}/{whole['token']}")
    assert whole["page_url"].endswith(f"{links.PAGE}/{whole['token']}")
    assert people.clicks(open_link(people, whole["token"]).json()) == {
        people.partners[0]: 3,
        people.partners[1]: 5,
    }
    answer = open_link(people, own["token"])
    assert people.clicks(answer.json()) == {people.partners[0]: 3}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    # A key of somebody else in the request changes nothing.
    assert people.clicks(people.second.made("GET", f"{links.PATH}/{own['token']}")) == {people.partners[0]: 3}


def test_a_link_gives_a_file_too(people):
    token = share(people.first, people.report(people.first))["token"]
    answer = open_link(people, token, "?format=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["partner_id"], row["clicks"]) for row in rows] == [(str(people.partners[0]), "3")]


def test_forged_over_revoked_and_unknown_links_are_refused_with_the_same_words(people, monkeypatch):
    report = people.report(people.manager)
    made = share(people.manager, report)
    expected = (404, open_link(people, "nothing").json())
    assert expected[1]["error"]["code"] == "link_invalid"
    content, proof = made["token"].split(".")
    stranger = Signer([b"x" * 32], links.PURPOSE)
    signer = people.web.app.state.share_signer
    other_purpose = Signer([bytes.fromhex("5c" * 32)], "something else")
    payload = signer.read(made["token"])
    assert signer.sign(payload) == made["token"]
    forged = [
        f"{content}.{proof[:-2]}AA",
        content,
        stranger.sign(payload),
        other_purpose.sign(payload),
        "é",
        "a" * 600,
    ]
    # Genuinely signed, but not what the row says.
    forged.append(signer.sign(payload.replace(b'"manager",null', f'"partner",{people.partners[0]}'.encode())))
    forged.append(signer.sign(payload.replace(f"[{made['id']},".encode(), b"[2147483640,")))
    for token in forged:
        assert token != made["token"]
        assert refusal(people, token) == expected
    with monkeypatch.context() as patched:
        patched.setattr(links, "now", lambda: datetime.now(UTC) + timedelta(days=3))
        assert refusal(people, made["token"]) == expected
    assert open_link(people, made["token"]).status_code == 200
    gone = people.manager.made("DELETE", f"{REPORTS}/{report['id']}/shares/{made['id']}")
    assert gone["revoked_at"] is not None
    assert refusal(people, made["token"]) == expected
    kept = share(people.manager, report)
    people.manager.made("DELETE", f"{REPORTS}/{report['id']}")
    assert refusal(people, kept["token"]) == expected


def test_a_link_ends_with_the_rights_of_its_maker(people):
    web = people.web
    user = web.user("analyst")
    asker = web.holding(web.session(user))
    token = share(asker, people.report(asker))["token"]
    partner = web.partner()
    of_partner = web.holding(web.key(role="partner", partner_id=partner))
    partners_token = share(of_partner, people.report(of_partner))["token"]
    assert open_link(people, token).status_code == open_link(people, partners_token).status_code == 200
    web.change(User, user["id"], status="disabled")
    web.change(Partner, partner, status="banned")
    assert open_link(people, token).json()["error"]["code"] == "link_invalid"
    assert open_link(people, partners_token).json()["error"]["code"] == "link_invalid"
    # Back again, but of another partner: the link never shows that one's rows.
    web.change(User, user["id"], status="active", role="partner", partner_id=people.partners[1])
    assert open_link(people, token).json()["error"]["code"] == "link_invalid"


def test_a_link_of_a_revoked_key_ends_and_one_of_a_rotated_key_goes_on(people):
    admin = people.admin
    key = admin.made("POST", "/api/v1/keys", {"name": "sharer", "role": "analyst"})
    asker = people.web.holding(key["key"])
    token = share(asker, people.report(asker))["token"]
    new = admin.made("POST", f"/api/v1/keys/{key['id']}/rotate", {"overlap_hours": 0})
    assert open_link(people, token).status_code == 200
    admin.made("POST", f"/api/v1/keys/{new['id']}/revoke")
    assert open_link(people, token).json()["error"]["code"] == "link_invalid"


def test_a_report_no_longer_shared_with_its_sharer_is_no_longer_shown(people):
    report = people.report(people.manager, shared_roles=["partner"])
    token = share(people.first, report)["token"]
    people.manager.made("PATCH", f"{REPORTS}/{report['id']}", {"shared_roles": []})
    assert open_link(people, token).json()["error"]["code"] == "link_invalid"


def test_the_owner_sees_and_ends_everybodys_links_others_their_own(people):
    report = people.report(people.manager, shared_roles=["partner"])
    path = f"{REPORTS}/{report['id']}/shares"
    own, other = share(people.manager, report), share(people.first, report)
    assert [one["id"] for one in people.manager.made("GET", path)["items"]] == [own["id"], other["id"]]
    assert [one["id"] for one in people.first.made("GET", path)["items"]] == [other["id"]]
    assert people.first.refused("DELETE", f"{path}/{own['id']}") == (404, "not_found")
    assert "token" not in people.manager.made("GET", path)["items"][0]
    assert people.manager.made("DELETE", f"{path}/{other['id']}")["id"] == other["id"]


@pytest.mark.parametrize("days", [-1, 400])
def test_a_link_ends_in_the_future_and_within_a_year(people, days):
    report = people.report(people.manager)
    body = {"expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat()}
    assert people.manager.refused("POST", f"{REPORTS}/{report['id']}/shares", body) == (400, "body_invalid")


def test_a_link_is_asked_only_so_often(people, monkeypatch):
    token = share(people.manager, people.report(people.manager))["token"]
    statuses = {open_link(people, token).status_code for _ in range(32)}
    assert statuses == {200, 429}


def test_nothing_stored_of_a_link_could_be_used_as_one(people):
    made = share(people.manager, people.report(people.manager))
    with people.web.app.state.programs.reading() as session:
        row = session.get_one(ReportShare, made["id"])
        held = " ".join(str(getattr(row, column.key)) for column in ReportShare.__table__.columns)
    assert made["token"].split(".")[1] not in held

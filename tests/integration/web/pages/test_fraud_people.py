"""Who did what on pages about fraud: people by their names, not by numbers."""

from __future__ import annotations

import datetime as dt

from tests.support.pages import Visitor


def test_people_are_told_by_their_names_to_those_who_may_know_them(web):
    number = web.number()
    person = {"name": f"Ada {number}", "email": f"ada{number}@example.com", "role": "manager"}
    made = web.admin.made("POST", "/api/v1/users", {**person, "password": "a long enough pass phrase"})
    session = web.client.post(
        "/api/v1/sessions", json={"email": person["email"], "password": "a long enough pass phrase"}
    ).json()
    ada = Visitor(web, session["key"])
    partner = web.partner()
    today = str(dt.datetime.now(dt.UTC).date())
    run = ada.see("/fraud/past").send("propose", **{"from": today, "to": today})
    admin, analyst = Visitor(web, web.key(role="admin")), Visitor(web, web.key(role="analyst"))
    assert f"asked for by Ada {number}" in admin.see(run.path).text
    assert "asked for by" in ada.see(run.path).text
    assert f"user:{made['id']}" not in ada.see(run.path).text
    assert f"Ada {number}" in {row["By"] for row in admin.see("/fraud/past").table()}
    ada.see(f"/fraud/partners/{partner}").send("mark", mark="fraud", note="One address")
    assert f"Ada {number}" in admin.see(f"/fraud/partners/{partner}").text
    assert f"Ada {number}" not in analyst.see(f"/fraud/partners/{partner}").text

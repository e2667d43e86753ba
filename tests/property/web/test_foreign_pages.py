"""Whatever page two partners and two advertisers open, also by the ids of each other's entries and events, and whatever
form of it they send, none is shown a row of the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.api import ANYBODY, PUBLIC
from kernel.auth import ROLE_SCOPES
from partners.models import (
    Advertiser,
    ApiKey,
    CustomMetric,
    Dispute,
    Hook,
    Link,
    Offer,
    ReportSchedule,
    SavedReport,
)
from reports.web import pages
from reports.web.page import Page
from tests.property.web.network import DAY, Network, Party
from tests.support.pages import Visitor
from tests.support.web import Web

DAYS = f"range=custom&from={DAY:%Y-%m-%d}&to={DAY:%Y-%m-%d}"
ENDING = {"/account", "/sign-in", "/sign-out"}
"""Forms of one's own session."""
HARMLESS = {("/reports/schedules", "stop"), ("/postbacks", "show-token")}
"""A run that nobody knows is as one that has ended; tokens are those of the advertiser who asks."""
OTHERS_PLACE = {"partner 0": 2, "advertiser 1": 1}
"""Who looks, as the others do the same from their side; where the other's entry stands among those of all four."""
FOUND = {
    *("/clicks", "/clicks/{click_id}", "/conversions", "/conversions/{id}", "/impressions", "/keys", "/offers"),
    *(
        "/offers/{id}",
        "/reports",
        "/reports/export",
        "/reports/saved",
        "/reports/saved/{id}",
        "/reports/schedules",
    ),
}
FOUND_BY = {
    "partner": {
        *("/disputes", "/disputes/{id}", "/hooks", "/hooks/{id}", "/links", "/links/{id}", "/links/{id}/edit"),
        *("/outbound", "/outbound/{id}"),
    },
    "advertiser": {"/advertisers/{id}", "/postbacks"},
}
"""Pages that name what is one's own, at least."""


def ids_of(page: Page, network: Network, party: Party) -> list[Any]:
    """Return what stands for the parameter of a page's address; a new page must say what that is."""

    def of(kind: str) -> list[str]:
        """Return an event of one's own and one that is the other's."""
        events = [one for one in network.events if one.kind == kind]
        own = next(one.id for one in events if party.own_mark in one.mark)
        return [own, next(one.id for one in events if party.own_mark not in one.mark)]

    kinds: dict[str, list[Any]] = {
        "/clicks/{click_id}": [*of("click"), *of("impression")],
        "/conversions/{id}": of("conversion"),
        "/outbound/{id}": of("message"),
        "/hooks/{id}": network.entries[Hook],
        "/disputes/{id}": network.entries[Dispute],
        "/reports/saved/{id}": network.entries[SavedReport],
        "/offers/{id}": network.entries[Offer],
        "/advertisers/{id}": network.entries[Advertiser],
        "/links/{id}": network.entries[Link],
        "/links/{id}/edit": network.entries[Link],
        "/shared/{token}": ["nobodys-token"],
    }
    return kinds[page.path] if "{" in page.path else [""]


def opened(party: Party) -> list[Page]:
    """Return the pages of a party's role; that others are closed to it is tests/integration/web/pages' to prove."""
    held = {PUBLIC, ANYBODY, *ROLE_SCOPES[party.role]}
    return [one for one in pages() if party.role in one.roles and {one.needs, one.or_needs or one.needs} & held]


def addresses(page: Page, party: Party, network: Network) -> Iterator[str]:
    """Return where a party may look at a page: at every entry there is, and with the other one as the filter."""
    for one in ids_of(page, network, party):
        path = re.sub(r"\{[^}]*\}", str(one), page.path)
        yield f"{path}?{DAYS}"
    if "{" not in page.path:
        other = f"{party.id_field}={party.foreign_id}"
        report = "by=partner,advertiser,offer,sub1&metrics=gross_clicks&format=csv"
        yield f"{page.path}?{DAYS}&{other}&where={other}&q=of-&{report}"
        yield f"{page.path}?{DAYS}&{report}"


@pytest.fixture(scope="module")
def visitors(web, network):
    return {party.name: Visitor(web, party.key) for party in network.parties}


def shows(party: Party, text: str) -> bool:
    """Return whether a text names the other one; its id within the id of an event says nothing."""
    return party.foreign_mark in text or re.search(rf"(?<![\d-]){party.foreign_id}\b", text) is not None


def stored(web: Web, network: Network) -> dict[str, list[str]]:
    """Return all entries of the network as they stand in the program's database."""
    with web.app.state.programs.reading() as session:
        return {
            kind.__name__: [
                repr([getattr(entry, column.key) for column in kind.__table__.columns])
                for entry in (session.get(kind, one) for one in ids)
            ]
            for kind, ids in network.entries.items()
        }


def test_no_page_shows_a_foreign_row_and_no_form_does_anything_with_one(web, network, visitors):
    for party in network.parties:
        if party.name not in OTHERS_PLACE:
            continue
        visitor, found, hidden = visitors[party.name], set(), {}
        for page in opened(party):
            for address in addresses(page, party, network):
                answer = visitor.get(address)
                where = f"{party.name}: {address}"
                assert answer.status_code in {200, 303, 400, 403, 404}, f"{where}: {answer.text[:1000]}"
                assert party.foreign_mark not in answer.text, where
                # Where the address names the other's id, the page says what it was asked.
                assert str(party.foreign_id) in address or not shows(party, answer.text), where
                if answer.status_code == 404:
                    hidden[page.path] = address
                if party.own_mark in answer.text:
                    found.add(page.path)
        # What is the other's alone is as what never was, and what is hidden was there to be found.
        assert set(hidden) == {page.path for page in opened(party) if "{" in page.path}
        assert found >= FOUND | FOUND_BY[party.role]
        before = stored(web, network)
        for page, act, address, fields in forms(party, network, hidden):
            answer = visitor.post(address, {"do": act} | fields)
            where = f"{party.name}: {act} on {address}"
            assert answer.status_code in {400, 403, 404} or (page, act) in HARMLESS, (
                f"{where}: {answer.text[:1000]}"
            )
            assert not shows(party, answer.text), where
        assert stored(web, network) == before


def forms(
    party: Party, network: Network, hidden: dict[str, str]
) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Return each form of a party's pages, with the other's ids in whatever field it may read: page, act, address, fields."""
    at = OTHERS_PLACE[party.name]
    event = next(one.id for one in network.events if one.kind == "conversion" and party.own_mark not in one.mark)
    click = next(one.id for one in network.events if one.kind == "click" and party.own_mark not in one.mark)
    message = next(one.id for one in network.events if one.kind == "message" and party.own_mark not in one.mark)
    ids = {"/keys": ApiKey, "/reports/saved": CustomMetric, "/reports/schedules": ReportSchedule}
    for page in opened(party):
        fields = {
            "conversion_id": event,
            "chosen": event,
            "click_id": click,
            "message_id": message,
            "report_id": network.entries[SavedReport][at],
            "id": network.entries[ids.get(page.path, SavedReport)][at],
            party.id_field: party.foreign_id,
            "status": "approved",
            "reason": "x",
        }
        for act in () if page.path in ENDING else page.acts:
            yield page.path, act.name, hidden.get(page.path, page.path), fields

"""Rule entries, marks and disputes, the same on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kernel import sql
from kernel.errors import CONFLICT, FORBIDDEN, NOT_FOUND, ClickledgerError
from partners import MIGRATIONS, disputes
from partners.errors import TRANSITION_INVALID
from partners.models import BlocklistEntry, Dispute, FraudRuleEntry
from partners.resources import work
from partners.resources.fraud import DISPUTES, MARKS, RULE_ENTRIES, rule_entry
from partners.resources.network import BLOCKLIST
from partners.resources.offers import OFFERS
from partners.resources.people import ADVERTISERS, PARTNERS
from partners.schemas import DisputeCreate, DisputeMessage
from tests.support.program import CALLER, alter, make, open_program, person
from tracker.publish import compile_snapshot
from tracker.routes import FraudRuleRoute

NORA = replace(CALLER, who=person("partner", partner_id=1))
STRANGER = replace(CALLER, who=person("partner", partner_id=2))


@pytest.fixture
def program(sessions):
    with sessions.writing() as session:
        make(session, ADVERTISERS, name="Acme")
        for name in ("Nora", "Olaf"):
            make(session, PARTNERS, name=name)
        make(session, OFFERS, name="Shoes", advertiser_id=1, destination="https://shop.example/")
    return sessions


def test_a_rule_entry_is_stored_as_it_was_set_and_published(program):
    settings = {"per_minute": 5, "counts": False}
    with program.writing() as session:
        made = make(session, RULE_ENTRIES, code="ip_velocity", offer_id=1, settings=settings, action="hold")
        alter(session, RULE_ENTRIES, made.id, enabled=True, action=None)
    with program.reading() as session:
        entry = session.get_one(FraudRuleEntry, made.id)
        assert (entry.revision, entry.enabled, entry.action, entry.block_minutes) == (2, True, None, None)
        assert rule_entry(entry).settings == settings
        route = FraudRuleRoute("ip_velocity", 1, enabled=True, settings=settings)
        assert list(compile_snapshot(session).fraud_rules) == [route]


def test_a_place_is_taken_once_also_where_it_is_everybody(program):
    for place in ({}, {"offer_id": 1}, {"partner_id": 1}, {"offer_id": 1, "partner_id": 1}):
        with program.writing() as session:
            make(session, RULE_ENTRIES, code="prefetch", enabled=False, **place)
        with program.writing() as session, pytest.raises(ClickledgerError) as refused:
            make(session, RULE_ENTRIES, code="prefetch", enabled=True, **place)
        assert refused.value.kind is CONFLICT


def test_an_entry_stays_while_those_around_it_would_contradict_each_other_without_it(program):
    with program.writing() as session:
        between = make(
            session, RULE_ENTRIES, code="ip_velocity", offer_id=1, partner_id=1, settings={"per_hour": 900}
        )
        make(session, RULE_ENTRIES, code="ip_velocity", offer_id=1, settings={"per_minute": 50, "per_hour": 100})
        fast = make(session, RULE_ENTRIES, code="ip_velocity", partner_id=1, settings={"per_minute": 200})
        between, fast = between.id, fast.id
    with program.writing() as session, pytest.raises(ClickledgerError, match=r"Without this entry .* per_minute"):
        work.delete(session, RULE_ENTRIES, between, CALLER)
    for entry in (fast, between):
        with program.writing() as session:
            work.delete(session, RULE_ENTRIES, entry, CALLER)


def test_marks_name_who_marked_and_come_in_order(program):
    with program.writing() as session:
        for mark in ("fraud", "fine"):
            make(session, MARKS, partner_id=1, mark=mark)
    with program.reading() as session:
        found = [work.get(session, MARKS, n, CALLER) for n in (1, 2)]
    assert [(one.mark, one.actor) for one in found] == [("fraud", "admin key"), ("fine", "admin key")]


def opened(program, by=NORA, **body):
    with program.writing() as session:
        return disputes.open_dispute(session, DisputeCreate(reason="Real.", **body), by).id


def test_a_dispute_remembers_everything_in_order(program):
    number = opened(program, first_day=date(2026, 1, 1), offer_id=1)
    with program.writing() as session:
        disputes.say(session, number, DisputeMessage(text="See here."), NORA)
    with program.writing() as session:
        disputes.move(session, number, "under_review", "", CALLER)
    with program.writing() as session:
        disputes.move(session, number, "overturned", "You were right.", CALLER, '"3"', "approved")
    with program.reading() as session:
        found: Dispute = work.get(session, DISPUTES, number, CALLER)
    assert (found.state, found.outcome, found.revision, found.last_day) == (
        "overturned",
        "approved",
        4,
        date(2026, 1, 1),
    )
    assert [(one.by_partner, one.state, one.text) for one in found.events] == [
        (True, "open", "Real."),
        (True, "", "See here."),
        (False, "under_review", ""),
        (False, "overturned", "You were right."),
    ]


def test_two_of_the_same_are_not_open_at_once_but_after_another(program):
    number = opened(program, first_day=date(2026, 1, 1))
    with pytest.raises(ClickledgerError) as refused:
        opened(program, first_day=date(2026, 1, 1))
    assert (refused.value.kind, refused.value.details) == (CONFLICT, {"id": number})
    assert opened(program, first_day=date(2026, 1, 1), by=STRANGER) > number
    assert opened(program, first_day=date(2026, 1, 2)) > number
    with program.writing() as session:
        disputes.move(session, number, "withdrawn", "", NORA)
    assert opened(program, first_day=date(2026, 1, 1)) > number


@pytest.mark.parametrize(
    ("by", "state", "kind"),
    [
        (STRANGER, "withdrawn", NOT_FOUND),
        (NORA, "under_review", FORBIDDEN),
        (CALLER, "upheld", TRANSITION_INVALID),
        (CALLER, "overturned", TRANSITION_INVALID),
    ],
)
def test_who_may_not_or_cannot_yet_changes_nothing(program, by, state, kind):
    number = opened(program, first_day=date(2026, 1, 1))
    with pytest.raises(ClickledgerError) as refused, program.writing() as session:
        disputes.move(session, number, state, "x", by)
    assert refused.value.kind is kind
    with program.reading() as session:
        assert session.get_one(Dispute, number).state == "open"


def test_going_down_forgets_what_an_older_version_could_not_read(chosen):
    sessions = open_program(chosen)
    with sessions.writing() as session:
        make(session, PARTNERS, name="Nora")
        make(session, BLOCKLIST, kind="partner", value="1")
        make(session, BLOCKLIST, kind="source", value="farm")
        make(session, MARKS, partner_id=1, mark="fraud")
    sql.downgrade(sessions.engine, MIGRATIONS, "0004")
    with sessions.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT kind FROM blocklist").all() == [("source",)]
    sql.migrate(sessions.engine, MIGRATIONS)
    with sessions.reading() as session:
        assert session.query(BlocklistEntry).count() == 1
    sessions.close()

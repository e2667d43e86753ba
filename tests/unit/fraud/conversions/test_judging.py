"""What a conversion comes to by its click's reasons and its own, and what follows."""

from __future__ import annotations

import pytest

from fraud.conversions import findings_of, weigh
from fraud.entries import RuleEntry
from fraud.findings import Finding
from fraud.rules.book import Rulebook

BOOK = Rulebook.of()


def judged(*codes: str, book: Rulebook = BOOK, percentile: int = 0):
    return weigh([Finding(code, f"n={place}") for place, code in enumerate(codes)], book, 3, 7, percentile)


def test_without_reasons_it_is_valid_and_nothing_follows():
    assert judged() == (("valid", (), "", 0), (), "")


def test_one_suspicion_makes_it_suspect():
    assert judged("ctit_too_fast").judgement.verdict == "suspect"


def test_a_suspicion_of_the_click_and_one_of_the_conversion_of_other_kinds_make_it_invalid():
    assert judged("anonymous_proxy", "ctit_too_fast").judgement.verdict == "invalid"
    assert judged("anonymous_proxy", "conversion_country_mismatch").judgement.verdict == "suspect"


def test_a_click_of_a_bot_makes_its_conversion_invalid():
    assert judged("bot_user_agent").judgement[:3] == ("invalid", ("bot_user_agent",), "GIVT")


def test_a_repeated_click_corroborates_nothing_and_stays_among_the_reasons():
    assert judged("duplicate_click").judgement.verdict == "duplicate"
    both = judged("duplicate_click", "ctit_too_fast")
    assert both.judgement.verdict == "suspect"
    assert both.judgement.reasons == ("ctit_too_fast", "duplicate_click")


def test_facts_follow_their_reasons():
    assert judged("duplicate_click", "ctit_too_fast").facts == ("n=1", "n=0")


def test_a_reason_of_another_version_is_left_out():
    assert judged("from_the_future", "ctit_too_fast").judgement.reasons == ("ctit_too_fast",)


def test_stored_reasons_of_an_older_version_have_no_facts():
    assert findings_of(["a", "b"], ["n=1"]) == [Finding("a", "n=1"), Finding("b", "")]
    assert findings_of([], []) == []


@pytest.mark.parametrize(
    ("actions", "follows"),
    [
        ({}, ""),
        ({"ctit_too_fast": "mark"}, ""),
        ({"ctit_too_fast": "hold"}, "hold"),
        ({"ctit_too_fast": "reject", "anonymous_proxy": "hold"}, "reject"),
        ({"anonymous_proxy": "reject"}, "reject"),
        ({"duplicate_txn": "reject"}, ""),
    ],
)
def test_the_hardest_action_of_all_reasons_follows(actions, follows):
    book = Rulebook.of([RuleEntry(code, action=action) for code, action in actions.items()])
    assert judged("anonymous_proxy", "ctit_too_fast", book=book).follows == follows


def test_an_action_holds_where_it_is_set():
    book = Rulebook.of([RuleEntry("ctit_too_fast", partner_id=3, action="reject")])
    findings = [Finding("ctit_too_fast")]
    assert weigh(findings, book, 3, 7).follows == "reject"
    assert weigh(findings, book, 4, 7).follows == ""


def test_a_score_from_its_threshold_on_has_an_action_of_its_own():
    book = Rulebook.of([RuleEntry("score", settings={"threshold": 50}, action="hold")])
    assert judged("ctit_too_fast", book=book).judgement.score == 50
    assert judged("ctit_too_fast", book=book).follows == "hold"
    assert judged("duplicate_txn", book=book).follows == ""
    assert judged("duplicate_txn", book=book, percentile=99).follows == "hold"
    # Percentiles rank ordinary traffic, too.
    assert (
        judged(book=book, percentile=99).follows
        == judged("duplicate_click", book=book, percentile=99).follows
        == ""
    )

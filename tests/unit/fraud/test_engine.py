import numpy as np
import pytest

from fraud import inspect_agent
from fraud.engine import Engine
from fraud.entries import RuleEntry
from fraud.findings import Finding, facts_of
from fraud.rules import behaviour
from fraud.rules.look import Rule
from kernel.metrics import counter
from tests.support.traffic import traffic


class FixedModel:
    """Gives the percentiles it is made with."""

    version = "m1"

    def __init__(self, *percentiles):
        self.percentiles = percentiles
        self.asked = []

    def score(self, batch, counted):
        assert len(counted) == len(batch)
        return np.array(self.percentiles, np.float32)

    def explain(self, _batch, _counted, rows):
        self.asked.append(list(rows))
        return [("address_minute", "hour") for _ in rows]


class BrokenModel(FixedModel):
    def score(self, _batch, _counted):
        raise ValueError("a broken model")


class BrokenCounts:
    def count(self, _traffic, _name=""):
        raise MemoryError


def judged(verdicts):
    return [verdicts.judgements[place].verdict for place in verdicts.places]


def reasons(verdicts):
    return [verdicts.judgements[place].reasons for place in verdicts.places]


def failures(part):
    return counter("clickledger_fraud_failures_total", part=part).n


PROXY = {
    "is_proxy": [False, True, False],
    "agents": [*[inspect_agent("Mozilla/5.0 x")] * 2, inspect_agent("curl/8")],
}


def test_without_a_model_rules_alone_judge_and_say_so():
    verdicts = Engine().judge(traffic(**PROXY))
    assert judged(verdicts) == ["valid", "suspect", "invalid"]
    assert list(verdicts.scores) == [0, 45, 95]
    assert verdicts.model_scores.tolist() == [0, 0, 0]
    assert (verdicts.model_version, verdicts.model_features) == ("", {})
    assert verdicts.facts == {2: ("name=curl", "name=curl")}


def test_the_score_is_the_larger_of_rules_and_model():
    verdicts = Engine(model=FixedModel(50, 30, 98)).judge(traffic(**PROXY))
    assert list(verdicts.scores) == [50, 45, 98]
    assert verdicts.model_scores.tolist() == [50, 30, 98]
    assert judged(verdicts) == ["valid", "suspect", "invalid"]
    assert verdicts.model_version == "m1"


def test_a_high_model_score_is_a_reason_with_its_features_and_corroborates_none():
    model = FixedModel(99.75, 99.999, 99.5)
    verdicts = Engine(model=model).judge(traffic(is_proxy=[False, True, False]))
    assert judged(verdicts) == ["suspect", "suspect", "valid"]
    assert reasons(verdicts) == [("model_outlier",), ("anonymous_proxy", "model_outlier"), ()]
    assert model.asked == [[0, 1]]
    assert verdicts.model_features == {0: ("address_minute", "hour"), 1: ("address_minute", "hour")}
    assert verdicts.model_scores.tolist() == [99, 99, 99]
    assert facts_of(verdicts.facts[0][0])["percentile"] == "99.75"
    assert facts_of(verdicts.facts[1][1]) == {"percentile": "99.99", "features": "address_minute, hour"}
    assert verdicts.facts[1][0] == ""


def test_a_threshold_of_the_model_may_differ_by_partner():
    entries = [
        RuleEntry("model_outlier", partner_id=4, settings={"percentile": 60}),
        RuleEntry("model_outlier", partner_id=5, enabled=False),
    ]
    engine = Engine(entries=lambda: entries, model=FixedModel(70, 70, 100))
    assert judged(engine.judge(traffic(partner_ids=[3, 4, 5]))) == ["valid", "suspect", "valid"]


def test_impressions_and_self_tests_are_not_scored():
    batch = traffic(is_impression=[True, False, False], is_test=[False, True, False])
    assert Engine(model=FixedModel(100, 100, 100)).judge(batch).model_scores.tolist() == [0, 0, 100]


def test_a_model_is_swapped_between_batches_and_a_batch_keeps_its_own():
    engine = Engine(model=FixedModel(10))
    begun = engine.begin(traffic(1))
    engine.use_model(None)
    begun.look_at_behaviour()
    begun.ask_model()
    assert begun.verdicts().model_version == "m1"
    assert engine.judge(traffic(1)).model_version == ""


def test_rules_are_swapped_when_their_entries_change():
    entries = []
    engine = Engine(entries=lambda: tuple(entries))
    batch = traffic(1, is_proxy=True)
    before = engine.judge(batch)
    entries.append(RuleEntry("anonymous_proxy", enabled=False))
    after = engine.judge(batch)
    assert (judged(before), judged(after)) == (["suspect"], ["valid"])
    assert after.rules_version.startswith(f"{before.rules_version}+")


def test_what_does_not_weigh_for_a_partner_is_kept_and_changes_nothing():
    entry = RuleEntry("anonymous_proxy", partner_id=3, settings={"counts": False})
    verdicts = Engine(entries=lambda: (entry,)).judge(traffic(is_proxy=[True, True], partner_ids=[3, 4]))
    assert judged(verdicts) == ["valid", "suspect"]
    assert reasons(verdicts) == [("anonymous_proxy",)] * 2
    assert list(verdicts.scores) == [0, 45]


def test_what_others_find_is_added_once_unless_its_rule_is_off():
    entry = RuleEntry("duplicate_click", partner_id=4, enabled=False)
    assessment = Engine(entries=lambda: (entry,)).begin(traffic(partner_ids=[3, 4]))
    for row in (0, 0, 1):
        assessment.add(row, Finding("duplicate_click"))
    assert judged(assessment.verdicts()) == ["duplicate", "valid"]


@pytest.mark.parametrize("part", ["model", "counts"])
def test_a_part_that_breaks_leaves_the_others_to_judge(part):
    engine = Engine(model=BrokenModel()) if part == "model" else Engine(counts=BrokenCounts(), model=FixedModel(9))
    before = failures(part)
    verdicts = engine.judge(traffic(**PROXY))
    assert judged(verdicts) == ["valid", "suspect", "invalid"]
    assert (verdicts.model_version, verdicts.model_scores.tolist()) == ("", [0, 0, 0])
    assert failures(part) == before + 1


def test_a_rule_that_breaks_is_left_out_alone(monkeypatch):
    def broken(_look, _settings):
        yield 0, ""
        raise ZeroDivisionError

    rules = (Rule("fast_click", broken), *behaviour.BEHAVIOUR_RULES[4:])
    monkeypatch.setattr("fraud.engine.BEHAVIOUR_RULES", rules)
    before = failures("rule")
    verdicts = Engine().judge(traffic(sub1s=["{sub}", ""]))
    assert reasons(verdicts) == [("sub_id_spam",), ()]
    assert failures("rule") == before + 1


def test_rules_that_can_not_be_read_leave_those_of_before_in_force():
    def unreadable():
        raise OSError("no program")

    verdicts = Engine(entries=unreadable).judge(traffic(1, is_proxy=True))
    assert judged(verdicts) == ["suspect"]

import pytest

from fraud import ACCEPTED, REASONS, judge

GENERAL = sorted(code for code, reason in REASONS.items() if reason.category == "GIVT" and reason.counts)


def test_no_reason_is_valid():
    assert judge(()) == ACCEPTED == ("valid", (), "", 0)


@pytest.mark.parametrize("code", GENERAL)
def test_one_general_reason_is_invalid(code):
    judgement = judge((code,))
    assert (judgement.verdict, judgement.reasons, judgement.category) == ("invalid", (code,), "GIVT")
    assert judgement.score == REASONS[code].severity >= 80


def test_one_sophisticated_reason_is_suspect():
    assert judge(("anonymous_proxy",)) == ("suspect", ("anonymous_proxy",), "SIVT", 45)


def test_two_sophisticated_reasons_of_different_kinds_are_invalid():
    judgement = judge(("duplicate_click", "anonymous_proxy"))
    assert judgement == ("invalid", ("anonymous_proxy", "duplicate_click"), "SIVT", 53)


def test_a_repeated_click_alone_is_a_duplicate():
    assert judge(("duplicate_click",)) == ("duplicate", ("duplicate_click",), "SIVT", 15)


def test_a_private_address_is_recorded_and_changes_nothing():
    assert judge(("private_ip",)) == ("valid", ("private_ip",), "", 0)
    assert judge(("private_ip", "duplicate_click")).verdict == "duplicate"
    assert judge(("private_ip", "anonymous_proxy")).verdict == "suspect"


def test_reasons_are_ordered_by_severity():
    judgement = judge(("duplicate_click", "prefetch", "http_library", "anonymous_proxy", "private_ip"))
    assert judgement.reasons == ("http_library", "prefetch", "anonymous_proxy", "duplicate_click", "private_ip")
    assert judgement.category == "GIVT"


def test_more_reasons_never_lower_the_score():
    codes = list(REASONS)
    scores = [judge(tuple(codes[:count])).score for count in range(len(codes) + 1)]
    assert scores == sorted(scores)
    assert scores[-1] <= 100


def test_a_reason_nobody_knows_is_refused():
    with pytest.raises(KeyError):
        judge(("moon_phase",))


def test_what_the_model_finds_corroborates_nothing():
    assert judge(("model_outlier",), 99)[0] == "suspect"
    assert judge(("anonymous_proxy", "model_outlier"), 99)[0] == "suspect"
    assert judge(("duplicate_click", "model_outlier"), 99)[0] == "suspect"
    assert judge(("anonymous_proxy", "fast_click", "model_outlier"), 99)[0] == "invalid"


def test_the_score_is_the_larger_of_reasons_and_percentile():
    assert [judge(("anonymous_proxy",), percentile).score for percentile in (0, 30, 80)] == [45, 45, 80]
    assert judge((), 70) == ("valid", (), "", 70)


def test_reasons_with_one_cause_do_not_corroborate_each_other():
    for codes in (
        ("anonymous_proxy", "geo_timezone_mismatch"),
        ("ip_velocity", "duplicate_click"),
        ("device_mismatch", "outdated_browser"),
    ):
        assert judge(codes).verdict == "suspect", codes


def test_a_rulebook_may_have_a_reason_weigh_or_not():
    assert judge(("geo_language_mismatch",)).verdict == "valid"
    assert judge(("geo_language_mismatch",), 0, frozenset()).verdict == "suspect"
    assert judge(("bot_user_agent",), 0, frozenset({"bot_user_agent"})) == ("valid", ("bot_user_agent",), "", 0)

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

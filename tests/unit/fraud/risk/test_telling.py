"""What a person reads of a partner's risk."""

from __future__ import annotations

import pytest

from fraud.findings import facts_text
from fraud.risk.behaviours import BEHAVIOURS, DIMENSIONS, NAMES, RANKED, WINDOWS
from fraud.risk.sql import kind_of, part_kind
from fraud.risk.telling import code_of, possible, sentence, too_few, worded


def reason(code, value, median, peers=214):
    return facts_text(code=code, value=value, median=median, quantile=0.99, peers=peers)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (
            reason("address_share_day", 0.31, 0.02),
            (
                "31 % of this partner's clicks come from one address; half of 214 partners with similar volume have "
                "under 2 %."
            ),
        ),
        (
            reason("sub_id_entropy_1h", 0.12, 0.9, 1),
            (
                "This partner's sub ids within one hour have 12 % of the greatest possible variety; the one other "
                "partner with similar volume has over 90 %."
            ),
        ),
        (
            reason("ctit_p50", 259_200, 5400),
            (
                "Half of this partner's conversions come within 3 days; half of 214 partners with similar volume have "
                "under 90 minutes."
            ),
        ),
        (
            reason("fast_share", 1, 0),
            (
                "100 % of this partner's conversions come within 10 seconds of the click; half of 214 partners with "
                "similar volume have none at all."
            ),
        ),
        (
            reason("country_share_day", 0.501, 0.499),
            (
                "50 % of this partner's clicks come from one country; half of 214 partners with similar volume have "
                "about as much."
            ),
        ),
        (
            reason("address_entropy_1h", 0.73, 0.998),
            (
                "This partner's addresses within one hour have 73 % of the greatest possible variety; half of 214 "
                "partners with similar volume have nearly 100 %."
            ),
        ),
        (too_few(37, 100), "Too few to judge: 37 clicks; partners are judged from 100 on."),
    ],
)
def test_a_reason_is_a_sentence_with_the_partner_s_value_and_its_peers(stored, read):
    assert sentence(stored) == read


@pytest.mark.parametrize(
    "stored",
    ["", "nonsense", "code=gone value=1 median=2 peers=3", "code=address_share_day value=x", "code=too_few"],
)
def test_a_reason_of_another_version_is_shown_as_it_is_stored(stored):
    assert sentence(stored) == stored
    assert code_of(stored) in {"", "gone", "address_share_day", "too_few"}


@pytest.mark.parametrize("name", NAMES)
def test_every_behaviour_reads_as_a_sentence_with_its_value(name):
    text = sentence(reason(name, 0.25, 0.5))
    assert text.endswith(".")
    assert "{" not in text
    assert worded(BEHAVIOURS[name].unit, 0.25) in text


@pytest.mark.parametrize(
    ("name", "usual", "told"),
    [
        ("address_share_day", -0.15, 0.0),
        ("address_share_day", 1.2, 1.0),
        ("address_entropy_1h", 1.1, 1.0),
        ("velocity_1h", -2.0, 0.0),
        ("velocity_1h", 19.0, 19.0),
        ("ctit_p50", -3.0, 0.0),
        ("burst_1h", -0.2, -0.2),
    ],
)
def test_what_is_usual_is_told_as_a_value_somebody_can_have(name, usual, told):
    assert possible(BEHAVIOURS[name], usual) == told
    assert "-" not in sentence(reason(name, max(told, 0.0) + 1, max(usual, -0.9))) or name == "burst_1h"


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("share", 0.0, "0 %"),
        ("share", 0.0032, "0.32 %"),
        ("share", 0.999, "100 %"),
        ("degree", 0.126, "0.13"),
        ("times", 1234.5, "1,234"),
        ("number", 12345.0, "12,345"),
        ("seconds", 3.04, "3.0 seconds"),
        ("seconds", 119.0, "119 seconds"),
        ("seconds", 7200.0, "2 hours"),
    ],
)
def test_values_are_written_as_people_write_them(unit, value, text):
    assert worded(unit, value) == text


def test_each_dimension_is_measured_over_each_window_three_ways_and_none_outvotes_the_rest():
    for dimension in DIMENSIONS:
        for window in WINDOWS:
            assert {f"{dimension}_{measure}_{window}" for measure in ("share", "entropy", "gini")} <= set(NAMES)
        assert len([name for name in RANKED if name.startswith(f"{dimension}_")]) == 2
    kinds = [kind_of(window, dimension) for window in WINDOWS for dimension in DIMENSIONS] + [part_kind("night")]
    assert len(set(kinds)) == len(kinds)

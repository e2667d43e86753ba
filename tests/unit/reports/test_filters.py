"""A filter's values have their dimension's kind, and names become ids."""

from __future__ import annotations

import pytest

from tests.unit.reports.asking import asked


def values(dimension: str, *given, op: str = "in"):
    (one,) = asked(filters=[{"dimension": dimension, "op": op, "values": list(given)}]).where
    return one.values


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (["Ann"], (1, 3)),
        (["Bob", 7], (2, 7)),
        (["7"], (7,)),
        (["#12"], (12,)),
        (["(none)"], (0,)),
        ([0], (0,)),
        (["ann"], ()),
        (["Nobody"], ()),
        ([-1, 2**32, "99999999999", "#", "1.0", 1.0, True], ()),
        (["٣"], ()),
    ],
)
def test_a_partner_is_meant_by_name_or_id(given, ids):
    assert values("partner", *given) == ids


def test_an_id_may_stand_under_its_own_name():
    (one,) = asked(filters=[{"dimension": "partner_id", "op": "eq", "value": 2}]).where
    assert (one.dimension.name, one.values, one.by_id) == ("partner", (2,), True)


def test_other_operators_look_at_the_name():
    (one,) = asked(filters=[{"dimension": "partner", "op": "starts_with", "value": "A"}]).where
    assert (one.values, one.by_id) == (("A",), False)


@pytest.mark.parametrize(
    ("dimension", "given", "bound"),
    [
        ("country", ["DE", 1, True, 1.5], ("DE", "1", "true", "1.5")),
        ("asn", [15169, "15170", " 7 ", -1], (15169, 15170, 7, -1)),
        ("day", ["2026-11-01"], ("2026-11-01",)),
        ("fraud_reason", ["prefetch"], ("prefetch",)),
    ],
)
def test_values_take_the_dimension_s_kind(dimension, given, bound):
    assert values(dimension, *given) == bound


@pytest.mark.parametrize(
    ("given", "flag"),
    [(True, True), ("true", True), ("YES", True), (1, True), (False, False), ("no", False), ("0", False)],
)
def test_a_flag_can_be_written_in_several_ways(given, flag):
    assert values("is_bot", given, op="eq") == (flag,)


def test_value_and_values_are_the_same():
    (one,) = asked(filters=[{"dimension": "country", "op": "in", "value": "DE", "values": ["FR"]}]).where
    assert one.values == ("DE", "FR")


def test_metric_filters_take_numbers_and_their_texts():
    one, two = asked(
        filters=[{"metric": "clicks", "op": "between", "values": [1, "2.5"]}, {"metric": "cr", "op": "is_set"}]
    ).having
    assert one.values == (1.0, 2.5)
    assert two.values == ()

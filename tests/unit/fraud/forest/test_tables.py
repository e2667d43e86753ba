"""Frequencies: what is found is what was counted, and what is new is rare but never extreme by accident."""

from __future__ import annotations

import numpy as np
import pytest

from fraud.forest.tables import Keyed, Tables, counted_keys
from fraud.forest.vocabulary import Vocabulary, key_of, keys_of_numbers, mixed


def test_a_hash_table_finds_every_key_and_no_other():
    draw = np.random.default_rng(5)
    # Keys that share their low bits collide in the table's slots.
    keys = np.unique(
        np.concatenate([draw.integers(0, 2**63, 5_000), draw.integers(0, 2**40, 500) << 20]).astype(np.uint64)
    )
    table = Keyed(keys, np.arange(1.0, len(keys) + 1))
    assert (table.find(keys) == np.arange(1, len(keys) + 1)).all()
    assert not table.find(keys + np.uint64(1))[~np.isin(keys + np.uint64(1), keys)].any()
    assert not Keyed(keys[:0], np.empty(0)).find(keys).any()


def test_the_most_frequent_keys_are_kept():
    keys = np.repeat(np.arange(10, dtype=np.uint64), np.arange(1, 11))
    table = counted_keys(keys, most=3)
    assert dict(zip(table.keys.tolist(), table.values.tolist(), strict=True)) == {7: 8.0, 8: 9.0, 9: 10.0}


def test_keys_are_the_same_in_every_process_and_for_ever():
    assert key_of("Mozilla/5.0") == 2_502_622_220_936_563_474
    assert mixed(keys_of_numbers([1], 1), keys_of_numbers([2], 1)) != mixed(
        keys_of_numbers([2], 1), keys_of_numbers([1], 1)
    )


def test_a_vocabulary_forgets_and_says_the_same():
    words = Vocabulary(len, most=2)
    first = words.look_up(["a", "bb", "ccc"], 3)
    again = words.look_up(["ccc", "a", "ccc"], 3)
    assert again[0].tolist() == [first[0][2], first[0][0], first[0][2]]
    assert again[1].tolist() == [3, 1, 3]


@pytest.fixture(scope="module")
def tables(window):
    return Tables.learnt(window.facts)


def test_shares_of_what_was_seen_make_a_whole(tables, window):
    countries = np.unique(window.facts.countries)
    assert tables.network_share("countries", countries).sum() == pytest.approx(1, abs=0.01)
    partner = np.repeat(window.facts.partners[:1], len(countries))
    assert tables.partner_share("countries", partner, countries).sum() == pytest.approx(1, abs=0.01)


def test_a_click_left_out_of_its_own_counts_is_as_new_as_one_that_never_came(tables):
    once = np.array(
        [
            key
            for key, count in zip(tables.network["agents"].keys, tables.network["agents"].values, strict=True)
            if count == 1
        ][:1],
        np.uint64,
    )
    never = np.array([12345], np.uint64)
    assert tables.network_share("agents", once, own=1.0) == tables.network_share("agents", never)
    assert tables.network_share("agents", once) / tables.network_share("agents", never) == pytest.approx(1.5)


def test_a_new_partner_is_judged_by_the_network(tables, window):
    new = keys_of_numbers([999], 1)
    value = window.facts.countries[:1]
    assert tables.partner_share("countries", new, value) == pytest.approx(tables.network_share("countries", value))
    assert tables.usual_pace(new) == pytest.approx(tables.pace)


def test_hours_the_window_never_met_are_neither_busy_nor_quiet(window):
    # Only afternoons: what is learnt of the morning is nothing.
    afternoon = window.facts.take((window.facts.hours % 24 >= 12) & (window.facts.hours % 24 < 18))
    learnt = Tables.learnt(afternoon)
    bits = learnt.hour_bits(afternoon.countries[:1].repeat(24), np.arange(24))
    assert np.abs(bits[0:11]).max() < 0.01
    assert np.abs(bits).max() < 2


def test_an_invented_version_does_not_make_the_others_old(window):
    facts = window.facts
    invented = facts.take(np.arange(len(facts)))
    invented.majors[0] = 999.0
    before = Tables.learnt(facts).releases_behind(facts.browsers, facts.majors)
    assert (Tables.learnt(invented).releases_behind(facts.browsers, facts.majors) == before).all()


def test_tables_are_read_as_they_were_stored(tables, window):
    again = Tables.read(tables.stored())
    facts = window.facts
    assert (
        again.partner_share("agents", facts.partners, facts.agents)
        == tables.partner_share("agents", facts.partners, facts.agents)
    ).all()
    assert (again.hour_bits(facts.countries, facts.hours) == tables.hour_bits(facts.countries, facts.hours)).all()
    with pytest.raises(ValueError, match="isn't one"):
        Tables.read(tables.stored() | {"paces.keys": np.zeros(3)})

"""Any traffic has features and a score from 0 to 100, the same whatever is scored beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud.counts import COUNT_NAMES, Counted
from fraud.forest.features import FEATURES, NAMES
from fraud.forest.training import train
from tests.support.forest import of_rows, ordinary, part, replayed

TEXT = st.one_of(st.sampled_from(["", "US", "en-US", "1.0", "99999999999999999999"]), st.text(max_size=40))
CLICK = st.fixed_dictionaries(
    {
        "ts": st.integers(0, 4_000_000_000_000),
        "partner_ids": st.integers(0, 2**32 - 1),
        "asns": st.integers(0, 2**32 - 1),
        **dict.fromkeys(
            (
                "ips",
                "prefixes",
                "user_agents",
                "device_types",
                "oses",
                "browsers",
                "browser_versions",
                "languages",
                "countries",
                "referrer_hosts",
                "sources",
            ),
            TEXT,
        ),
        **dict.fromkeys(("is_in_app", "is_proxy", "is_datacenter"), st.booleans()),
    }
)
COUNT = st.integers(0, 2**31 - 1)


@pytest.fixture(scope="module")
def model():
    return train(replayed(ordinary(2_500)))[0]


@given(st.lists(CLICK, min_size=1, max_size=12), st.data())
def test_any_traffic_has_a_score_that_its_neighbours_do_not_change(model, clicks, data):
    traffic = of_rows([click.pop("ts") for click in clicks], clicks)
    counts = {
        name: np.array(data.draw(st.lists(COUNT, min_size=len(clicks), max_size=len(clicks))), np.int32)
        for name in COUNT_NAMES
    }
    counted = Counted(counts)
    features = model.features(traffic, counted)
    assert features.shape == (len(clicks), len(FEATURES))
    assert np.isfinite(features).all()
    scores = model.score(traffic, counted)
    assert scores.dtype == np.float32
    assert scores.min() >= 0
    assert scores.max() <= 100
    row = data.draw(st.integers(0, len(clicks) - 1))
    alone = part(traffic, [row])
    alone_counted = Counted({name: values[[row]] for name, values in counts.items()})
    assert model.score(alone, alone_counted)[0] == scores[row]
    explained = model.explain(traffic, counted, range(len(clicks)))
    assert explained[row] == model.explain(alone, alone_counted, [0])[0]
    assert all(set(names) <= set(NAMES) for names in explained)
    assert all(model.told(alone, alone_counted, 0))

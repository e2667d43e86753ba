"""Where somebody's word brings a conversion to: what is offered is what is taken, and nothing less."""

from itertools import product

import msgspec
import pytest

from tests.support.offers import offer
from tests.unit.tracker.test_conversion_state import RECEIVED, STATUSES, life, postback, step
from tracker.conversion_life import beyond_cap, held_by_rules, may_become
from tracker.conversion_state import HOLD_PERIOD


def plain(status):
    return life(offer(), postback(status=status))[1]


def in_hold_period(_status):
    state = plain("hold")
    return msgspec.structs.replace(state, reject_reason=HOLD_PERIOD, hold_until=RECEIVED + 86_400_000)


KINDS = {
    "plain": plain,
    "capped softly": lambda status: beyond_cap(plain(status), hard=False),
    "capped hard": lambda status: beyond_cap(plain(status), hard=True),
    "held by rules": lambda status: held_by_rules(plain(status), "hold"),
    "rejected by rules": lambda status: held_by_rules(plain(status), "reject"),
    "in its hold period": in_hold_period,
}


@pytest.mark.parametrize(
    ("kind", "status", "trusted"),
    list(product(KINDS, ("approved", "pending"), (True, False)))
    + [("plain", status, trusted) for status in ("hold", "rejected") for trusted in (True, False)],
)
def test_what_is_offered_is_what_is_taken(kind, status, trusted):
    state = KINDS[kind](status)
    taken = set()
    for wanted in STATUSES:
        outcome, after = step(state, postback(source="api", trusted=trusted, status=wanted), offer())
        if outcome == "updated" and after.status == wanted != state.status:
            taken.add(wanted)
    # Back to pending is nobody's word to give on a page: it is what time and rates bring.
    assert set(may_become(state, trusted=trusted)) == taken - {"pending"}

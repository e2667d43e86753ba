"""What the conversions of a batch share with stored ones and with each other: one question for all of them.

Invariants: a conversion sees those before it in its batch as if they were stored, and those in its second wherever
they are in it; the same conversion reported twice counts once; nothing is shared by an empty id.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from clickhouse_connect.driver.client import Client

from fraud.conversions import sql
from fraud.conversions.facts import DAYS, MOST_SOURCES, Batch, Conversion, Shared

_DAY_S = 86_400
_TOLD_APART = ("txn", "txns", "customer")
"""What is counted by the clicks that share it."""


@dataclass(slots=True)
class _Group:
    """The conversions that share one thing."""

    stored: int = 0
    sources: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    """Of this batch."""

    def __len__(self) -> int:
        return self.stored + len(self.keys)

    def add(self, one: Conversion) -> None:
        self.keys.add(one.key)
        self.sources.add(one.source)

    def others(self, one: Conversion) -> int:
        """Return how many other sources there are."""
        return len(self.sources) - (one.source in self.sources)


def shared(store: Client, batch: Batch) -> list[Shared]:
    """Return what each conversion of a batch shares with others.

    Raises:
        clickhouse_connect.driver.exceptions.Error, OSError: the store is away or refuses.

    """
    return share(batch, ask(store, batch)) if batch else []


def ask(store: Client, batch: Batch) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Return of the things a batch's conversions have how many stored conversions share each, and their clicks."""
    found = store.query_arrow(
        sql.SHARED,
        parameters={
            "clicks": sorted({one.click_id for one in batch} - {""}),
            "txns": sorted({one.txn_id for one in batch} - {""}),
            "customers": sorted({one.customer_id for one in batch} - {""}),
            "coupons": sorted({one.coupon for one in batch if one.attribution == "coupon"} - {""}),
            "seconds": sorted({one.ts // 1000 for one in batch if one.is_live}),
            "since": min(one.ts for one in batch) - DAYS * _DAY_S * 1000,
            "most": MOST_SOURCES,
        },
        use_strings=True,
    )
    return {row["shared"]: (row["conversions"], tuple(row["sources"])) for row in found.to_pylist()}


def share(batch: Batch, stored: Mapping[str, tuple[int, tuple[str, ...]]]) -> list[Shared]:
    """Return what each conversion shares, in the batch's order.

    Args:
        batch: Conversions in the order they were received.
        stored: What ``ask`` found.

    """
    groups: defaultdict[str, _Group] = defaultdict(_Group)
    for thing, (number, sources) in stored.items():
        groups[thing] = _Group(number, set(sources))
    things = [_things(one) for one in batch]
    seen = Counter(chain.from_iterable(of.values() for of in things))
    # Most things belong to one conversion alone.
    things = [{name: of[name] for name in of if seen[of[name]] > 1 or of[name] in stored} for of in things]
    for one, of in zip(batch, things, strict=True):
        if "second" in of and not one.is_stored:
            groups[of["second"]].keys.add(one.key)
    found = []
    for one, of in zip(batch, things, strict=True):
        before = {name: groups[of[name]].others(one) for name in _TOLD_APART if name in of}
        if not one.is_stored:
            for name, thing in of.items():
                if name != "second":
                    groups[thing].add(one)
        found.append(
            Shared(
                of_click=len(groups[of["click"]]) if "click" in of else 1,
                in_second=len(groups[of["second"]]) if "second" in of else 1,
                txn_on_offer=before.get("txn", 0),
                txn_at_advertiser=before.get("txns", 0),
                customer=before.get("customer", 0),
                coupon_today=len(groups[of["coupon"]]) if "coupon" in of else 1,
            )
        )
    return found


def _things(one: Conversion) -> dict[str, str]:
    """Return what a conversion may share, each as the store writes it in ``sql.SHARED``."""
    found = {}
    if one.click_id:
        found["click"] = f"click {one.click_id} {one.goal}"
    if one.txn_id:
        found["txn"] = f"txn {one.offer_id} {one.txn_id}"
        found["txns"] = f"txns {one.advertiser_id} {one.txn_id}"
    if one.customer_id:
        found["customer"] = f"customer {one.offer_id} {one.goal} {one.customer_id}"
    if one.is_live:
        found["second"] = f"second {one.offer_id} {one.partner_id} {one.ts // 1000}"
    if one.coupon and one.attribution == "coupon":
        found["coupon"] = f"coupon {one.offer_id} {one.coupon} {one.ts // 1000 // _DAY_S}"
    return found

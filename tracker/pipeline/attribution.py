"""Whose a conversion is: its click's, its impression's, its coupon's partner's, or its visitor's last click's.

Rules: a click id that a postback names comes first, and may be an impression's (view-through). Without one, a
coupon of the offer that was valid at the moment gives the sale to its partner, and whose link the visitor clicked
before is only noted; else the visitor (address and user agent) is looked for: their last click on the offer within
its window, else their last impression within its view window. Only what came before the conversion counts.

Invariants: nothing is guessed (a visitor without address or user agent is nobody's); a self-test's click is found
by a self-test only; the answer for one batch costs at most four questions, however many postbacks it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from tracker.click_id import ClickIdKeys
from tracker.events import Postback
from tracker.pipeline import sql
from tracker.pipeline.conversion_rows import Owner
from tracker.routes import OfferRoute
from tracker.snapshot import Snapshot

MOST_CLICKS_OF_A_VISITOR = 100
"""The latest, that are looked through for one before the conversion."""
KEPT_AGENT = 500
"""Characters of a user agent that a postback keeps; a click keeps all of it."""


class _Found(NamedTuple):
    """A click or impression of a visitor."""

    click_id: str
    click_ms: int


Visitor = tuple[int, str, str]
"""Offer, address, user agent as far as a postback keeps it."""


class Attribution:
    """Finds out whose new conversions are."""

    def __init__(self, store: Client, keys: ClickIdKeys, window_ms: int) -> None:
        """Keep what to ask.

        Args:
            store: The event store.
            keys: Click id keys.
            window_ms: How long after a click a conversion counts, unless its offer says otherwise.

        """
        self._store = store
        self._keys = keys
        self._window_ms = window_ms

    def window_ms(self, offer: OfferRoute) -> int:
        """Return how long after a click a conversion counts."""
        return offer.attribution_window_s * 1000 or self._window_ms

    def find(self, postbacks: Sequence[Postback], snapshot: Snapshot) -> list[Owner | None]:
        """Return whose each conversion is; None where nothing is found yet.

        Args:
            postbacks: Whose click ids are genuine.
            snapshot: The program.

        Raises:
            STORE_ERRORS: the store is away or refuses.

        """
        clicks, views = self._of_visitors([p for p in postbacks if self._by_visitor(p, snapshot)], snapshot)
        named = {p.fields.click_id: self._keys.read(p.fields.click_id).ts for p in postbacks if p.fields.click_id}
        known = self._by_id(sql.CLICKS_BY_ID, named | dict(clicks.values()))
        missing = {click_id: ts for click_id, ts in named.items() if click_id not in known}
        seen = self._by_id(sql.IMPRESSIONS_BY_ID, missing | dict(views.values()))
        owners: list[Owner | None] = []
        for postback in postbacks:
            click_id = postback.fields.click_id
            if not click_id:
                coupon = _by_coupon(postback, snapshot)
                found = clicks.get(id(postback)) or views.get(id(postback))
                if coupon is not None:
                    path = known.get(found.click_id) if found else None
                    owners.append(replace(coupon, path_partner_id=path["partner_id"]) if path else coupon)
                    continue
                click_id = found.click_id if found else ""
            if (click := known.get(click_id)) is not None:
                owners.append(Owner(_marked(click, postback), click_id, click["click_ms"], "click"))
            elif (view := seen.get(click_id)) is not None:
                owners.append(Owner(_marked(view, postback), click_id, view["click_ms"], "view"))
            else:
                owners.append(None)
        return owners

    def _by_id(self, statement: str, moments: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        if not moments:
            return {}
        found = self._store.query_arrow(
            statement,
            parameters={"ids": sorted(moments), "first": min(moments.values()), "last": max(moments.values())},
            use_strings=True,
        )
        return {row["click_id"]: row for row in found.to_pylist()}

    @staticmethod
    def _by_visitor(postback: Postback, snapshot: Snapshot) -> bool:
        known = postback.fields.conversion_ip and postback.user_agent and postback.offer_id in snapshot.offers
        return bool(known) and not postback.fields.click_id

    def _of_visitors(
        self, postbacks: Sequence[Postback], snapshot: Snapshot
    ) -> tuple[dict[int, _Found], dict[int, _Found]]:
        """Return each postback's last click, and the last impression of those without, by the postback's id()."""
        if not postbacks:
            return {}, {}
        windows = {p.offer_id: self.window_ms(snapshot.offers[p.offer_id]) for p in postbacks}
        clicks = self._last(sql.CLICKS_OF_VISITORS, postbacks, windows)
        rest = [
            p
            for p in postbacks
            if id(p) not in clicks
            and snapshot.offers[p.offer_id].view_window_s
            and _by_coupon(p, snapshot) is None
        ]
        windows = {p.offer_id: snapshot.offers[p.offer_id].view_window_s * 1000 for p in rest}
        return clicks, self._last(sql.IMPRESSIONS_OF_VISITORS, rest, windows) if rest else {}

    def _last(
        self, statement: str, postbacks: Sequence[Postback], windows: Mapping[int, int]
    ) -> dict[int, _Found]:
        answer = self._store.query_arrow(
            statement,
            parameters={
                "offers": sorted(windows),
                "ips": sorted({p.fields.conversion_ip for p in postbacks}),
                "first": min(p.ts - windows[p.offer_id] for p in postbacks),
                "last": max(p.ts for p in postbacks),
                "most": MOST_CLICKS_OF_A_VISITOR,
            },
            use_strings=True,
        )
        by_visitor: defaultdict[Visitor, list[dict[str, Any]]] = defaultdict(list)
        for row in answer.to_pylist():
            by_visitor[row["offer_id"], row["ip"], row["user_agent"][:KEPT_AGENT]].append(row)
        found = {}
        for p in postbacks:
            visitor = p.offer_id, p.fields.conversion_ip, p.user_agent[:KEPT_AGENT]
            row = _latest(by_visitor[visitor], p, p.ts - windows[p.offer_id])
            if row is not None:
                found[id(p)] = _Found(row["click_id"], row["click_ms"])
        return found


def _latest(rows: Iterable[Mapping[str, Any]], postback: Postback, since_ms: int) -> Mapping[str, Any] | None:
    fitting = [r for r in rows if since_ms <= r["click_ms"] <= postback.ts and r["is_test"] <= postback.is_test]
    return max(fitting, key=lambda row: row["click_ms"], default=None)


def _by_coupon(postback: Postback, snapshot: Snapshot) -> Owner | None:
    """Return the partner of a coupon that was valid when the sale came; None for no such coupon."""
    code = postback.fields.coupon.strip().upper()
    offer = snapshot.offers.get(postback.offer_id)
    coupon = snapshot.coupons.get(f"{postback.offer_id}:{code}") if code else None
    if coupon is None or offer is None:
        return None
    if postback.ts < coupon.starts_at or (coupon.ends_at and postback.ts >= coupon.ends_at):
        return None
    partner = snapshot.partners.get(coupon.partner_id)
    if partner is None or partner.status != "approved":
        return None
    dimensions = {
        "partner_id": coupon.partner_id,
        "advertiser_id": offer.advertiser_id,
        "offer_id": offer.id,
        "coupon": coupon.code,
        "is_test": postback.is_test,
    }
    return Owner(dimensions, "", postback.ts, "coupon")


def _marked(click: Mapping[str, Any], postback: Postback) -> Mapping[str, Any]:
    return {**click, "is_test": True} if postback.is_test else click

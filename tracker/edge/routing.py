"""Where a click goes, and why: the one decision behind redirects, scripts, server-side clicks and impressions.

The order of TRACKING, each failure with a ``trafficback_reason``: unknown link, offer or partner; offer paused,
ended, not started, partner or offer not approved; targeting; caps; blocked source; fraud rules with the action
fallback; duplicate policy; then the landing page. What fails goes to the offer's alternative, which is judged as
wholly, and its alternative, and so on; else to the named offer's fallback, the partner's, the network's, else to a
plain 404 page. A smart link's offers are tried in the order it draws until one takes the click. What a fraud rule
sends to the fallback is offered to no other offer.

Invariants: no visit raises; the first rule that fails, in that order, is the reason. A click that is refused
takes nothing from a cap and opens no window: caps and duplicates are asked last, together, in one call that takes
all or nothing, and only looks where the source is blocked anyway; a cap that is full then still comes before the
block, and a repetition after it. Only offers with caps or a duplicate policy await anything.
"""

from __future__ import annotations

from bisect import bisect_left
from random import Random
from typing import TYPE_CHECKING, Protocol

import msgspec

from tracker.edge.blocking import PLACE_KINDS, is_blocked
from tracker.edge.counting import Admission, VisitorAsk, needs_counting
from tracker.edge.decision import (
    ADVERTISER_SUSPENDED,
    BLOCKED_SOURCE,
    DESTINATION_UNUSABLE,
    FRAUD_RULE,
    NO_OFFER_ELIGIBLE,
    OFFER_ENDED,
    OFFER_NOT_APPROVED,
    OFFER_NOT_STARTED,
    OFFER_PAUSED,
    OFFER_UNKNOWN,
    PARTNER_INACTIVE,
    Decision,
)
from tracker.edge.facts import VisitorFacts
from tracker.edge.link import Link, read_link
from tracker.edge.program import CompiledOffer, CompiledPartner, Program, ProgramHolder, compile_once
from tracker.edge.smart_links import PerformanceFeed, order
from tracker.macros import Template
from tracker.routes import OfferRoute

if TYPE_CHECKING:
    from tracker.edge.visit import Visit

MOST_ALTERNATIVES = 5
"""How far a click follows alternatives of alternatives."""

_AFTER_CAPS = frozenset({BLOCKED_SOURCE, FRAUD_RULE})
"""Reasons that a full cap comes before."""


class Counts(Protocol):
    """Caps and duplicate policies; ``tracker.edge.counting``."""

    async def admit(
        self, offer: OfferRoute, partner_id: int, ask: VisitorAsk, now_ms: int, *, count: bool
    ) -> Admission:
        """Say whether an offer's caps and duplicate policy let a click in, and count it if so and asked to."""


class _Try(msgspec.Struct, gc=False):
    """What an offer says to a click."""

    reason: str
    template: Template | None = None
    landing_id: str = ""
    duplicate: bool = False
    over_cap: bool = False


class Router:
    """Decides where clicks go, by the program of the moment."""

    def __init__(
        self,
        holder: ProgramHolder,
        facts: VisitorFacts,
        counts: Counts,
        feed: PerformanceFeed,
        draw: Random | None = None,
    ) -> None:
        """Keep what decisions are made of.

        Args:
            holder: Has the program.
            facts: Derives place and device where a rule asks.
            counts: Caps and duplicates.
            feed: What offers earned lately.
            draw: Source of randomness for landing pages and smart links.

        """
        self._holder = holder
        self._facts = facts
        self._admit = counts.admit
        self._feed = feed
        self._draw = draw or Random()  # noqa: S311 - shares of traffic, no secret

    async def route(self, visit: Visit) -> Decision:
        """Decide for one visit; a click that counts is counted towards the caps of the offer that takes it."""
        link = read_link(self._holder.program, visit)
        if link.reason and self._holder.after_miss():
            link = read_link(self._holder.program, visit)
        offer, partner = link.offer, link.partner
        if link.reason or partner is None:
            return _trafficback(link, link.reason)
        if offer is None:
            return await self._choose(link, partner, visit)
        if offer.targeting is None and not link.program.blocks.kinds and not needs_counting(offer.route):
            # As most are: nothing to wait for.
            tried = self._try_alone(link, offer, partner, visit)
        else:
            tried = await self._try(link, offer, partner, visit)
        if tried.reason == FRAUD_RULE:
            return _trafficback(link, FRAUD_RULE)
        if tried.reason:
            return await self._elsewhere(link, offer, partner, visit, tried.reason)
        return _taken(link, tried, offer)

    def _try_alone(self, link: Link, offer: CompiledOffer, partner: CompiledPartner, visit: Visit) -> _Try:
        """Judge everything but caps and duplicates."""
        reason = _standing(link.program, offer.route, partner, visit.ts)
        if reason:
            return _Try(reason)
        template, landing_id = offer.destination, ""
        if link.url or offer.landings:
            template, landing_id = self._page(offer, link.parameters, link.url)
        if template is None:
            return _Try(DESTINATION_UNUSABLE)
        if offer.targeting is not None:
            reason = offer.targeting.failing(visit, self._facts)
            if reason:
                return _Try(reason)
        blocks = link.program.blocks
        if blocks.kinds and is_blocked(
            blocks, visit, link.parameters, self._facts, offer.route.id, partner.route.id
        ):
            return _Try(BLOCKED_SOURCE)
        fallbacks = link.program.fallbacks
        if fallbacks is not None and fallbacks.hit(visit, offer.route.id, partner.route.id):
            return _Try(FRAUD_RULE)
        return _Try("", template, landing_id)

    async def _count(
        self, tried: _Try, offer: OfferRoute, partner: CompiledPartner, visit: Visit, parameters: dict[str, str]
    ) -> _Try:
        """Ask caps and duplicates too, unless a rule before them failed already."""
        reason = tried.reason
        if reason and (reason not in _AFTER_CAPS or not offer.caps):
            return tried
        ask = VisitorAsk(
            visit.ip,
            visit.user_agent,
            parameters.get("idfa") or parameters.get("gaid") or "",
            parameters.get("partner_click_id", ""),
        )
        count = not reason and visit.counts()
        refused, duplicate, over_cap = await self._admit(offer, partner.route.id, ask, visit.ts, count=count)
        if visit.is_impression:
            # Seeing an offer again is no repetition of a click.
            duplicate, refused = False, "" if refused == "duplicate" else refused
        if reason:
            return tried if refused in {"", "duplicate"} else _Try(refused)
        if refused:
            return _Try(refused)
        return _Try("", tried.template, tried.landing_id, duplicate, over_cap)

    async def _try(self, link: Link, offer: CompiledOffer, partner: CompiledPartner, visit: Visit) -> _Try:
        """Judge a click for one offer by all rules."""
        if not self._facts.is_loaded and (
            offer.targeting is not None or not PLACE_KINDS.isdisjoint(link.program.blocks.kinds)
        ):
            await self._facts.load()
        tried = self._try_alone(link, offer, partner, visit)
        if needs_counting(offer.route):
            return await self._count(tried, offer.route, partner, visit, link.parameters)
        return tried

    async def _elsewhere(
        self, link: Link, named: CompiledOffer, partner: CompiledPartner, visit: Visit, reason: str
    ) -> Decision:
        """Try the alternatives of an offer that didn't take the click."""
        seen = {named.route.id}
        offer = named
        for _ in range(MOST_ALTERNATIVES):
            alternative = link.program.offers.get(str(offer.route.alternative_offer_id))
            if alternative is None or alternative.route.id in seen:
                break
            offer = alternative
            seen.add(offer.route.id)
            tried = await self._try(link, offer, partner, visit)
            if not tried.reason:
                return _taken(link, tried, offer, reason, requested_offer_id=named.route.id)
            if tried.reason == FRAUD_RULE:
                break
        return _trafficback(link, reason)

    async def _choose(self, link: Link, partner: CompiledPartner, visit: Visit) -> Decision:
        """Try a smart link's offers in the order it draws."""
        smart_link = link.smart_link
        if smart_link is None:
            return _trafficback(link, OFFER_UNKNOWN)
        if partner.route.status != "approved":
            return _trafficback(link, PARTNER_INACTIVE)
        standings = self._feed.standings
        country = ""
        if standings.by_country(smart_link):
            await self._facts.load()
            country = self._facts.place(visit.ip).country
        reasons = set()
        for offer_id in order(smart_link, standings, country, self._draw):
            offer = link.program.offers.get(str(offer_id))
            if offer is None:
                reasons.add(OFFER_UNKNOWN)
                continue
            tried = await self._try(link, offer, partner, visit)
            if not tried.reason:
                return _taken(link, tried, offer, smart_link_id=smart_link.id)
            if tried.reason == FRAUD_RULE:
                return _trafficback(link, FRAUD_RULE)
            reasons.add(tried.reason)
        return _trafficback(link, reasons.pop() if len(reasons) == 1 else NO_OFFER_ELIGIBLE)

    def _page(self, offer: CompiledOffer, parameters: dict[str, str], url: str) -> tuple[Template | None, str]:
        """Return the deep link's page, else the landing page the link names, else one by weight; and its id."""
        if url:
            page = offer.deep_link(url)
            if page is not None:
                return page, ""
        if not offer.landings:
            return offer.destination, ""
        wanted = parameters.get("landing_id")
        if wanted:
            for landing, template in offer.landings:
                if str(landing.id) == wanted:
                    return template, wanted
        mark = self._draw.random() * offer.landing_weight
        for landing, template in offer.landings:
            mark -= landing.weight
            if mark < 0:
                return template, str(landing.id)
        return offer.destination, ""


def _taken(
    link: Link,
    tried: _Try,
    offer: CompiledOffer,
    reason: str = "",
    *,
    requested_offer_id: int = 0,
    smart_link_id: int = 0,
) -> Decision:
    """Return the decision for a click that an offer took."""
    return Decision(
        reason,
        tried.template,
        offer,
        link.partner,
        link.parameters,
        link.preset,
        link.id,
        requested_offer_id,
        smart_link_id,
        tried.landing_id,
        tried.duplicate,
        tried.over_cap,
    )


def _trafficback(link: Link, reason: str) -> Decision:
    """Return the decision for a click that no offer took: the nearest fallback."""
    offer, partner, smart_link = link.offer, link.partner, link.smart_link
    template = (
        (offer.fallback if offer else None)
        or (compile_once(smart_link.fallback_url) if smart_link else None)
        or (partner.fallback if partner else None)
        or link.program.fallback
    )
    smart_link_id = smart_link.id if smart_link else 0
    return Decision(reason, template, offer, partner, link.parameters, link.preset, link.id, 0, smart_link_id)


def _standing(program: Program, offer: OfferRoute, partner: CompiledPartner, now_ms: int) -> str:
    """Return why an offer is closed to a partner at this moment, '' when it is open."""
    if offer.status != "active":
        return OFFER_PAUSED if offer.status == "paused" else OFFER_ENDED
    if offer.ends_at and now_ms >= offer.ends_at:
        return OFFER_ENDED
    if now_ms < offer.starts_at:
        return OFFER_NOT_STARTED
    advertiser = program.advertisers.get(offer.advertiser_id)
    if advertiser is not None and advertiser.status != "active":
        return ADVERTISER_SUSPENDED
    if partner.route.status != "approved":
        return PARTNER_INACTIVE
    if offer.visibility != "public" and not _is_among(offer.approved_partners, partner.route.id):
        return OFFER_NOT_APPROVED
    if offer.refused_partners and _is_among(offer.refused_partners, partner.route.id):
        return OFFER_NOT_APPROVED
    return ""


def _is_among(ascending: tuple[int, ...], partner_id: int) -> bool:
    place = bisect_left(ascending, partner_id)
    return place < len(ascending) and ascending[place] == partner_id

"""From a conversion that somebody reports to an event on the disk: one road for postbacks, pixels and scripts.

Invariants: whatever is reported leaves exactly one event, a ``Postback`` or a ``Refused`` with its reason,
before it is answered; the click id alone tells the offer, so token, window and currency are checked without
any store. What a page sends can be read and repeated by every visitor: it never sets payout or revenue, and
without a signature neither a status nor a coupon's partner; it creates conversions and changes none.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker import test_mode
from tracker.click_id import ClickIdKeys
from tracker.conversion_state import ConversionState, id_of
from tracker.edge.address import parse_address
from tracker.edge.outcomes import Outcomes
from tracker.edge.program import CompiledOffer, ProgramHolder
from tracker.edge.report import Report, Taken
from tracker.edge.requests import CLICK_COOKIE, IMPRESSION_COOKIE
from tracker.errors import (
    ADDRESS_INVALID,
    ADVERTISER_SUSPENDED,
    ATTRIBUTION_MISSING,
    CLICK_ID_EXPIRED,
    CLICK_ID_MISSING,
    CONVERSION_TOO_EARLY,
    COUPON_UNKNOWN,
    ERRORS,
    JOURNAL_UNAVAILABLE,
    OFFER_UNKNOWN,
    TRANSITION_NOT_ALLOWED,
    TXN_ID_MISSING,
)
from tracker.events import Postback, PostbackFields, Refused, encode_event
from tracker.journal import JournalWriter
from tracker.postbacks import PostbackRequest
from tracker.rates import Rates
from tracker.routes import AdvertiserRoute, OfferRoute
from tracker.senders import check_address, check_token
from tracker.tariff import goal_code, terms_for

DAY_MS = 86_400_000
MAX_DETAIL_CHARACTERS = 500
"""Of what is kept of a refusal's sentence, of a click id as sent, and of a sender's user agent."""


class Acceptance:
    """Takes reports of conversions, or refuses them and keeps why."""

    def __init__(
        self,
        holder: ProgramHolder,
        journal: JournalWriter,
        keys: ClickIdKeys,
        outcomes: Outcomes,
        *,
        window_days: int,
    ) -> None:
        self._holder = holder
        self._journal = journal
        self._keys = keys
        self._outcomes = outcomes
        self._window_ms = window_days * DAY_MS
        self._reasons = {code: counter("clickledger_refused_total", reason=code) for code in ERRORS}
        self._not_durable = counter("clickledger_not_durable_total")

    async def take(self, report: Report, request: PostbackRequest, now_ms: int) -> Taken:
        """Check a report, write it down and say what it does.

        Raises:
            ClickledgerError: the first thing that is wrong, or ``journal_unavailable``; give it to ``refuse``.

        """
        report.request = request
        offer, click_id = self._attribute(report, request, now_ms)
        route = offer.route
        ignored = self._check_sender(report, request, route, now_ms)
        if not click_id:
            ignored += self._check_clickless(report, request, route, now_ms)
        fields = self._fields(report, request, route, click_id)
        if not route.allow_override:
            ignored += [name for name in ("payout", "revenue") if getattr(fields, name) is not None]
        event = Postback(
            now_ms,
            fields,
            route.id,
            report.method,
            report.raw,
            report.ip,
            self._agent(report, request, click_id),
            report.source,
            is_test=test_mode.is_test(self._keys, request.values.get(test_mode.PARAMETER, ""), now_ms),
        )
        key = id_of(event)
        if click_id:
            await self._check_time(key, click_id, route, now_ms)
        program = self._holder.program
        terms = terms_for(route, fields.goal, Rates(program.base_currency, program.rates))
        outcome, state, provisional = await self._outcomes.of(key, event, terms)
        if outcome == "refused":
            raise TRANSITION_NOT_ALLOWED.error(_transition(state, fields))
        try:
            await self._journal.append(encode_event(event))
        except ClickledgerError:
            await self._outcomes.forget(key)
            raise
        return Taken(outcome, key, fields, state, provisional, tuple(ignored))

    async def refuse(self, why: ClickledgerError, report: Report, now_ms: int) -> ClickledgerError:
        """Keep a refused report with its reason; return what to answer, which a full disk may change."""
        if why.kind is not JOURNAL_UNAVAILABLE:
            kept = Refused(
                now_ms,
                "postback" if report.source == "postback" else "pixel",
                why.kind.code,
                why.message[:MAX_DETAIL_CHARACTERS],
                report.method,
                report.raw,
                report.ip,
                report.request.values.get("click_id", "")[:MAX_DETAIL_CHARACTERS] if report.request else "",
            )
            try:
                await self._journal.append(encode_event(kept))
            except ClickledgerError as unstored:
                why = unstored
        if why.kind is JOURNAL_UNAVAILABLE:
            self._not_durable.n += 1
        else:
            self._reasons[why.kind.code].n += 1
        return why

    def _attribute(self, report: Report, request: PostbackRequest, now_ms: int) -> tuple[CompiledOffer, str]:
        """Return the offer and the id of the click or impression, '' when the pipeline has to find one."""
        if request.values.get("click_id"):
            click_id = request.click_id
            return self._offer(str(self._keys.read(click_id).offer_id)), click_id
        named = request.values.get("offer_id", "").strip()
        if not named:
            raise CLICK_ID_MISSING.error()
        offer = self._offer(named)
        if report.from_a_page:
            route = offer.route
            for name, window_ms in (
                (CLICK_COOKIE, self._click_window_ms(route)),
                (IMPRESSION_COOKIE, route.view_window_s * 1000),
            ):
                remembered = report.cookies.get(f"{name}{route.id}", "")
                if remembered and self._is_of(remembered, route.id, now_ms - window_ms):
                    return offer, remembered
        return offer, ""

    def _offer(self, offer_id: str) -> CompiledOffer:
        offer = self._holder.program.offers.get(offer_id)
        if offer is None and self._holder.after_miss():
            offer = self._holder.program.offers.get(offer_id)
        if offer is None:
            raise OFFER_UNKNOWN.error()
        return offer

    def _is_of(self, click_id: str, offer_id: int, not_before_ms: int) -> bool:
        """Return whether a cookie holds a genuine, fresh id of this offer; anything else is as good as none."""
        try:
            parts = self._keys.read(click_id)
        except ClickledgerError:
            return False
        return parts.offer_id == offer_id and parts.ts >= not_before_ms

    def _check_sender(self, report: Report, request: PostbackRequest, offer: OfferRoute, now_ms: int) -> list[str]:
        """Check address, token and the advertiser's standing; return what this sender may not set but did."""
        advertiser: AdvertiserRoute | None = self._holder.program.advertisers.get(offer.advertiser_id)
        signed = "signature" in request.values
        if advertiser is not None:
            clickless = not request.values.get("click_id") and not report.from_a_page
            if not (report.from_a_page and signed):
                # A page is seen from anywhere; the signature was made where the advertiser's secret is.
                check_address(report.ip, advertiser)
            check_token(request, advertiser, now_ms / 1000, required=clickless, from_a_page=report.from_a_page)
            if advertiser.status == "suspended":
                raise ADVERTISER_SUSPENDED.error()
        elif not request.values.get("click_id"):
            raise OFFER_UNKNOWN.error("The offer's advertiser does not exist any more.")
        if not report.from_a_page:
            return []
        return request.drop("payout", "revenue", *(() if signed else ("status", "reject_reason")))

    def _click_window_ms(self, offer: OfferRoute) -> int:
        return offer.attribution_window_s * 1000 or self._window_ms

    async def _check_time(self, key: str, click_id: str, offer: OfferRoute, now_ms: int) -> None:
        """Refuse a new conversion too soon or too late after its click; a known one may change at any time."""
        # Whether it is a click's or an impression's id, and which window counts, only the pipeline can tell.
        longest_ms = max(self._click_window_ms(offer), offer.view_window_s * 1000)
        elapsed_ms = now_ms - self._keys.read(click_id).ts
        expired = elapsed_ms > longest_ms
        # Without a shortest time, a click of a host whose clock is ahead is none too soon.
        too_soon = offer.min_conversion_s > 0 and elapsed_ms < offer.min_conversion_s * 1000
        if (expired or too_soon) and not await self._outcomes.know(key):
            raise (CLICK_ID_EXPIRED if expired else CONVERSION_TOO_EARLY).error()

    def _check_clickless(
        self, report: Report, request: PostbackRequest, offer: OfferRoute, now_ms: int
    ) -> list[str]:
        """Check that the pipeline will be able to find out whose conversion it is."""
        values = request.values
        if report.from_a_page and "signature" not in values:
            # Whoever knows a coupon could otherwise earn by it with a page of their own.
            return request.drop("coupon")
        by_visitor = report.from_a_page or ("ip" in values and "user_agent" in values)
        if "coupon" not in values and not by_visitor:
            raise ATTRIBUTION_MISSING.error()
        if not report.from_a_page and "txn_id" not in values:
            raise TXN_ID_MISSING.error()
        if by_visitor and not report.from_a_page:
            address = parse_address(values["ip"])
            if address is None:
                raise ADDRESS_INVALID.error()
            values["ip"] = str(address)
        if "coupon" in values and not self._has_coupon(offer.id, values["coupon"], now_ms) and not by_visitor:
            raise COUPON_UNKNOWN.error()
        return []

    def _has_coupon(self, offer_id: int, code: str, now_ms: int) -> bool:
        key = f"{offer_id}:{code.strip().upper()}"
        coupon = self._holder.program.coupons.get(key)
        if coupon is None and self._holder.after_miss():
            coupon = self._holder.program.coupons.get(key)
        return (
            coupon is not None and coupon.starts_at <= now_ms and (not coupon.ends_at or now_ms < coupon.ends_at)
        )

    def _fields(
        self, report: Report, request: PostbackRequest, offer: OfferRoute, click_id: str
    ) -> PostbackFields:
        fields = request.fields(self._holder.program.currencies, click_id)
        changes: dict[str, Any] = {"goal": goal_code(offer, fields.goal)}
        if report.from_a_page:
            changes["conversion_ip"] = report.ip
            if not click_id and not fields.txn_id:
                # Without a click or a transaction the visitor is all that tells conversions apart.
                changes["txn_id"] = visitor_key(report.ip, report.user_agent)
        return msgspec.structs.replace(fields, **changes)

    @staticmethod
    def _agent(report: Report, request: PostbackRequest, click_id: str) -> str:
        """Return the visitor's user agent when it is what the click will be found by, else the sender's."""
        if click_id or report.from_a_page:
            return report.user_agent
        return request.values.get("user_agent", "") or report.user_agent


def visitor_key(ip: str, user_agent: str) -> str:
    """Return the transaction id of a visitor's conversion that names neither click nor transaction."""
    return f"visitor:{hashlib.blake2b(f'{ip} {user_agent}'.encode(), digest_size=12).hexdigest()}"


def _transition(state: ConversionState, fields: PostbackFields) -> str:
    wanted = fields.status or state.status
    return f"The conversion is {state.status}; it can't become {wanted} or change now. See docs/postbacks.md."

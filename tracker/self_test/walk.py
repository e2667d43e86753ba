"""The walk itself, hop by hop; each hop is judged for itself, and what depends on a failed one is skipped.

Invariants: every request to the edge bears the test token, so nothing it makes counts; what is expected is
computed from the program, not from what came; the landing page is dialled only where the guard of outgoing
requests lets it, and its trouble is a warning, since it is not ours; no secret is in what the walk tells.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from kernel.errors import ClickledgerError
from tracker import test_mode
from tracker.click_id import ClickIdKeys
from tracker.outbound.delivery import outbound_session
from tracker.outbound.guard import Guard
from tracker.rates import Rates
from tracker.routes import LinkRoute, OfferRoute
from tracker.self_test import sql
from tracker.self_test.expected import fallback_rule, pages, standing
from tracker.self_test.landing import look
from tracker.self_test.outgoing import would_tell
from tracker.self_test.schemas import Hop, HopName, LinkTest, LinkTested, State
from tracker.snapshot import Snapshot
from tracker.tariff import Terms, earned, goal_code, terms_for

Ask = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any] | None]]
"""Returns the first row of a statement, or None."""

EDGE_SECONDS = 10.0
STORED_SECONDS = 15.0
"""Within this, click and conversion must be in the event store; usually it takes one."""
_LOOK_SECONDS = 0.2
_MARGIN_MS = 60_000
_CLICK_ID = re.compile(r"[A-Za-z0-9_-]{32}")
_MOST_SHOWN = 300
_MOST_PAGE_BYTES = 4096


@dataclass(slots=True)
class Walk:
    """One walk over one link."""

    link: LinkRoute
    wanted: LinkTest
    program: Snapshot
    keys: ClickIdKeys
    edge_url: str
    guard: Guard
    ask: Ask
    shows_revenue: bool = True
    """Partners don't see what the advertiser pays."""
    hops: list[Hop] = field(default_factory=list)
    click_id: str = ""
    conversion_id: str = ""
    _destination: str = ""
    _offer: OfferRoute | None = None
    _txn: str = ""
    _click: dict[str, Any] | None = None

    async def run(self) -> LinkTested:
        """Walk and tell."""
        self._link()
        async with AsyncExitStack() as stack:
            edge = await stack.enter_async_context(
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=EDGE_SECONDS),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                )
            )
            await self._clicked(edge)
            if self._destination:
                outside = await stack.enter_async_context(outbound_session(self.guard, 1))
                await self._landing(outside)
            else:
                self._skip("landing", "a page that takes the click id")
            if self._offer is not None and self.click_id:
                await self._postback(edge, self._offer)
                await self._report(self._offer)
                self._outgoing(self._offer)
            else:
                self._skip("postback", "the advertiser's postback, accepted")
                self._skip("report", "click and conversion in the event store, marked as a test")
                self._skip("outgoing", "what the partner's hooks would be sent")
        return LinkTested(
            ok=all(hop.state != "failed" for hop in self.hops),
            link_id=self.link.id,
            code=self.link.code,
            tracking_url=f"{self.edge_url}/c/{self.link.code}",
            click_id=self.click_id,
            conversion_id=self.conversion_id,
            hops=self.hops,
        )

    def _tell(
        self, hop: HopName, state: State, expected: str, actual: str, advice: str = "", since: float = 0.0
    ) -> None:
        elapsed = round((time.monotonic() - since) * 1000) if since else 0
        self.hops.append(
            Hop(
                hop=hop,
                state=state,
                expected=expected,
                actual=actual[:_MOST_SHOWN],
                advice="" if state == "ok" else advice,
                elapsed_ms=elapsed,
            )
        )

    def _skip(self, hop: HopName, expected: str) -> None:
        self._tell(hop, "skipped", expected, "not tried", "Mend the hop before.")

    def _link(self) -> None:
        found = standing(self.program, self.link)
        expected = "an approved partner and an active offer or smart link"
        self._tell("link", "failed" if found.advice else "ok", expected, found.says, found.advice)

    def _token(self) -> str:
        return test_mode.token(self.keys, time.time_ns() // 1_000_000)

    async def _clicked(self, edge: aiohttp.ClientSession) -> None:
        since = time.monotonic()
        expected = f"302 to {' or '.join(pages(self.program, self.link)) or 'the offer'}, with a click id"
        headers = {"User-Agent": self.wanted.user_agent, "Accept-Language": self.wanted.language}
        if self.wanted.ip is not None:
            headers["X-Forwarded-For"] = str(self.wanted.ip)
        url = f"{self.edge_url}/c/{self.link.code}?{test_mode.PARAMETER}={self._token()}"
        try:
            async with edge.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as answer:
                status, location = answer.status, answer.headers.get("Location", "")
                # The page that says a link isn't available names the click it was shown for.
                told = location or (await answer.content.read(_MOST_PAGE_BYTES)).decode("utf-8", "replace")
        except (aiohttp.ClientError, OSError, TimeoutError) as why:
            advice = f"Start the edge, or set CLICKLEDGER_EDGE_URL to where it answers; {self.edge_url} does not."
            self._tell("click", "failed", expected, f"no answer: {_said(why)}", advice, since)
            return
        for found in _CLICK_ID.findall(told):
            try:
                parts = self.keys.read(found)
            except ClickledgerError:
                continue
            self.click_id, self._offer = found, self.program.offers.get(parts.offer_id)
        actual = f"{status} to {location}" if location else f"{status} without a destination"
        if (
            status == 302
            and self._offer is not None
            and urlsplit(location).hostname in pages(self.program, self.link)
        ):
            self._destination = location
            self._tell("click", "ok", expected, actual, since=since)
            return
        advice = await self._why(status, location)
        self._offer = None
        self._tell("click", "failed", expected, actual, advice, since)

    async def _why(self, status: int, location: str) -> str:
        """Say what to do about a click that did not go where it should."""
        if status == 302 and not self.click_id and urlsplit(location).hostname in pages(self.program, self.link):
            return "Put {click_id} into the offer's URL, or no postback can name the click."
        rule = fallback_rule(self.program, self.link, self.wanted.user_agent)
        if rule:
            return f"The click was turned away: the fraud rule {rule} sends it to the fallback; see docs/fraud.md."
        if self.click_id:
            click = await self._stored(sql.CLICK, {"id": self.click_id})
            if click and click["trafficback_reason"]:
                return f"The click was turned away: {click['trafficback_reason']}; see docs/links.md."
        return "See docs/links.md for where clicks go that no offer takes."

    async def _landing(self, outside: aiohttp.ClientSession) -> None:
        since = time.monotonic()
        found = await look(outside, self._destination, self.wanted.user_agent, self.click_id)
        advice = "The page isn't ours to mend: tell the advertiser, or correct the offer's URL."
        expected = "a page that answers 200 and still has the click id"
        self._tell("landing", "ok" if found.good else "warning", expected, found.says, advice, since)

    async def _postback(self, edge: aiohttp.ClientSession, offer: OfferRoute) -> None:
        since = time.monotonic()
        goal = offer.goals.get(goal_code(offer, self.wanted.goal))
        status = goal.default_status if goal else offer.goals[""].default_status
        held = goal is not None and goal.hold_s > 0 and status == "approved"
        expected = f"200, accepted, {'hold' if held else status}"
        self._txn = f"test-{time.time_ns() // 1_000_000}"
        form = {
            "click_id": self.click_id,
            "txn_id": self._txn,
            "amount": self.wanted.amount,
            "goal": self.wanted.goal,
            test_mode.PARAMETER: self._token(),
        }
        advertiser = self.program.advertisers.get(offer.advertiser_id)
        if advertiser is not None and advertiser.postback_token:
            form["token"] = advertiser.postback_token
        try:
            async with edge.post(f"{self.edge_url}/postback", data=form) as answer:
                code = answer.status
                answered = await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as why:
            self._tell("postback", "failed", expected, f"no answer: {_said(why)}", "Is the edge reachable?", since)
            return
        if code != 200 or not isinstance(answered, dict) or answered.get("status") != "accepted":
            error = answered.get("error", {}) if isinstance(answered, dict) else {}
            actual = f"{code} {error.get('code', '')}".strip()
            self._tell("postback", "failed", expected, actual, str(error.get("message", "")), since)
            self._txn = ""
            return
        self.conversion_id = str(answered.get("conversion_id", ""))
        actual = f"{code}, {answered['status']}, {answered.get('conversion_status')}"
        state: State = "ok" if actual == expected else "failed"
        advice = "See docs/postbacks.md."
        if goal is None and state == "ok":
            state, actual = "warning", f"{actual}, for the unknown goal {self.wanted.goal!r}"
            advice = f"Offer {offer.id} has no such goal: its conversions are kept and earn nothing."
        self._tell("postback", state, expected, actual, advice, since)

    async def _report(self, offer: OfferRoute) -> None:
        since = time.monotonic()
        self._click = await self._stored(sql.CLICK, {"id": self.click_id})
        if self._click is None:
            advice = "Is the pipeline running? 'clickledger doctor' says what it lacks."
            self._tell(
                "report",
                "failed",
                "the click in the event store",
                f"not within {STORED_SECONDS:g} s",
                advice,
                since,
            )
            return
        expected, actual = [f"click of offer {offer.id}, a test"], []
        actual.append(
            f"click of offer {self._click['offer_id']}, {'a test' if self._click['is_test'] else 'no test'}"
        )
        if self._txn:
            terms = self._terms(offer)
            worth = earned(terms, Decimal(self.wanted.amount), offer.currency, time.time_ns() // 1_000_000, 1)
            stored = await self._stored(sql.CONVERSION, {"id": self.click_id, "txn": self._txn})
            if worth is not None and not terms.steps_period:
                # A price that depends on how many there were before isn't known here.
                expected.append(self._money(worth.payout, worth.revenue, worth.currency))
                if stored is not None:
                    actual.append(self._money(stored["payout"], stored["revenue"], stored["currency"]))
            expected.append("conversion, a test")
            actual.append(
                f"conversion, {'a test' if stored['is_test'] else 'no test'}" if stored else "no conversion"
            )
        same = expected == actual
        advice = "What is expected follows from the offer's present prices; see its history in the audit log."
        self._tell("report", "ok" if same else "failed", "; ".join(expected), "; ".join(actual), advice, since)

    def _terms(self, offer: OfferRoute) -> Terms:
        partner = self.program.partners.get(self.link.partner_id)
        return terms_for(
            offer,
            goal_code(offer, self.wanted.goal),
            Rates(self.program.base_currency, self.program.rates),
            partner_id=self.link.partner_id,
            tier_id=partner.tier_id if partner else 0,
            country=str((self._click or {}).get("country", "")),
        )

    def _money(self, payout: Decimal, revenue: Decimal, currency: str) -> str:
        told = f"payout {_plain(payout)} {currency}"
        return f"{told}, revenue {_plain(revenue)} {currency}" if self.shows_revenue else told

    def _outgoing(self, offer: OfferRoute) -> None:
        goal = goal_code(offer, self.wanted.goal)
        found = would_tell(
            self.program, self.link, offer, goal, self.conversion_id, self.click_id, self.keys.secret
        )
        state: State = "failed" if found.advice else "ok"
        self._tell("outgoing", state, "every hook has a URL that can be sent", found.says, found.advice)

    async def _stored(self, statement: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Wait for a row of this test in the event store."""
        moment = self.keys.read(self.click_id).ts
        span = {"first": moment - _MARGIN_MS, "last": moment + _MARGIN_MS}
        deadline = time.monotonic() + STORED_SECONDS
        while True:
            row = await self.ask(statement, {**parameters, **span})
            if row is not None or time.monotonic() > deadline:
                return row
            await asyncio.sleep(_LOOK_SECONDS)


def _plain(amount: Decimal) -> str:
    return format(amount.normalize() + 0, "f")


def _said(why: BaseException) -> str:
    return str(why) or type(why).__name__

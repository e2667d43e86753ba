"""A test postback for an offer: fired at the edge as the advertiser's server would, counted nowhere.

Invariants: it goes over the network to the edge, which judges it like any other; the click it names is made for
it, written into this process's journal, belongs to nobody and is marked as a test, and so is its conversion; what
is told of it holds neither token nor signature. Finding trouble is what it is for: a refusal is an answer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
from yarl import URL

from tracker import senders, test_mode
from tracker.click_id import ClickIdKeys
from tracker.events import Click, Event
from tracker.routes import AdvertiserRoute, OfferRoute
from tracker.self_test import sql
from tracker.self_test.schemas import BROWSER, PostbackTest, PostbackTested, StoredConversion
from tracker.self_test.walk import Ask

Append = Callable[[Event], Awaitable[None]]
"""Writes an event down; it is on the disk when this returns."""

EDGE_SECONDS: Final = 10.0
STORED_SECONDS: Final = 5.0
"""How long its conversion is waited for; usually it takes one. Somebody looks at a page meanwhile."""
SIGNATURE_SECONDS: Final = 300
"""How long a test's signature holds."""
HIDDEN: Final = "***"
"""What stands for a secret."""
_SECRETS: Final = ("token", "signature", test_mode.PARAMETER)
_LOOK_SECONDS: Final = 0.2
_MARGIN_MS: Final = 60_000
_BETWEEN_MS: Final = 1_000
"""From the click to its conversion, beyond what the offer asks for."""
_MOST_ANSWERED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Firing:
    """One test postback, with all it takes to fire it."""

    wanted: PostbackTest
    offer: OfferRoute
    advertiser: AdvertiserRoute | None
    keys: ClickIdKeys
    edge_url: str
    append: Append
    ask: Ask
    shows_payout: bool = True
    """Advertisers don't see what the partner earns."""

    async def fire(self) -> PostbackTested:
        """Make its click, fire it and tell what came of it.

        Raises:
            ClickledgerError: ``journal_unavailable``, ``store_away``.

        """
        now_ms = time.time_ns() // 1_000_000
        click = self._click(now_ms)
        await self.append(click)
        sent = self._parameters(click.click_id, now_ms)
        shown = sent | {name: HIDDEN for name in _SECRETS if name in sent}
        came_from = self._address()
        told: dict[str, Any] = {
            "url": f"{self.edge_url}/postback?{urlencode(shown, quote_via=quote, safe='*')}",
            "click_id": click.click_id,
            "txn_id": sent["txn_id"],
            "sent_from": came_from,
        }
        since = time.monotonic()
        try:
            status, text = await self._send(sent, came_from)
        except (aiohttp.ClientError, OSError, TimeoutError) as why:
            message = f"The edge at {self.edge_url} did not answer: {str(why) or type(why).__name__}."
            return PostbackTested(ok=False, outcome="unanswered", message=message, **told)
        told |= {
            "http_status": status,
            "answer": text[:_MOST_ANSWERED],
            "elapsed_ms": round((time.monotonic() - since) * 1000),
        }
        answered = _decoded(text)
        if status != 200:
            named = answered.get("error")
            error: dict[str, Any] = named if isinstance(named, dict) else {}
            return PostbackTested(
                ok=False,
                outcome="refused",
                code=str(error.get("code", "")),
                message=str(error.get("message", "")) or f"The edge answered {status}.",
                **told,
            )
        conversion = await self._stored(click, sent["txn_id"])
        message = (
            "The postback was taken and its test conversion is stored."
            if conversion
            else "The postback was taken. Its conversion isn't stored yet: the pipeline is behind, or doesn't run."
        )
        return PostbackTested(
            ok=True,
            outcome="accepted",
            message=message,
            conversion_id=str(answered.get("conversion_id", "")),
            conversion=conversion,
            **told,
        )

    def _click(self, now_ms: int) -> Click:
        """Return a click of nobody that is old enough for the offer's shortest time to a conversion."""
        moment = now_ms - self.offer.min_conversion_s * 1000 - _BETWEEN_MS
        return Click(
            click_id=self.keys.mint(moment, self.offer.id),
            ts=moment,
            offer_id=self.offer.id,
            partner_id=0,
            advertiser_id=self.offer.advertiser_id,
            link_id=0,
            trafficback_reason="",
            destination="",
            method="GET",
            query=b"",
            preset="",
            ip="",
            user_agent=BROWSER,
            is_test=True,
            source="server",
        )

    def _parameters(self, click_id: str, now_ms: int) -> dict[str, str]:
        """Return what is sent, under its names; what was left empty is left out."""
        wanted = self.wanted
        given = {
            "click_id": click_id,
            "txn_id": wanted.txn_id or f"test-{now_ms}",
            "goal": wanted.goal,
            "amount": wanted.amount,
            "currency": wanted.currency,
            "status": wanted.status,
            test_mode.PARAMETER: test_mode.token(self.keys, now_ms),
        }
        sent = {name: value for name, value in given.items() if value}
        secret = self.advertiser.postback_token if self.advertiser else ""
        if secret and wanted.proof == "token":
            sent["token"] = secret
        if secret and wanted.proof == "signature":
            sent["expires"] = str(now_ms // 1000 + SIGNATURE_SECONDS)
            sent["signature"] = senders.sign(sent, secret.encode())
        return sent

    def _address(self) -> str:
        """Return an address the advertiser's servers may have, '' when they may have any."""
        networks = self.advertiser.allowed_networks if self.advertiser else ()
        if not networks:
            return ""
        network = ipaddress.ip_network(networks[0], strict=False)
        return str(network[min(1, network.num_addresses - 1)])

    async def _send(self, sent: dict[str, str], came_from: str) -> tuple[int, str]:
        url = f"{self.edge_url}/postback?{urlencode(sent, quote_via=quote)}"
        headers = {"X-Forwarded-For": came_from} if came_from else {}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=EDGE_SECONDS), trust_env=False) as edge,
            edge.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as answer,
        ):
            body = await answer.content.read(_MOST_ANSWERED * 4)
            return answer.status, body.decode("utf-8", "replace")

    async def _stored(self, click: Click, txn_id: str) -> StoredConversion | None:
        """Wait for the test's conversion; None when it doesn't come in time."""
        span = {"first": click.ts - _MARGIN_MS, "last": click.ts + _MARGIN_MS}
        deadline = time.monotonic() + STORED_SECONDS
        while True:
            row = await self.ask(sql.CONVERSION, {"id": click.click_id, "txn": txn_id, **span})
            if row is not None:
                return StoredConversion(
                    status=row["status"],
                    reject_reason=row["reject_reason"],
                    payout=_plain(row["payout"]) if self.shows_payout else None,
                    revenue=_plain(row["revenue"]),
                    currency=row["currency"],
                    is_test=bool(row["is_test"]),
                )
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(_LOOK_SECONDS)


def _decoded(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _plain(amount: Any) -> str:
    return format(amount.normalize() + 0, "f")

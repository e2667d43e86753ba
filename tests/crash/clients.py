"""Visitors and an advertiser that never stop: each click, postback and bad request is written down.

A client sends one request after the other. What it does next is drawn from its own random numbers: clicks
on links written by hand, on a saved link, on an offer that does not exist; first postbacks, changes of the
amount, charge-backs, the same postback again, and requests that must be refused. A postback without an
answer is sent again until it has one, as advertisers do.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from urllib.parse import urlencode

from tests.crash.edge_client import Answer, EdgeClient
from tests.crash.ledger_of_sent import Click, Conversion, Postback, Sent

RECENT = 40
"""Clicks a client may still send postbacks for."""
UNKNOWN_OFFER = 4_000_000
_CLICK_ID = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Program:
    """Ids of what the clients click on."""

    partner: int
    sale: int
    """An offer whose conversions are approved at once."""
    lead: int
    """An offer whose conversions are pending at first."""
    code: str
    """A saved link to the sale."""


class Client:
    """One client; several share the record but never a conversion."""

    def __init__(self, name: str, port: int, program: Program, sent: Sent, seed: str) -> None:
        self._name = name
        self._edge = EdgeClient(port)
        self._program = program
        self._sent = sent
        self._random = Random(seed)
        self._count = 0
        self._clicks: deque[tuple[str, str]] = deque(maxlen=RECENT)
        self._conversions: deque[Conversion] = deque(maxlen=RECENT)

    async def run(self, stop: asyncio.Event, pause: float) -> None:
        """Send until told to stop, ``pause`` seconds between two requests on average."""
        turns = (self._click, self._convert, self._change, self._repeat, self._bad)
        while not stop.is_set():
            (turn,) = self._random.choices(turns, (60, 22, 8, 5, 5))
            await turn()
            await asyncio.sleep(self._random.uniform(0, 2 * pause))
        self._edge.close()

    def _mark(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    def _ip(self) -> str:
        """Return an address of its own for every click, so that all of them are unique visitors."""
        return str(ipaddress.IPv6Address((0x2A01_0000 << 96) + self._random.getrandbits(90)))

    async def _click(self) -> None:
        mark, cost = self._mark(), Decimal(self._random.randrange(1, 500)) / 100
        labels = {"sub1": mark, "cost": str(cost), "currency": "USD"}
        program = self._program
        offer, usual = self._random.choice(((program.sale, "approved"), (program.lead, "pending")))
        kind = self._random.random()
        if kind < 0.1:
            target, usual = f"/c/{program.code}?{urlencode(labels)}", "approved"
        elif kind < 0.15:
            target = f"/click?{urlencode({'offer_id': UNKNOWN_OFFER, 'partner_id': program.partner} | labels)}"
        else:
            target = f"/click?{urlencode({'offer_id': offer, 'partner_id': program.partner} | labels)}"
        self._sent.clicks[mark] = click = Click(cost)
        answer = await self._send("GET", target)
        if answer is None:
            return
        where = answer.headers.get("location", "") if answer.status == 302 else answer.body
        found = _CLICK_ID.search(where.partition("cid=")[2] if answer.status == 302 else where)
        if answer.status not in {302, 404} or found is None:
            self._strange(target, answer)
            return
        click.click_id = found.group()
        if answer.status == 302:
            self._clicks.append((click.click_id, usual))

    async def _convert(self) -> None:
        if not self._clicks:
            return
        # Half of them at once, while their click is still on its way to the store.
        click_id, usual = self._clicks[-1] if self._random.random() < 0.5 else self._random.choice(self._clicks)
        conversion = Conversion(click_id, self._mark(), usual)
        self._sent.conversions[click_id, conversion.txn_id] = conversion
        self._conversions.append(conversion)
        status = "approved" if self._random.random() < 0.2 else None
        await self._post(conversion, Postback(self._amount(), status))

    async def _change(self) -> None:
        if conversion := self._settled_one():
            charge_back = self._random.random() < 0.2
            await self._post(
                conversion, Postback(None, "rejected") if charge_back else Postback(self._amount(), None)
            )

    async def _repeat(self) -> None:
        if self._conversions:
            conversion = self._random.choice(self._conversions)
            last = conversion.postbacks[-1]
            await self._post(conversion, Postback(last.amount, last.status))

    def _settled_one(self) -> Conversion | None:
        open_ones = [c for c in self._conversions if c.settled and not c.final]
        return self._random.choice(open_ones) if open_ones else None

    def _amount(self) -> Decimal:
        return Decimal(self._random.randrange(1, 1_000_000)) / 100

    async def _post(self, conversion: Conversion, postback: Postback) -> None:
        values = {"click_id": conversion.click_id, "txn_id": conversion.txn_id}
        if postback.amount is not None:
            values["amount"] = str(postback.amount)
        if postback.status is not None:
            values["status"] = postback.status
        conversion.postbacks.append(postback)
        answer = await self._postback(values)
        if answer is None:
            return
        if answer.status != 200 or json.loads(answer.body)["click_id"] != conversion.click_id:
            self._strange(str(values), answer)
            return
        postback.acknowledged = True

    async def _bad(self) -> None:
        if not self._clicks:
            return
        click_id, _ = self._random.choice(self._clicks)
        mark = self._mark()
        values = {"click_id": click_id, "txn_id": mark, "amount": "5.00"}
        values |= self._random.choice(
            (
                {"click_id": click_id[:-1] + ("A" if click_id[-1] != "A" else "B")},
                {"click_id": click_id[:20]},
                {"amount": "five"},
                {"amount": "-5"},
                {"status": "paid-in-full"},
                {"currency": "XXQ"},
            )
        )
        self._sent.refusals[mark] = False
        answer = await self._postback(values)
        if answer is None:
            return
        if not 400 <= answer.status < 500:
            self._strange(str(values), answer)
            return
        self._sent.refusals[mark] = True

    async def _postback(self, values: dict[str, str]) -> Answer | None:
        form = self._random.random()
        if form < 0.6:
            return await self._send("GET", f"/postback?{urlencode(values)}")
        if form < 0.8:
            return await self._send("POST", "/postback", urlencode(values), "application/x-www-form-urlencoded")
        return await self._send("POST", "/postback", json.dumps(values), "application/json")

    async def _send(self, method: str, target: str, body: str = "", kind: str = "") -> Answer | None:
        answer = await self._edge.send(method, target, self._ip(), body, kind)
        if answer is None:
            self._sent.unanswered += 1
            # The edge is gone or being started: a visitor's browser would wait a moment, too.
            await asyncio.sleep(0.05)
            return None
        if answer.status == 503:
            self._sent.not_stored += 1
            return None
        return answer

    def _strange(self, what: str, answer: Answer) -> None:
        self._sent.strange.append(f"{what}: {answer.status} {answer.body[:200]}")

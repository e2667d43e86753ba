"""One host's pipeline over the shared event store: journals to write, kills to survive, rows to count.

Each ``Host`` has a partner of its own, so that tests which share the store see only their own clicks.
"""

from __future__ import annotations

import itertools
import math
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from fraud.rules.book import Rulebook
from fraud.usual.conversions import NOTHING_USUAL
from kernel.clickhouse.arrow import rows_table
from tests.support.offers import offer
from tracker.click_id import ClickIdKeys
from tracker.conversion_state import ConversionState
from tracker.events import Click, Event, Outgoing, Postback, PostbackFields, encode_event
from tracker.journal import JournalFile
from tracker.pipeline.conversion_quality import ConversionQuality, JudgedBy
from tracker.pipeline.conversions import ConversionStage
from tracker.pipeline.ledger import LEDGER_FILE, Ledger
from tracker.pipeline.runner import PipelineLoop
from tracker.pipeline.shipping import Shipper
from tracker.snapshot import Snapshot
from tracker.visitor import Place

KEYS = ClickIdKeys({2: b"p" * 32}, 2)
PAYS = 1
"""An offer that pays 10 % and earns 20 %; its conversions are approved at once."""
WAITS = 2
"""The same, but conversions are pending at first."""
LATER_S = 3_600.0
_PARTNERS = itertools.count(880_001)
_OFFERS = itertools.count(70_001)
_PERCENT = {"payout": "0", "revenue": "0", "payout_percent": "10", "revenue_percent": "20"}
PROGRAM = Snapshot(
    version=1,
    offers={
        PAYS: offer(id=PAYS, **_PERCENT),
        WAITS: offer(id=WAITS, default_status="pending", **_PERCENT),
    },
)


def new_offer_id() -> int:
    """Return the id of an offer that no other test has."""
    return next(_OFFERS)


def now_ms() -> int:
    """Return the time as events carry it."""
    return time.time_ns() // 1_000_000


class Host:
    """A host whose pipeline can be killed and started again."""

    def __init__(self, directory: Path, store: Client, **chosen: Any) -> None:
        """Make a host and start its pipeline.

        Args:
            directory: Its data directory.
            store: The event store.
            chosen: ``batch_events``, ``retention_s``, ``wait_minutes`` or ``counted``.

        """
        self.directory = directory
        self.journals = directory / "journals"
        self.journals.mkdir(parents=True, exist_ok=True)
        self.store = store
        self.partner = next(_PARTNERS)
        self.keys = KEYS
        self.program = PROGRAM
        self.remembered: dict[str, ConversionState] = {}
        self.forgotten: list[str] = []
        """Ids of conversions there are none of, though an edge may think so."""
        self.told: list[Sequence[Mapping[str, Any]]] = []
        """The changes that were told of, batch by batch."""
        self.handed_on: list[Outgoing] = []
        self.judged_by = JudgedBy(Rulebook.of(), NOTHING_USUAL)
        """What conversions are judged by."""
        self.places: dict[str, Place] = {}
        """Where addresses are; others are nowhere."""
        self._chosen = {
            "batch_events": 20_000,
            "retention_s": 300.0,
            "wait_minutes": 60,
            "counted": None,
        } | chosen
        self.start()

    # the pipeline's lives

    def start(self) -> None:
        """Start the pipeline over whatever lies in the directory."""
        self.ledger = Ledger(self.directory / LEDGER_FILE)
        self.shipper = Shipper(self.store, self.ledger, self._enrich, self._chosen["batch_events"], self._hand_on)
        self.stage = ConversionStage(
            self.store,
            self.ledger,
            self.keys,
            lambda: self.program,
            self._remember,
            window_days=30,
            wait_minutes=self._chosen["wait_minutes"],
            counted=self._chosen["counted"],
            on_changes=self._tell,
            quality=ConversionQuality(self.store, lambda: self.judged_by, lambda ip: self.places.get(ip, Place())),
        )
        self.loop = PipelineLoop(
            self.journals,
            self.ledger,
            self.shipper,
            self.stage,
            interval_s=0.01,
            retention_s=self._chosen["retention_s"],
        )

    def kill(self) -> None:
        """End the pipeline as kill -9 does: what is committed stays, nobody is told."""
        self.loop.close()
        self.ledger._db.close()

    def end(self) -> None:
        """End the pipeline in order."""
        self.ledger.close(clean=self.loop.owes_nothing)
        self.loop.close()

    def restart(self) -> None:
        """Kill the pipeline and start it again."""
        self.kill()
        self.start()

    def run(self, rounds: int = 50) -> None:
        """Go round until nothing moves any more."""
        for _ in range(rounds):
            if self.loop.round() == 0:
                return
        raise AssertionError(f"something still moved after {rounds} rounds")

    def convert(self, in_s: float = 0.0) -> int:
        """Let the conversion stage work as if ``in_s`` seconds had passed; return how many were processed."""
        return self.stage.run(time.time() + in_s, self.ledger.newest_waiting(), math.inf)

    def ledger_of_now(self) -> dict[str, tuple[int, int, bool]]:
        """Return how far each journal is, read apart from a loop that runs in a thread."""
        with closing(sqlite3.connect(self.directory / LEDGER_FILE)) as db:
            rows = db.execute("SELECT name, next_seq, events, finished_at IS NOT NULL FROM journals")
            return {name: (seq, events, bool(finished)) for name, seq, events, finished in rows}

    def _enrich(self, clicks: Sequence[Click], edge: str) -> pa.Table:
        return rows_table(
            "clicks",
            [
                {
                    "click_id": c.click_id,
                    "ts": c.ts,
                    "partner_id": c.partner_id,
                    "offer_id": c.offer_id,
                    "sub1": c.query.decode("ascii").removeprefix("sub1="),
                    "ip": c.ip,
                    "user_agent": c.user_agent,
                    "country": c.accept_language,
                    "trafficback_reason": c.trafficback_reason,
                    "is_test": c.is_test,
                    "verdict": "valid",
                    "edge": edge,
                }
                for c in clicks
            ],
        )

    def _tell(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.told.append(rows)

    def _hand_on(self, messages: Sequence[Outgoing]) -> None:
        self.handed_on.extend(messages)

    def _remember(self, states: Mapping[str, ConversionState | None]) -> None:
        self.forgotten += [key for key, state in states.items() if state is None]
        self.remembered.update({key: state for key, state in states.items() if state is not None})

    # events

    def click(
        self, offer_id: int = PAYS, *, sub1: str = "", ts: int | None = None, country: str = "", **changes: Any
    ) -> Click:
        """Return a click of this host's partner with a genuine id; its language stands for its country."""
        ts = now_ms() if ts is None else ts
        fields: dict[str, Any] = {
            "click_id": self.keys.mint(ts, offer_id),
            "ts": ts,
            "offer_id": offer_id,
            "partner_id": self.partner,
            "advertiser_id": 1,
            "link_id": 0,
            "trafficback_reason": "",
            "destination": "https://shop.example/",
            "method": "GET",
            "query": f"sub1={sub1}".encode(),
            "preset": "",
            "ip": "198.51.100.7",
            "user_agent": "",
            "accept_language": country,
        }
        return Click(**(fields | changes))

    def postback(
        self,
        click: Click,
        amount: str | None = "100",
        *,
        ts: int | None = None,
        event: Mapping[str, Any] = MappingProxyType({}),
        **fields: Any,
    ) -> Postback:
        """Return a postback for a click as the edge would have journalled it; ``event`` changes the event itself."""
        values = {"click_id": click.click_id, "txn_id": "t1", "amount": amount} | fields
        raw = "&".join(f"{name}={value}" for name, value in values.items()).encode()
        ts = now_ms() if ts is None else ts
        sent = Postback(ts, PostbackFields(**values), click.offer_id, "GET", raw, "198.51.100.8", "shop/1")
        return msgspec.structs.replace(sent, **event)

    def write(self, journal: str, *frames: Iterable[Event]) -> Path:
        """Append frames to a journal; no writer holds it afterwards."""
        path = self.journals / f"{journal}.journal"
        file = JournalFile(path)
        for frame in frames:
            file.write([encode_event(event) for event in frame])
        file.close()
        return path

    # rows

    def rows(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a question; {partner:UInt32} is this host's partner."""
        answer = self.store.query(statement, parameters={"partner": self.partner, **parameters})
        return list(answer.named_results())

    def stored(self) -> list[str]:
        """Return the sub1 of every stored click, in order."""
        rows = self.rows("SELECT sub1 FROM clicks WHERE partner_id = {partner:UInt32} ORDER BY sub1")
        return [row["sub1"] for row in rows]

    def hourly(self) -> int:
        """Return the number of clicks in the hourly rollup."""
        statement = "SELECT sum(click_count) AS n FROM clicks_hourly WHERE partner_id = {partner:UInt32}"
        return int(self.rows(statement)[0]["n"])

    def conversions(self) -> list[tuple[str, str, Decimal, Decimal]]:
        """Return (transaction, status, amount, payout) of every conversion's current state."""
        rows = self.rows(
            "SELECT txn_id, status, amount, payout FROM conversions FINAL WHERE partner_id = {partner:UInt32} "
            "ORDER BY txn_id"
        )
        return [(r["txn_id"], r["status"], r["amount"], r["payout"]) for r in rows]

    def history(self) -> list[tuple[str, str, Decimal, str]]:
        """Return (transaction, status, amount, outcome) of every change, in the order of the sequence."""
        rows = self.rows(
            "SELECT txn_id, status, amount, outcome FROM conversion_changes WHERE partner_id = {partner:UInt32} "
            "ORDER BY change_seq"
        )
        return [(r["txn_id"], r["status"], r["amount"], r["outcome"]) for r in rows]

    def rejected(self, journal: str = "") -> list[dict[str, Any]]:
        """Return the rejected rows that came from a journal, all of this host's journals without one."""
        names = [journal] if journal else [path.stem for path in self.journals.glob("*.journal")]
        return self.rows(
            "SELECT rejected_id, kind, reason, detail, click_id, raw FROM rejected "
            "WHERE splitByChar(':', rejected_id)[1] IN {names:Array(String)} ORDER BY rejected_id",
            names=names,
        )

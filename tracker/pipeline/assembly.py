"""The pipeline's parts put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
from clickhouse_connect.driver.client import Client
from redis import Redis

from fraud.counts import guarded_counts
from fraud.engine import Engine
from fraud.entries import RuleEntry
from fraud.forest import Keeper, Shelf
from fraud.lists import ListFiles
from fraud.usual.keeper import Usual
from kernel.heartbeat import Heartbeat
from kernel.metrics import counter, observe
from kernel.settings import Settings
from tracker.click_id import ClickIdKeys
from tracker.events import Click
from tracker.fraud_entries import rule_entries
from tracker.journal import DIRECTORY
from tracker.pipeline import holds, late_rates
from tracker.pipeline.cap_counts import CapCounts
from tracker.pipeline.conversion_quality import ConversionQuality, JudgedBy
from tracker.pipeline.conversions import ConversionStage, OnChanges
from tracker.pipeline.ledger import LEDGER_FILE, Ledger
from tracker.pipeline.own_postbacks import turns
from tracker.pipeline.performance import OfferEarnings
from tracker.pipeline.remembering import RememberedStates
from tracker.pipeline.restoring_caps import RestoredCaps
from tracker.pipeline.runner import PipelineLoop
from tracker.pipeline.shipping import HandOn, Shipper
from tracker.pipeline.steps import EnrichmentTools, enrich, guarded_window
from tracker.snapshot import Snapshot, SnapshotFile


@contextmanager
def build_pipeline(
    chosen: Settings,
    store: Client,
    redis: Redis,
    keys: ClickIdKeys,
    *,
    on_changes: OnChanges | None = None,
    outgoing: HandOn | None = None,
    also_each_round: Callable[[], None] = lambda: None,
    usual: Callable[[], Usual] = Usual,
) -> Iterator[PipelineLoop]:
    """Assemble the pipeline of this host; closes its parts after the block.

    Args:
        chosen: The settings.
        store: Read-write client of the event store, migrated.
        redis: Client of Redis, which may be away.
        keys: Click id keys.
        on_changes: Told the rows of conversions' changes once they are stored.
        outgoing: Takes messages that somebody wants sent again.
        also_each_round: Called once a round by the pipeline's thread; must not raise.
        usual: Returns what is usual; without it, rules that need a baseline are silent.

    Raises:
        ClickledgerError: ``cannot_start`` when a configured geo database can't be used.
        sqlite3.Error, OSError: the data directory can't be written.

    """
    directory = chosen.data_dir / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    redis_failures = counter("clickledger_store_failures_total", store="redis")

    def on_fallback(clicks: int) -> None:
        redis_failures.n += 1 if clicks else 0

    program = SnapshotFile(chosen.data_dir).current
    engine = Engine(
        entries=_rules_of(program),
        lists=ListFiles(chosen),
        counts=guarded_counts(redis, on_fallback),
        usual=lambda: usual().clicks,
    )
    tools = EnrichmentTools.open(
        chosen,
        guarded_window(redis, chosen.unique_window_hours, on_fallback),
        on_step=lambda step, seconds: observe("clickledger_pipeline_step_seconds", seconds, step=step),
        program=program,
        engine=engine,
    )
    ledger = Ledger(chosen.data_dir / LEDGER_FILE)
    states = RememberedStates(redis, store)
    cap_counts = CapCounts(redis, store, program)
    click_caps = RestoredCaps(redis, store, program)
    earnings = OfferEarnings(redis, store, program)

    def enriched(clicks: Sequence[Click], edge: str) -> pa.Table:
        return enrich(clicks, edge, tools)

    heart = Heartbeat(chosen.data_dir, "pipeline")

    def each_round() -> None:
        heart.beat()
        states.refill_if_empty()
        cap_counts.refresh_when_due()
        click_caps.restore_when_due()
        earnings.publish_when_due()
        also_each_round()

    loop = PipelineLoop(
        directory,
        ledger,
        Shipper(store, ledger, enriched, chosen.batch_events, outgoing),
        ConversionStage(
            store,
            ledger,
            keys,
            program,
            states.remember,
            window_days=chosen.attribution_window_days,
            wait_minutes=chosen.postback_wait_minutes,
            counted=cap_counts.counted,
            on_changes=on_changes,
            holds_turn=turns(redis, "holds", holds.LOOK_SECONDS),
            rates_turn=turns(redis, "rates", late_rates.LOOK_SECONDS),
            quality=ConversionQuality(
                store, lambda: JudgedBy(engine.in_force().book, usual().conversions), tools.places.find
            ),
        ),
        interval_s=chosen.pipeline_interval_ms / 1000,
        retention_s=chosen.journal_retention_seconds,
        each_round=each_round,
    )
    model = Keeper(Shelf.of(chosen), engine.use_model)
    model.start()
    try:
        yield loop
    finally:
        model.stop()
        ledger.close(clean=loop.owes_nothing)
        loop.close()
        tools.close()


def _rules_of(program: Callable[[], Snapshot]) -> Callable[[], Sequence[RuleEntry]]:
    """Return what says how the program sets its fraud rules; the same object until it changes."""
    read: Sequence[object] = ()
    entries: tuple[RuleEntry, ...] = ()

    def current() -> tuple[RuleEntry, ...]:
        nonlocal read, entries
        routes = program().fraud_rules
        if routes is not read:
            entries, read = rule_entries(routes), routes
        return entries

    return current

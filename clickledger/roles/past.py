"""Judging the past in the web role: what judges now, and what events earn now, by the program as it is published.

Invariants: rules, lists and model are taken once for each run, so that a range is judged by one of each; a model
that can't be used is none, as in the pipeline; nothing of the pipeline's own counting is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from fraud.conversions import GoalKind
from fraud.engine import InForce, Model
from fraud.entries import RuleEntry
from fraud.forest.shelf import Shelf
from fraud.lists import ListFiles
from fraud.past import Rescorings, recover
from fraud.past.by_engine import EngineJudging, Present
from fraud.past.judging import NOTHING, Begin, Judges, Money, Prices
from fraud.rules import Rulebook, check_entry
from fraud.usual.clicks import NOTHING_USUAL as NO_CLICKS
from fraud.usual.clicks import UsualClicks, read_usual
from fraud.usual.conversions import NOTHING_USUAL as NO_CONVERSIONS
from fraud.usual.conversions import UsualConversions, read_conversions
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.client import connect_reader
from kernel.clickhouse.rollups import Quiet
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.logging import log
from kernel.settings import Settings
from tracker.fraud_entries import rule_entries
from tracker.pipeline.conversion_facts import goal_kind
from tracker.snapshot import Snapshot, SnapshotFile
from tracker.tariff import EVENT_MODELS, event_price


@contextmanager
def recovered_past(store: Client) -> Iterator[None]:
    """Finish or undo what a killed process left, before what is in this block reads or inserts."""
    recover(store)
    yield


def recover_remote_past(chosen: Settings) -> None:
    """Do the same for a web role apart; where the store is away it is left to the next start."""
    try:
        store = clickhouse.connect(chosen, create=False)
        try:
            recover(store)
        finally:
            store.close()
    except (ClickledgerError, DriverError, OSError) as why:
        log("rescoring").warning("rescorings_not_looked_at", why=str(why)[:300])


def rescorings(chosen: Settings, between_rounds: Quiet | None) -> Rescorings:
    """Return what judges the past again in this process."""
    program = SnapshotFile(chosen.data_dir).current
    return Rescorings(chosen, judges(chosen, program), lambda: prices(program()), between_rounds)


def judges(chosen: Settings, program: Callable[[], Snapshot]) -> Judges:
    """Return what takes rules, lists, model and the usual as they are."""
    lists, models = ListFiles(chosen), _Models(Shelf.of(chosen))

    def take(entries: Sequence[RuleEntry], before_ms: int | None) -> Begin:
        for entry in entries:
            check_entry(entry)
        snapshot = program()
        book = Rulebook.of(changed(rule_entries(snapshot.fraud_rules), entries))
        clicks, conversions = NO_CLICKS, NO_CONVERSIONS
        if before_ms is not None:
            clicks, conversions = _usual(chosen, before_ms)
        in_force = InForce(book, lists.current(), clicks, models.current())

        def kind(offer_id: int, goal: str) -> GoalKind:
            return goal_kind(snapshot.offers.get(offer_id), goal)

        present = Present(in_force, conversions, kind)
        return lambda: EngineJudging(present)

    return take


def changed(entries: Iterable[RuleEntry], by: Iterable[RuleEntry]) -> list[RuleEntry]:
    """Return entries as they are with others on top: what those leave out stays."""
    found = {(entry.code, entry.partner_id, entry.offer_id): entry for entry in entries}
    for entry in by:
        place = entry.code, entry.partner_id, entry.offer_id
        before = found.get(place, RuleEntry(entry.code, entry.offer_id, entry.partner_id))
        found[place] = RuleEntry(
            entry.code,
            entry.offer_id,
            entry.partner_id,
            before.enabled if entry.enabled is None else entry.enabled,
            {**before.settings, **entry.settings},
            *(
                (before.action, before.block, before.block_minutes)
                if entry.action is None
                else (entry.action, entry.block, entry.block_minutes)
            ),
        )
    return list(found.values())


def prices(snapshot: Snapshot) -> Prices:
    """Return what says what clicks and impressions earn under a program."""

    def price(kind: str, offer_id: int, partner_id: int, country: str) -> Money:
        offer = snapshot.offers.get(offer_id)
        if offer is None or EVENT_MODELS.get(offer.goals[""].tariff.model) != kind:
            return NOTHING
        partner = snapshot.partners.get(partner_id)
        earned = event_price(offer, kind, partner_id, partner.tier_id if partner else 0, country)
        return (earned.payout, earned.revenue, earned.currency) if earned else NOTHING

    return price


class _Models:
    """The model in use, loaded when it is another one."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._version = ""
        self._model: Model | None = None

    def current(self) -> Model | None:
        try:
            version = self._shelf.current()
            if version != self._version:
                self._model = self._shelf.load(version)[0] if version else None
                self._version = version
        except ClickledgerError as why:
            log("rescoring").error("model_unusable", why=why.message)
            self._model, self._version = None, ""
        return self._model


def _usual(chosen: Settings, before_ms: int) -> tuple[UsualClicks, UsualConversions]:
    try:
        reader = connect_reader(chosen)
        try:
            return read_usual(reader, before_ms / 1000), read_conversions(reader, before_ms)
        finally:
            reader.close()
    except (DriverError, OSError) as why:
        raise STORE_AWAY.error() from why

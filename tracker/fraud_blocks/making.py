"""Blocks by rules, made in the blocklist: once per thing and period, extended while the reason goes on.

Invariants: what a person put into the blocklist, took back or gave another end is left as it is until the period
of the block is over; expired entries of rules are deleted a week later, those of people never; every change is in
the audit log under the actor ``fraud``. A look that fails changes nothing, and the next one sees the same events.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clickhouse_connect.driver.exceptions import Error as DriverError
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from fraud.rules import Rulebook
from kernel.auth import Principal
from kernel.clickhouse.client import ReaderPool
from kernel.logging import log
from kernel.metrics import counter
from kernel.settings import Settings
from kernel.sql import Sessions
from partners import service
from partners.models import BlocklistEntry, FraudBlock, FraudRuleEntry
from partners.resources import Caller, work
from partners.resources.fraud import rule_entry
from partners.resources.network import BLOCKLIST
from partners.schemas import BlocklistEntryCreate
from tracker.fraud_blocks.finding import Thing, Wanted, blocking, find

OVERLAP: Final = timedelta(minutes=2)
"""Events reach the store about a second late; each look goes this far behind the last one."""
WHOLE_LOOK_SECONDS: Final = 600.0
"""How often a look goes as far back as a block may last: for what a pipeline stored late."""
FARTHEST: Final = timedelta(hours=24)
"""How far that is at most."""
NEAREST: Final = timedelta(minutes=10)
"""How far it is at least, after looks that the store could not answer in time."""
MOST_A_LOOK: Final = 200
"""Blocks made or extended in one transaction, some seconds' work; the rest follows with the next look."""
MOST_IN_FORCE: Final = 10_000
"""Blocks by rules at once: every edge holds the list in memory."""
CHUNK: Final = 500
"""Values named in one query; below every database's limit of parameters."""
KEPT_AFTER: Final = timedelta(days=7)
"""How long an expired block by a rule stays to be looked at."""

WHO: Final = Principal("service", actor="fraud", scopes=frozenset({"program:read", "program:write"}))


@dataclass(frozen=True, slots=True)
class _Step:
    """What is done about one thing."""

    wanted: Wanted
    known: Any
    """The ``FraudBlock``, None for none."""
    entry: Any
    """The ``BlocklistEntry``, None for none."""


class RuleBlocks:
    """Blocks what rules say, look by look."""

    def __init__(
        self,
        programs: Sessions,
        readers: ReaderPool,
        chosen: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the stores.

        Args:
            programs: The program's database.
            readers: The event store.
            chosen: Says which proxies are trusted.
            clock: The moment; for tests.

        """
        self._programs = programs
        self._readers = readers
        self._trusted = chosen.trusted_networks
        self._caller = Caller(WHO, chosen)
        self._clock = clock
        self._seen: datetime | None = None
        self._whole_at = 0.0
        self._reach = FARTHEST
        self._turn = threading.Lock()
        self._blocks = counter("clickledger_fraud_blocks_total")

    def look(self) -> int:
        """Block what new events show; return how many blocks were made or extended. Blocks the thread.

        Raises:
            ClickledgerError: ``store_away`` of the program.
            DriverError, OSError: the event store is away.

        """
        with self._turn:
            now, started = self._clock(), time.monotonic()
            with self._programs.reading() as session:
                book = Rulebook.of(map(rule_entry, session.scalars(select(FraudRuleEntry))))
            entries = blocking(book)
            if not entries:
                self._seen = None
                return 0
            whole = self._seen is None or started - self._whole_at >= WHOLE_LOOK_SECONDS
            since = now if self._seen is None else self._seen - OVERLAP
            if whole:
                longest = timedelta(minutes=max(entry.block_minutes or 0 for entry in entries))
                since = min(since, now - min(longest, self._reach))
            try:
                found = find(self._readers, book, since, self._trusted)
            except DriverError:
                # Perhaps so much came that the store gave up: better to see the newest of it than none.
                self._reach = max(self._reach / 2, NEAREST)
                raise
            self._reach = FARTHEST
            wanted = [one for one in found if one.until > now]
            done = self._block(wanted, now)
            if done < MOST_A_LOOK:
                # Otherwise the next look has to see the same events again.
                self._seen = now
                self._whole_at = started if whole else self._whole_at
            return done

    def _block(self, wanted: Sequence[Wanted], now: datetime) -> int:
        with self._programs.reading() as session:
            if not _steps(session, wanted, now) and not _old(session, now):
                return 0
        with self._programs.writing() as session:
            service.the_program(session, to_change=True)
            for block in _old(session, now):
                self._forget(session, block)
            # Once more: somebody else may have done it meanwhile.
            steps = _steps(session, wanted, now)
            room = MOST_IN_FORCE - (session.scalar(_in_force(now)) or 0)
            done = 0
            for step in steps:
                if step.entry is None and room <= 0:
                    log("fraud").warning("too_many_blocks", most=MOST_IN_FORCE)
                    break
                room -= step.entry is None
                self._take(session, step, now)
                done += 1
        if done:
            self._blocks.n += done
            log("fraud").info("blocked_by_rules", blocks=done)
        return done

    def _take(self, session: Session, step: _Step, now: datetime) -> None:
        """Make a block, or extend one."""
        wanted, thing = step.wanted, step.wanted.thing
        if step.entry is not None:
            values = {"expires_at": wanted.until, "reason": _reason(wanted)}
            entry = work.apply(session, BLOCKLIST, step.entry, values, self._caller, "change")
        else:
            asked = BlocklistEntryCreate(
                kind=thing.kind,
                value=thing.value,
                offer_id=thing.offer_id or None,
                partner_id=thing.partner_id or None,
                reason=_reason(wanted),
                expires_at=wanted.until,
            )
            entry = work.create(session, BLOCKLIST, asked, self._caller)
        block = step.known
        if block is None:
            block = FraudBlock(
                kind=thing.kind, value=thing.value, offer_id=thing.offer_id, partner_id=thing.partner_id
            )
            session.add(block)
        if block.until is None or block.until <= now:
            block.made_at = now
        block.code, block.blocklist_id, block.until = wanted.code, entry.id, wanted.until
        session.flush()

    def _forget(self, session: Session, block: FraudBlock) -> None:
        """Delete what expired long ago, unless somebody has given it another end."""
        entry = session.get(BlocklistEntry, block.blocklist_id)
        if entry is not None and entry.expires_at == block.until:
            work.delete(session, BLOCKLIST, entry.id, self._caller)
        session.execute(delete(FraudBlock).where(FraudBlock.id == block.id))


def _in_force(now: datetime) -> Select[Any]:
    return select(func.count()).select_from(FraudBlock).where(FraudBlock.until > now)


def _old(session: Session, now: datetime) -> Sequence[FraudBlock]:
    expired = select(FraudBlock).where(FraudBlock.until < now - KEPT_AFTER).order_by(FraudBlock.id)
    return session.scalars(expired.limit(MOST_A_LOOK)).all()


def _steps(session: Session, wanted: Sequence[Wanted], now: datetime) -> list[_Step]:
    """Return what is left to do, at most ``MOST_A_LOOK`` things."""
    steps: list[_Step] = []
    for begin in range(0, len(wanted), CHUNK):
        chunk = wanted[begin : begin + CHUNK]
        values = [one.thing.value for one in chunk]
        blocks = _by_thing(session.scalars(select(FraudBlock).where(FraudBlock.value.in_(values))))
        entries = _by_thing(session.scalars(select(BlocklistEntry).where(BlocklistEntry.value.in_(values))))
        for one in chunk:
            step = _Step(one, blocks.get(one.thing), entries.get(one.thing))
            if _is_due(step, now):
                steps.append(step)
        if len(steps) >= MOST_A_LOOK:
            break
    return steps[:MOST_A_LOOK]


def _is_due(step: _Step, now: datetime) -> bool:
    one, block, entry = step.wanted, step.known, step.entry
    if block is None or block.until <= now:
        if entry is not None and (entry.expires_at is None or entry.expires_at > now):
            return False  # somebody blocks it by hand
        # After a period only what came since starts another.
        return block is None or one.last > block.until
    if entry is None or entry.id != block.blocklist_id or entry.expires_at != block.until:
        return False  # somebody took it back, or gave it another end
    half = timedelta(minutes=one.minutes) / 2
    return bool(one.until > block.until and block.until - now < half)


def _by_thing(rows: Iterable[Any]) -> dict[Thing, Any]:
    return {Thing(row.kind, row.value, row.offer_id or 0, row.partner_id or 0): row for row in rows}


def _reason(wanted: Wanted) -> str:
    events = "1 event" if wanted.events == 1 else f"{wanted.events} events"
    return (
        f"Fraud rule {wanted.code}: {events}, the last on {wanted.last:%Y-%m-%d at %H:%M} UTC; "
        f"blocked for {wanted.minutes} minutes."
    )

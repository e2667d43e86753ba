"""What is sent once more after an unclean end: everything acknowledged shortly before it, under its old tokens.

A store that lost its last writes with the power gets them back; one that has them knows the tokens. Invariants:
nothing is sent whose token the store may have forgotten, which would store it twice; it is sent between fresh
work, because what waits for an idle hour would outlive its token.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from kernel.clickhouse.schema import DEDUPLICATION_WINDOW
from kernel.logging import log
from tracker.journal import JournalReader, UnreadableError
from tracker.pipeline.conversions import ConversionStage
from tracker.pipeline.entries import FrozenBatch
from tracker.pipeline.ledger import Ledger
from tracker.pipeline.shipping import Shipper

REMEMBERED_INSERTS = DEDUPLICATION_WINDOW // 4
"""Inserts whose tokens the store is sure to remember: it counts parts, and one insert makes one for each month
its events lie in."""


class OnceMore:
    """What is left to be sent once more; nothing after an end in order."""

    def __init__(self, ledger: Ledger, shipper: Shipper, conversions: ConversionStage, retention_s: float) -> None:
        """Find what it is.

        Args:
            ledger: The pipeline's memory.
            shipper: Sends ranges of journals.
            conversions: Sends batches of the outbox.
            retention_s: Seconds a shipped journal is kept.

        """
        self._ledger = ledger
        self._shipper = shipper
        self._conversions = conversions
        self.left: deque[FrozenBatch | int] = deque()
        """Ranges, and ids of outbox batches."""
        self._inserts = 0
        if ledger.was_unclean:
            since = time.time() - retention_s
            self.left.extend(ledger.sent_since(since)[-REMEMBERED_INSERTS:])
            self.left.extend(ledger.acknowledged_since(since)[-REMEMBERED_INSERTS:])

    def count_inserts(self, number: int) -> None:
        """Note fresh inserts, into any one table at most: the store forgets the oldest tokens for theirs."""
        self._inserts += number

    def send_one(self, journals: Mapping[str, JournalReader]) -> int:
        """Send the next of them; return how many were dealt with.

        Args:
            journals: Those of this host, by name.

        Raises:
            STORE_ERRORS: the store is away; it stays the next.

        """
        if not self.left:
            return 0
        if len(self.left) + self._inserts > REMEMBERED_INSERTS:
            # As many inserts may have come after the first of them; the store remembers the latest only.
            self.left.popleft()
            return 1
        batch = self.left[0]
        if isinstance(batch, FrozenBatch):
            reader = journals.get(batch.journal)
            if reader is not None:
                self._send_range(reader, batch)
        elif (outgoing := self._ledger.outbox(batch)) is not None:
            self._conversions.send(outgoing)
        self.left.popleft()
        return 1

    def _send_range(self, reader: JournalReader, batch: FrozenBatch) -> None:
        try:
            self._shipper.send_again(reader, batch)
        except UnreadableError as why:
            log("pipeline").error("range_not_sent_again", first=batch.first, last=batch.last, why=str(why))

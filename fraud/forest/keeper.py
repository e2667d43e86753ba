"""Keeps the model in use where clicks are scored: notices another version within seconds and swaps it in.

Invariants: loading happens in a thread of its own, and scoring goes on meanwhile; where no model is in use, or
its file fails its hash, nothing is scored, and a metric, the log and the shelf's status say so; nothing that
happens here ends the role. The libraries of models are loaded here, when there is a model, and not when the role
starts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from fraud.forest.card import Card
from fraud.forest.drift import Drift
from fraud.forest.errors import MODEL_UNKNOWN
from fraud.forest.features import NAMES
from fraud.forest.model import Model
from fraud.forest.seen import keep_seen, own_seen
from fraud.forest.shelf import Shelf
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.metrics import counter, gauge

LOOK_SECONDS: Final = 2.0
"""How late another version is noticed; a look reads one small file."""
RETRY_SECONDS: Final = 30.0
"""How long a file that can't be used is left alone; somebody may put it right."""
_LONGEST_NAME: Final = 64
TELL_SECONDS: Final = 30.0
"""How often drift is told."""

UseModel = Callable[[Model | None], None]


class Keeper:
    """Looks at the shelf, again and again."""

    def __init__(self, shelf: Shelf, use: UseModel, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            shelf: Where the models are.
            use: Takes the model to score with from now on, None for rules only; called by the keeper's thread.
            clock: Seconds of any beginning.

        """
        self._shelf = shelf
        self._use = use
        self._clock = clock
        self._version: str | None = None
        self._retry = 0.0
        self._told = float("-inf")
        self._model: Model | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._in_use = gauge("clickledger_model_in_use")
        self._trained = gauge("clickledger_model_trained_time_seconds")
        self._failures = counter("clickledger_model_failures_total")
        self._flagged = gauge("clickledger_model_flagged_ratio")
        self._flagged_trained = gauge("clickledger_model_flagged_trained_ratio")
        self._drifted = gauge("clickledger_model_drifted_features")
        self._index = {name: gauge("clickledger_model_drift_psi", feature=name) for name in NAMES}

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End, keeping what was seen."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        self._tell()

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception as why:  # noqa: BLE001 - a keeper that ends silently would keep an old model for ever
                log("model").error("model_look_failed", exc_info=why)
            if self._end.wait(LOOK_SECONDS):
                return

    def look(self) -> None:
        """Look once: swap in the version in use when it is another one, and tell of drift when that is due."""
        try:
            version = self._shelf.current()
        except ClickledgerError as why:
            # The model in memory is as good as it was.
            self._fail("", why.message)
            return
        if version != self._version or (version and self._model is None and self._clock() >= self._retry):
            self._change(version)
        if self._clock() >= self._told + TELL_SECONDS:
            self._told = self._clock()
            self._tell()

    def _change(self, version: str) -> None:
        first = version != self._version
        self._tell()
        self._version = version
        if not version:
            log("model").warning("model_missing", advice=NO_MODEL)
            self._take(None, None)
            return
        try:
            model, card = self._shelf.load(version)
        except ClickledgerError as why:
            self._retry = self._clock() + RETRY_SECONDS
            self._take(None, None)
            if first:
                self._fail(version, missing(version) if why.kind is MODEL_UNKNOWN else why.message)
            return
        model.drift = Drift(card, own_seen(self._shelf.directory))
        self._take(model, card)
        log("model").info("model_in_use", version=version, trained_to=card.trained_to.isoformat())

    def _take(self, model: Model | None, card: Card | None) -> None:
        self._model = model
        self._use(model)
        self._in_use.value = 1.0 if model is not None else 0.0
        self._trained.value = card.made_at.timestamp() if card is not None else 0.0
        if model is None:
            # What an earlier model saw says nothing of the traffic any more.
            self._flagged.value = self._flagged_trained.value = None
            self._drifted.value = 0.0
            for level in self._index.values():
                level.value = None

    def _fail(self, version: str, why: str) -> None:
        if self._clock() < self._retry and not version:
            return
        self._retry = self._clock() + RETRY_SECONDS
        self._failures.n += 1
        log("model").error("model_unusable", version=version, why=why)

    def _tell(self) -> None:
        drift = self._model.drift if self._model is not None else None
        if drift is None:
            return
        seen = drift.seen()
        if seen.clicks:
            keep_seen(self._shelf.directory, seen)
        found = drift.drifted()
        self._flagged.value = found.flagged_share
        self._flagged_trained.value = found.flagged_share_trained
        for name, level in self._index.items():
            level.value = found.index.get(name)
        before, self._drifted.value = self._drifted.value, float(len(found.alarming))
        if found.alarming and not before:
            log("model").warning("model_drifted", features=list(found.alarming))


NO_MODEL: Final = (
    "No model is in use yet: verdicts come from rules alone. One is trained by itself once there are clicks "
    "enough, or with 'clickledger fraud train'."
)


def missing(version: str) -> str:
    """Return why a version that is to be used can't be, when it isn't there."""
    return (
        f"Model {version[:_LONGEST_NAME]!r} is to be used but isn't there: verdicts come from rules alone. Roll "
        "back or train one."
    )

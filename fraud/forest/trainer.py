"""Training in the service: asked for or by itself, one at a time among all roles that share the models.

Invariants: a training that fails leaves the model in use as it was; by itself it takes a quarter of one core at
most, because the embedded service's pipeline shares the process; it ends with the service, within a chunk of
work.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from fraud.forest.card import Card
from fraud.forest.errors import TOO_FEW_CLICKS, TRAINING_RUNS
from fraud.forest.shelf import Shelf
from fraud.forest.training import Step, Window, train
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.metrics import observe
from kernel.settings import Settings

BACKGROUND_DUTY: Final = 0.25
"""Share of one core's time a training by itself may take."""
RETRY: Final = timedelta(minutes=10)
"""How soon it is tried again where it failed or there were too few clicks."""
_PROGRESS_FILE: Final = "training.json"
_PROGRESS_SECONDS: Final = 0.3

_SHARES: Final = {
    "reading": (0.0, 0.7),
    "frequencies": (0.7, 0.75),
    "features": (0.75, 0.85),
    "trees": (0.85, 0.95),
    "quality": (0.95, 0.99),
    "writing": (0.99, 1.0),
}
"""Where each step begins and ends in the whole, as measured over a million clicks."""

ReadWindow: TypeAlias = Callable[[datetime, Step], Window]
"""Reads and replays the window that ends at a moment."""
State: TypeAlias = Literal["never", "running", "done", "failed"]


class Progress(msgspec.Struct, frozen=True):
    """How far the latest training is, as all roles see it."""

    state: State = "never"
    step: str = ""
    done: float = 0.0
    """0 to 1."""
    changed_at: datetime | None = None
    version: str = ""
    """Of the model that came of it."""
    why: str = ""
    """Why it failed."""


class _EndedError(Exception):
    """The service ends, and the training with it."""


class Trainer:
    """Trains, in a thread of its own."""

    def __init__(self, chosen: Settings, read: ReadWindow) -> None:
        """Prepare.

        Args:
            chosen: The settings.
            read: Reads the window.

        """
        self.shelf = Shelf.of(chosen)
        self._settings = chosen
        self._read = read
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told = Progress()
        """The latest that this role told, should the directory be away."""
        self._next = datetime.min.replace(tzinfo=UTC)

    def begin(self, duty: float = 1.0) -> None:
        """Begin a training.

        Raises:
            ClickledgerError: ``model_training_runs`` or ``model_shelf_away``.

        """
        with self._lock, contextlib.ExitStack() as turn:
            if self._thread is not None and self._thread.is_alive():
                raise TRAINING_RUNS.error()
            turn.enter_context(self.shelf.training())
            self._tell(Progress("running", "reading", 0.0))
            self._thread = threading.Thread(
                target=self._train_or_tell, args=(duty, turn.pop_all()), name="training", daemon=True
            )
            self._thread.start()

    def begin_when_due(self) -> bool:
        """Begin a training by itself when one is due; tell whether it did.

        It is when the interval has passed since the newest model was made, or none can be used; again after a
        while when the latest try came to nothing.
        """
        hours, now = self._settings.model_training_hours, datetime.now(UTC)
        if not hours or now < self._next:
            return False
        self._next = now + RETRY
        try:
            newest = next(iter(self.shelf.cards()), None)
            if newest is not None and now < newest.made_at + timedelta(hours=hours) and self._is_usable():
                return False
            self.begin(BACKGROUND_DUTY)
        except ClickledgerError as why:
            if why.kind is not TRAINING_RUNS:
                log("model").warning("model_not_trained", why=why.message)
            return False
        return True

    def _is_usable(self) -> bool:
        """Tell whether the version in use can be."""
        try:
            version = self.shelf.current()
            if version:
                self.shelf.check(version)
        except ClickledgerError:
            return False
        return bool(version)

    def train(self, step: Step = lambda *_: None) -> Card:
        """Train now, in this thread, and put the model into use.

        Raises:
            ClickledgerError: ``model_training_runs``, ``model_too_few_clicks``, ``model_shelf_away`` or
            ``store_away``.

        """
        with self.shelf.training():
            return self._train(step)

    def _train(self, step: Step) -> Card:
        started = time.monotonic()
        window = self._read(datetime.now(UTC), step)
        _, stored, card = train(window, step=step, started=started)
        self.shelf.put(stored, card, self._settings.model_versions_kept)
        observe("clickledger_model_training_seconds", time.monotonic() - started)
        return card

    def progress(self) -> Progress:
        """Return how far the latest training is, whoever runs it."""
        try:
            found = msgspec.json.decode((self.shelf.directory / _PROGRESS_FILE).read_bytes(), type=Progress)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            found = Progress()
        told = self._told
        if told.changed_at is not None and (found.changed_at is None or found.changed_at < told.changed_at):
            return told
        own = self._thread is not None and self._thread.is_alive()
        if found.state == "running" and not own and not self.shelf.is_training():
            return Progress("failed", found.step, found.done, found.changed_at, why="It was interrupted.")
        return found

    def wait(self) -> None:
        """Wait for the training that this role runs."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """End a training under way."""
        self._end.set()
        self.wait()

    def _train_or_tell(self, duty: float, turn: contextlib.ExitStack) -> None:
        with turn:
            self._train_and_tell(duty)

    def _train_and_tell(self, duty: float) -> None:
        told = time.monotonic()
        rest = _Rest(duty, self._end)
        latest = Progress("running", "reading", 0.0)

        def step(name: str, share: float) -> None:
            nonlocal told, latest
            rest.take()
            begin, end = _SHARES[name]
            latest = Progress("running", name, round(begin + (end - begin) * share, 4))
            if time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                self._tell(latest)

        try:
            card = self._train(step)
        except _EndedError:
            return
        except ClickledgerError as why:
            few = why.kind is TOO_FEW_CLICKS
            (log("model").info if few else log("model").warning)("model_not_trained", why=why.message)
            self._tell(Progress("failed", latest.step, latest.done, why=why.message))
        except Exception as why:  # noqa: BLE001 - the thread's end must be told, and the log says the rest
            log("model").error("training_failed", exc_info=why)
            sentence = f"It failed unexpectedly ({type(why).__name__}); the log of the service has the details."
            self._tell(Progress("failed", latest.step, latest.done, why=sentence))
        else:
            log("model").info(
                "model_trained", version=card.version, clicks=card.clicks_learnt, seconds=card.seconds
            )
            self._tell(Progress("done", "writing", 1.0, version=card.version))

    def _tell(self, progress: Progress) -> None:
        """Write the progress where all roles see it."""
        path = self.shelf.directory / _PROGRESS_FILE
        now = self._told = msgspec.structs.replace(progress, changed_at=datetime.now(UTC))
        with contextlib.suppress(OSError):
            self.shelf.directory.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{_PROGRESS_FILE}.{id(self):x}")
            temporary.write_bytes(msgspec.json.encode(now))
            temporary.replace(path)


class _Rest:
    """Rests after each chunk of work, so that work makes a share of the time."""

    def __init__(self, duty: float, end: threading.Event) -> None:
        self._factor = 1 / duty - 1
        self._end = end
        self._worked = time.thread_time()

    def take(self) -> None:
        worked = time.thread_time() - self._worked
        if self._end.wait(worked * self._factor) if self._factor else self._end.is_set():
            raise _EndedError
        self._worked = time.thread_time()

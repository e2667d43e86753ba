"""Where models are kept: each version a skops file and its card, and one name that says which is in use.

``<version>.skops`` is the model, ``<version>.json`` its card, ``current`` holds a version's name, and
``training.lock`` is held by whoever trains. The directory may be shared by several hosts.

Invariants: a version is there when its card is, which is written after its file; what is written takes its name
in one step, so that a reader sees the old or the new, and of two writers one is last; the version in use is
never cleared away; a name from outside reaches no path before it is found among those that are there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from fraud.forest.card import Card
from fraud.forest.errors import MODEL_BROKEN, MODEL_UNKNOWN, NO_EARLIER_MODEL, SHELF_AWAY, TRAINING_RUNS
from fraud.forest.model import Model
from kernel.errors import ClickledgerError
from kernel.settings import Settings

DIRECTORY: Final = "models"
"""Below the data directory, unless the setting ``model_dir`` names another place."""
_CURRENT: Final = "current"
_LOCK: Final = "training.lock"
_MOST_TRIED: Final = 1_000
_LOCK_TRIES: Final = 5
_LOCK_PAUSE_SECONDS: Final = 0.02


class Shelf:
    """The models of an installation."""

    def __init__(self, directory: Path) -> None:
        """Name the place; it is made when something is put there."""
        self.directory = directory
        self._tried: dict[str, str] = {}
        """What came of reading files, by their cards' hash: '' or why it can't be used."""

    @classmethod
    def of(cls, chosen: Settings) -> Shelf:
        """Return the shelf that is configured."""
        return cls(chosen.model_dir or chosen.data_dir / DIRECTORY)

    def current(self) -> str:
        """Return the version in use, '' for none.

        Raises:
            ClickledgerError: ``model_shelf_away``.

        """
        try:
            return (self.directory / _CURRENT).read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return ""
        except OSError as why:
            raise SHELF_AWAY.error() from why

    def versions(self) -> list[str]:
        """Return the versions there are, oldest first.

        Raises:
            ClickledgerError: ``model_shelf_away``.

        """
        try:
            return sorted(path.stem for path in self.directory.iterdir() if path.match("[0-9]*.json"))
        except FileNotFoundError:
            return []
        except OSError as why:
            raise SHELF_AWAY.error() from why

    def card(self, version: str) -> Card:
        """Return a version's card.

        Raises:
            ClickledgerError: ``model_unknown`` or ``model_broken``.

        """
        if version not in self.versions():
            raise MODEL_UNKNOWN.error(
                f"There is no model '{version[:64]}'; 'clickledger fraud models' lists those there are."
            )
        try:
            card = Card.decoded(self._path(version, "json").read_bytes())
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as why:
            raise MODEL_BROKEN.error(f"The card of model {version} can't be read.", version=version) from why
        if card.version != version:
            raise MODEL_BROKEN.error(f"The card of model {version} is another model's.", version=version)
        return card

    def cards(self) -> list[Card]:
        """Return the cards that can be read, newest first."""
        found = []
        for version in reversed(self.versions()):
            with contextlib.suppress(Exception):
                found.append(self.card(version))
        return found

    def load(self, version: str) -> tuple[Model, Card]:
        """Read a version; its hash is checked before anything in it is.

        Raises:
            ClickledgerError: ``model_unknown`` or ``model_broken``.

        """
        card = self.card(version)
        return Model.read(self._bytes(card), card), card

    def check(self, version: str) -> Card:
        """Return a version's card if its file is the one that was trained and can be used here.

        A file is read once; afterwards only its hash is looked at.

        Raises:
            ClickledgerError: ``model_unknown`` or ``model_broken``.

        """
        card = self.card(version)
        stored = self._bytes(card)
        Model.check(stored, card)
        why = self._tried.get(card.file_sha256)
        if why is None:
            why = ""
            try:
                Model.read(stored, card)
            except ClickledgerError as refused:
                why = refused.message
            self._tried = {**self._tried, card.file_sha256: why} if len(self._tried) < _MOST_TRIED else {}
        if why:
            raise MODEL_BROKEN.error(why, version=version)
        return card

    def _bytes(self, card: Card) -> bytes:
        try:
            return self._path(card.version, "skops").read_bytes()
        except OSError as why:
            raise MODEL_BROKEN.error(
                f"The file of model {card.version} can't be read ({why.strerror}). Verdicts come from rules "
                "alone; roll back to another model or train one.",
                version=card.version,
            ) from why

    def put(self, stored: bytes, card: Card, keep: int) -> None:
        """Add a version, use it, and clear the oldest away.

        Args:
            stored: The model's file.
            card: Its card.
            keep: Versions to keep, beside the one in use.

        Raises:
            ClickledgerError: ``model_shelf_away``.

        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            _write(self._path(card.version, "skops"), stored)
            _write(self._path(card.version, "json"), card.encoded())
            _write(self.directory / _CURRENT, card.version.encode())
        except OSError as why:
            raise SHELF_AWAY.error(f"{SHELF_AWAY.advice} ({why.strerror})") from why
        self._clear(keep)

    def use(self, version: str) -> Card:
        """Put a version into use again.

        Raises:
            ClickledgerError: ``model_unknown``, ``model_broken`` or ``model_shelf_away``.

        """
        card = self.check(version)
        try:
            _write(self.directory / _CURRENT, version.encode())
        except OSError as why:
            raise SHELF_AWAY.error(f"{SHELF_AWAY.advice} ({why.strerror})") from why
        return card

    def withdraw(self, since: datetime) -> list[str]:
        """Clear away the versions made since a moment; the newest that stays is in use then, or none.

        Returns:
            The versions that went, newest first.

        Raises:
            ClickledgerError: ``model_training_runs`` (what comes of that would be one of them) or
            ``model_shelf_away``.

        """
        with self.training():
            going = [card.version for card in self.cards() if card.made_at >= since]
            staying = [version for version in self.versions() if version not in going]
            try:
                if self.current() in going:
                    if staying:
                        _write(self.directory / _CURRENT, staying[-1].encode())
                    else:
                        (self.directory / _CURRENT).unlink(missing_ok=True)
                for version in going:
                    self._remove(version)
            except OSError as why:
                raise SHELF_AWAY.error(f"{SHELF_AWAY.advice} ({why.strerror})") from why
        return going

    def earlier(self) -> str:
        """Return the version before the one in use.

        Raises:
            ClickledgerError: ``model_no_earlier``.

        """
        current = self.current()
        before = [version for version in self.versions() if version < current]
        if not before:
            raise NO_EARLIER_MODEL.error()
        return before[-1]

    @contextmanager
    def training(self) -> Iterator[None]:
        """Be the only one who trains, on this host and on all that share the directory.

        Raises:
            ClickledgerError: ``model_training_runs`` or ``model_shelf_away``.

        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as why:
            raise SHELF_AWAY.error(f"{SHELF_AWAY.advice} ({why.strerror})") from why
        try:
            # Whoever asks whether somebody trains holds it as well, for a moment.
            for attempt in range(_LOCK_TRIES):
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as why:
                    if attempt == _LOCK_TRIES - 1:
                        raise TRAINING_RUNS.error() from why
                    time.sleep(_LOCK_PAUSE_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def is_training(self) -> bool:
        """Tell whether somebody trains at the moment."""
        try:
            descriptor = os.open(self.directory / _LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _clear(self, keep: int) -> None:
        current = self.current()
        for version in self.versions()[:-keep]:
            if version != current:
                with contextlib.suppress(OSError):
                    self._remove(version)

    def _remove(self, version: str) -> None:
        # The card first: without it the version isn't there any more.
        for ending in ("json", "skops"):
            self._path(version, ending).unlink(missing_ok=True)

    def _path(self, version: str, ending: str) -> Path:
        return self.directory / f"{version}.{ending}"


def _write(path: Path, content: bytes) -> None:
    """Write a file that is whole on the disk before it has its name."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

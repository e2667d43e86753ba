"""What a long command shows on stderr while stdout waits for its one JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class Screen:
    """Sentences and progress bars on stderr, or nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet)

    def say(self, sentence: str) -> None:
        """Show a sentence as it is; text from a log may hold brackets."""
        self._console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def bar(self, what: str, total: int) -> Iterator[Bar]:
        """Show a progress bar while the block runs."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self._console) as progress:
            yield Bar(progress, progress.add_task(what, total=total, note=""))


class Bar:
    """One progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def at(self, completed: int, note: str = "") -> None:
        """Show how far it is."""
        self._progress.update(self._task, completed=completed, note=note)


def print_result(result: dict[str, Any]) -> None:
    """Print the one JSON object of a command to stdout."""
    print(msgspec.json.encode(result).decode())  # noqa: T201 - a command's answer

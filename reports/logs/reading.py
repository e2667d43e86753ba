"""Reading the rows that a road is made of: questions become rows by their columns' names.

Invariant: a row that is asked for in halves is there with all its columns or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from kernel.settings import Settings
from reports.execute import Readers, execute
from reports.logs.road_sql import Question

Row: TypeAlias = dict[str, Any]
_Key: TypeAlias = tuple[Any, ...]


class Reading:
    """Asks questions; of several rows about the same, such as older states, the first is answered."""

    def __init__(self, readers: Readers, chosen: Settings) -> None:
        """Begin.

        Args:
            readers: Where read-only handles come from.
            chosen: The limits.

        """
        self._readers, self._chosen = readers, chosen

    def rows(self, question: Question) -> list[Row]:
        """Return the answer.

        Raises:
            ClickledgerError: what ``execute`` raises.

        """
        return list(self._by_key(question).values())

    def together(self, questions: Sequence[Question]) -> list[Row]:
        """Return the answer to questions for different columns of the same rows, asked at once.

        Raises:
            ClickledgerError: what ``execute`` raises.

        """
        with ThreadPoolExecutor(len(questions)) as threads:
            first, *others = threads.map(self._by_key, questions)
        # Rows that came to be in the meantime are found by the later question alone.
        return [
            row | {name: value for other in others for name, value in other[key].items()}
            for key, row in first.items()
            if all(key in other for other in others)
        ]

    def _by_key(self, question: Question) -> dict[_Key, Row]:
        (result,) = execute([question.statement], self._readers, self._chosen)
        found: dict[_Key, Row] = {}
        for values in result.rows:
            row = dict(zip(question.columns, values, strict=True))
            found.setdefault(tuple(row[name] for name in question.key), row)
        return found

"""Reading a table of per-partner features, and refusing one that can't be judged with a sentence that says why.

A table is a CSV file in UTF-8: the first line names the columns, then one line per partner. Fields are parted by
commas, or by the semicolons or tabs of the first line where it holds no comma. One column is the partner's id, one
is the label, all others are finite numbers; an empty field (or ``nan``, ``null``, ``NA``) is a missing value.
Invariants: nothing that a file holds makes a traceback; line numbers in sentences are the file's.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fraud.ranking.errors import (
    COLUMN_MISSING,
    COLUMN_NOT_NUMERIC,
    COLUMNS_DIFFER,
    ID_REPEATED,
    LABELS_ONE_CLASS,
    TABLE_EMPTY,
    TABLE_UNREADABLE,
)

MISSING: Final = frozenset({"", "nan", "null", "na", "none", "n/a"})
LARGEST: Final = 1e30
"""Beyond it single precision, in which trees compare, ends, and no partner was ever counted so far."""
SEPARATORS: Final = ";\t|"
"""What may part fields beside commas: spreadsheets of half of Europe write semicolons."""
SHOWN: Final = 8
"""Names shown in a sentence before it says "and so many more"."""


@dataclass(frozen=True, slots=True)
class Table:
    """Partners, their features and their labels."""

    path: Path
    ids: tuple[str, ...]
    names: tuple[str, ...]
    matrix: NDArray[np.float64]
    """Partners x columns; NaN is a missing value."""
    labels: tuple[str, ...]

    def positive(self, label: str) -> NDArray[np.bool_]:
        """Return which partners have the label; every other label, and none, counts as negative.

        Raises:
            ClickledgerError: All have it, or none.

        """
        positive = np.array([one == label for one in self.labels], dtype=np.bool_)
        if positive.all() or not positive.any():
            have = "every partner has" if positive.all() else "no partner has"
            known = sorted(set(self.labels))
            raise LABELS_ONE_CLASS.error(
                f"{self.path}: {have} the label {label!r}; its labels are {listed(known)}. Give --positive one of"
                " several."
            )
        return positive

    def like(self, other: Table) -> Table:
        """Return this table with its columns in the other's order.

        Raises:
            ClickledgerError: They have other columns.

        """
        lacking = [name for name in other.names if name not in self.names]
        extra = [name for name in self.names if name not in other.names]
        if lacking or extra:
            said = [f"{self.path} has no column {listed(lacking)}"] if lacking else []
            said += [f"{other.path} has no column {listed(extra)}"] if extra else []
            raise COLUMNS_DIFFER.error(f"{', and '.join(said)}. {COLUMNS_DIFFER.advice}")
        order = [self.names.index(name) for name in other.names]
        return Table(self.path, self.ids, other.names, self.matrix[:, order], self.labels)

    def rows_in(self, other: Table) -> int:
        """Return how many partners stand in the other table, of the same columns, with the very same features."""
        theirs = {own: row.tobytes() for own, row in zip(other.ids, other.matrix, strict=True)}
        return sum(theirs.get(own) == row.tobytes() for own, row in zip(self.ids, self.matrix, strict=True))


def read_table(path: Path, *, identity: str, label: str) -> Table:
    """Read a table.

    Args:
        path: A CSV file.
        identity: Name of the column with the partner's id.
        label: Name of the column with the label.

    Raises:
        ClickledgerError: It can't be read, or isn't such a table; the sentence says where.

    """
    lines = _lines(path)
    head = [name.strip() for _, line in [next(lines, (0, []))] for name in line]
    if not head:
        raise TABLE_EMPTY.error(f"{path} is empty. {TABLE_EMPTY.advice}")
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice:
        raise TABLE_UNREADABLE.error(
            f"{path}: the column {listed(twice)} is there twice; every name once, please."
        )
    for asked, use in ((identity, "--id"), (label, "--labels")):
        if asked not in head:
            raise COLUMN_MISSING.error(f"{path} has no column {asked!r} ({use}); its columns are {listed(head)}.")
    if identity == label:
        raise COLUMN_MISSING.error(f"--id and --labels both name {label!r}; they are two columns.")
    at, labelled = head.index(identity), head.index(label)
    features = [n for n in range(len(head)) if n not in {at, labelled}]
    if not features:
        raise COLUMN_MISSING.error(
            f"{path} has no column beside the id and the label, so there is nothing to rank by."
        )
    ids: dict[str, int] = {}
    labels, rows = [], []
    for number, line in lines:
        if len(line) != len(head):
            raise TABLE_UNREADABLE.error(f"{path}, line {number}: {len(line)} fields, but {len(head)} names.")
        own = line[at].strip()
        if not own:
            raise ID_REPEATED.error(f"{path}, line {number}: no id in column {identity!r}. {ID_REPEATED.advice}")
        if own in ids:
            raise ID_REPEATED.error(
                f"{path}, line {number}: the id {own!r} was on line {ids[own]} already. {ID_REPEATED.advice}"
            )
        ids[own] = number
        labels.append(line[labelled].strip())
        rows.append([_number(line[n], path, number, head[n]) for n in features])
    if not rows:
        raise TABLE_EMPTY.error(f"{path} has names but no partners. {TABLE_EMPTY.advice}")
    names = tuple(head[n] for n in features)
    return Table(path, tuple(ids), names, np.array(rows, dtype=np.float64), tuple(labels))


def listed(names: list[str]) -> str:
    """Return names for a sentence; long lists are cut."""
    shown = ", ".join(repr(name[:60]) for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number and fields; blank lines are left out."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            parted = "," if "," in first else max(SEPARATORS, key=first.count)
            # What can be read once alone, as a pipe, can't go back to its first line.
            lines = itertools.chain([first], file)
            reader = csv.reader(lines, strict=True, delimiter=parted if parted in first else ",")
            for line in reader:
                if line:
                    yield reader.line_num, line
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        said = why.strerror if isinstance(why, OSError) else str(why)
        raise TABLE_UNREADABLE.error(f"{path} can't be read ({said}). {TABLE_UNREADABLE.advice}") from why


def _number(text: str, path: Path, line: int, column: str) -> float:
    """Return a field's number, NaN where it is missing."""
    text = text.strip()
    if text.lower() in MISSING:
        return float("nan")
    try:
        number = float(text)
    except ValueError:
        number = float("inf")
    if not np.isfinite(number) or abs(number) > LARGEST:
        raise COLUMN_NOT_NUMERIC.error(
            f"{path}, line {line}: column {column!r} holds {text[:60]!r}. {COLUMN_NOT_NUMERIC.advice}"
        )
    return number

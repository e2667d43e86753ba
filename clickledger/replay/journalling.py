"""The second pass of an import: a log's rows as the events an edge would have journalled, in order of time.

Invariants: the journal appears under its name whole or not at all, so a kill in the middle leaves nothing
half imported; its name comes from the file's content, so the same file is recognised; each click id is
minted with the click's recorded time; a conversion never stands before its click. Rows are put in order
on disk, so memory does not grow with the log.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from clickledger.replay.errors import ALREADY_IMPORTED, DATA_DIR_MISSING, IMPORT_RUNNING
from clickledger.replay.ordering import OrderedEvents
from clickledger.replay.program import DESTINATION, Program
from clickledger.replay.requests import click_query, postback_query, transaction_id
from tracker.click_id import ClickIdKeys
from tracker.edge.requests import MAX_URL_CHARACTERS
from tracker.events import Click, Postback, PostbackFields, encode_event
from tracker.intake import LogRow
from tracker.journal import DIRECTORY, SUFFIX, JournalFile, sync_directory
from tracker.macros import Template

WORK_DIRECTORY = "import"
"""Below the data directory; what lies there belongs to an import that is running, or that died."""
LOCK_FILE = "import.lock"
FRAME_EVENTS = 1_000
"""Events in a frame, which costs an fsync; an edge under load packs hundreds."""
STEP_ROWS = 1_000
"""Rows between two reports of progress."""

Progress = Callable[[int], None]

_TEMPLATE = Template(DESTINATION)


def journal_stem(path: Path, format_name: str) -> str:
    """Return the name of a file's journal, from its content and its format."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(format_name.encode())
    return f"import-{digest.hexdigest()[:16]}"


def free_name(stem: str, taken: Collection[str], *, again: bool) -> str:
    """Return the name for an import of this content.

    Raises:
        ClickledgerError: ``already_imported``, unless it is wanted ``again``.

    """
    if stem not in taken:
        return stem
    if not again:
        raise ALREADY_IMPORTED.error()
    count = 2
    while f"{stem}-{count}" in taken:
        count += 1
    return f"{stem}-{count}"


@contextmanager
def workplace(data_dir: Path) -> Iterator[Path]:
    """Hold the directory imports are prepared in, empty; one import at a time.

    Raises:
        ClickledgerError: ``data_dir_missing``, or ``import_running``.

    """
    if not (data_dir / DIRECTORY).is_dir():
        raise DATA_DIR_MISSING.error()
    with (data_dir / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise IMPORT_RUNNING.error() from None
        place = data_dir / WORK_DIRECTORY
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def write_journal(
    rows: Iterator[LogRow], program: Program, keys: ClickIdKeys, place: Path, name: str, progress: Progress
) -> Path:
    """Journal rows as clicks and postbacks with their recorded times.

    Args:
        rows: The log's rows.
        program: The ids of their names.
        keys: Mint the click ids.
        place: The import's own directory, on the same disk as the journals.
        name: The journal's name.
        progress: Told how many rows are read so far, now and then.

    Returns:
        The finished journal, in ``place``; ``publish`` hands it to the pipeline.

    """
    with closing(OrderedEvents(place / "order.sqlite")) as ordered:
        for number, row in enumerate(rows, 1):
            for at, payload in _events(row, program, keys):
                ordered.add(at, payload)
            if number % STEP_ROWS == 0:
                progress(number)
        finished = place / f"{name}{SUFFIX}"
        with closing(JournalFile(finished)) as journal:
            for frame in ordered.frames(FRAME_EVENTS):
                journal.write(frame)
    return finished


def publish(finished: Path, data_dir: Path) -> None:
    """Move a finished journal to where the pipeline finds it: from here on it is imported."""
    directory = data_dir / DIRECTORY
    # Unlike a rename, a link never replaces a journal that is there.
    os.link(finished, directory / finished.name)
    sync_directory(directory)


def _events(row: LogRow, program: Program, keys: ClickIdKeys) -> Iterator[tuple[int, bytes]]:
    """Yield a row's encoded events, each with the time it is ordered by."""
    ids = program.ids(row)
    click_id = keys.mint(row.ts, ids.offer_id)
    click = Click(
        click_id=click_id,
        ts=row.ts,
        offer_id=ids.offer_id,
        partner_id=ids.partner_id,
        advertiser_id=program.advertiser_id,
        link_id=0,
        trafficback_reason="",
        destination=_TEMPLATE.render(lambda _name: click_id),
        method="GET",
        query=click_query(row, ids).encode(),
        preset="",
        ip=row.ip,
        user_agent=row.user_agent[:MAX_URL_CHARACTERS],
        accept_language=row.accept_language,
        referrer=row.referrer[:MAX_URL_CHARACTERS],
    )
    yield row.ts, encode_event(click)
    if row.conversion_ts is None:
        return
    postback = Postback(
        ts=row.conversion_ts,
        fields=PostbackFields(click_id=click_id, txn_id=transaction_id(row)),
        offer_id=ids.offer_id,
        method="GET",
        raw=postback_query(row, click_id).encode(),
        ip="",
        user_agent="",
    )
    yield max(row.ts, row.conversion_ts), encode_event(postback)

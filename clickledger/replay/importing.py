"""An import from beginning to end: survey, program, journal, and waiting until the pipeline shipped it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from clickledger.replay.errors import IMPORT_FAILED, IMPORT_UNSEEN
from clickledger.replay.journalling import free_name, journal_stem, publish, workplace, write_journal
from clickledger.replay.program import AdminApi, ensure
from clickledger.replay.showing import Screen
from clickledger.replay.survey import Survey, good_rows, require_file, survey
from kernel.settings import Settings
from tracker.click_id import load_keys
from tracker.intake import log_format
from tracker.journal import DIRECTORY, journal_paths

PIPELINE_PATH = "/api/v1/pipeline"
POLL_SECONDS = 0.25
SEEN_SECONDS = 30
"""How long a running pipeline may take to notice a new journal; it looks several times a second."""
CONVERSIONS_SECONDS = 30
"""How long shipped postbacks may take to become conversions; a few thousand take a second."""


def run_import(
    path: Path, format_name: str, chosen: Settings, service: AdminApi, screen: Screen, *, again: bool
) -> dict[str, Any]:
    """Import a log with its recorded times and wait until it is in the store.

    Args:
        path: The log.
        format_name: Its format.
        chosen: Settings; the data directory must be the service's.
        service: The admin API.
        screen: Shows bad lines and progress.
        again: Import content that was imported before once more.

    Returns:
        The object the command ends with.

    Raises:
        ClickledgerError: the file, the data directory or the service made it impossible.

    """
    started = time.monotonic()
    log_format(format_name)
    require_file(path)
    with workplace(chosen.data_dir) as place:
        keys = load_keys(chosen)
        name = free_name(journal_stem(path, format_name), _taken(service, chosen), again=again)
        screen.say(f"Reading {path} …")
        found = survey(path, format_name, screen.say)
        program = ensure(service, found)
        try:
            with screen.bar("rows read", found.rows) as bar:
                rows = good_rows(path, format_name)
                finished = write_journal(rows, program, keys, place, name, bar.at)
                bar.at(found.rows)
            publish(finished, chosen.data_dir)
        except (OSError, sqlite3.Error) as why:
            raise IMPORT_FAILED.error(f"Nothing was imported, the journal can't be written: {why}.") from why
    _wait_shipped(service, name, found, screen)
    return {
        "clicks": found.rows,
        "conversions": found.conversions,
        "bad_lines": found.bad_lines,
        "elapsed_s": round(time.monotonic() - started, 3),
        "journal": name,
    }


def _taken(service: AdminApi, chosen: Settings) -> set[str]:
    """Return the names of journals that are here or were shipped before."""
    here = {journal.stem for journal in journal_paths(chosen.data_dir / DIRECTORY)}
    return here | set(service.get(PIPELINE_PATH)["imported"])


def _wait_shipped(service: AdminApi, name: str, found: Survey, screen: Screen) -> None:
    """Wait until the pipeline shipped a journal to its end and made conversions of its postbacks.

    Raises:
        ClickledgerError: ``import_unseen`` when no pipeline noticed it.

    """
    events = found.rows + found.conversions
    deadline = time.monotonic() + SEEN_SECONDS
    with screen.bar("events stored", events) as bar:
        while True:
            state = service.get(PIPELINE_PATH)
            shipped = _shipped(state, name, events)
            if shipped is None and time.monotonic() > deadline:
                raise IMPORT_UNSEEN.error()
            if shipped is not None:
                bar.at(min(shipped, events))
                if shipped >= events:
                    break
            time.sleep(POLL_SECONDS)
        # Whoever still waits after this is a live postback whose click is on another host.
        deadline = time.monotonic() + CONVERSIONS_SECONDS
        while state["postbacks_waiting"] and found.conversions and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            state = service.get(PIPELINE_PATH)


def _shipped(state: dict[str, Any], name: str, events: int) -> int | None:
    """Return how many of a journal's events are shipped, None when the pipeline doesn't know it."""
    for journal in state["journals"]:
        if journal["name"] == name:
            return int(journal["shipped"])
    # Known, and no longer there: it was shipped whole and deleted.
    return events if name in state["imported"] else None

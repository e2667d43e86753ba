"""The edge role: one worker process with its own socket and journal."""

from __future__ import annotations

import tempfile
from pathlib import Path

from clickledger.roles.starting import role, say_ready, settle_memory
from clickledger.serving import serve
from kernel.errors import CANNOT_START
from kernel.settings import Settings
from tracker.click_id import load_keys
from tracker.edge.app import build_edge
from tracker.journal import DIRECTORY


def run_edge(chosen: Settings, worker: str) -> None:
    """Serve clicks and postbacks until asked to end.

    Args:
        chosen: The settings.
        worker: Name of this worker, unique on its host at a time.

    """
    with role(chosen, worker, "edge"):
        _check_journals(chosen.data_dir / DIRECTORY)
        app = build_edge(chosen, load_keys(chosen), worker, on_started=say_ready)
        settle_memory()
        serve(app, chosen.edge_host, chosen.edge_port)


def _check_journals(directory: Path) -> None:
    """Find out whether journals can be written, while a sentence about it can still be said.

    Raises:
        ClickledgerError: ``cannot_start``.

    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as trial:
            trial.write(b"\0")
            trial.flush()
    except OSError as why:
        raise CANNOT_START.error(f"Journals can't be written to {directory}: {why.strerror}.") from why

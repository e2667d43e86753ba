"""The edge role: one worker process with its own socket and journal."""

from __future__ import annotations

from clickledger.roles.starting import role, say_ready, settle_memory
from clickledger.serving import serve
from kernel.settings import Settings
from tracker.click_id import load_keys
from tracker.edge.app import build_edge


def run_edge(chosen: Settings, worker: str) -> None:
    """Serve clicks and postbacks until asked to end.

    Args:
        chosen: The settings.
        worker: Name of this worker, unique on its host at a time.

    """
    with role(chosen, worker, "edge"):
        app = build_edge(chosen, load_keys(chosen), worker, on_started=say_ready)
        settle_memory()
        serve(app, chosen.edge_host, chosen.edge_port)

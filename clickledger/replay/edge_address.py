"""Where the edge is that a replay sends to."""

from __future__ import annotations

from clickledger.replay.errors import EDGE_UNKNOWN
from clickledger.running import read_run_file
from kernel.settings import Settings


def edge_url(chosen: Settings, web_url: str) -> str:
    """Return the edge's URL: the one set, else that of the service running in the data directory.

    Args:
        chosen: Name the data directory, and perhaps the URL.
        web_url: Where partners and offers are made; an edge of another service would not know them.

    Raises:
        ClickledgerError: ``edge_unknown``.

    """
    if chosen.edge_public_url:
        return chosen.edge_url
    running = read_run_file(chosen.data_dir)
    if running is None or running.web_url.rstrip("/") != web_url:
        raise EDGE_UNKNOWN.error()
    return running.edge_url.rstrip("/")

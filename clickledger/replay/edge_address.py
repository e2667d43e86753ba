"""Where the edge is that a replay sends to."""

from __future__ import annotations

import msgspec

from clickledger.replay.errors import EDGE_UNKNOWN
from kernel.settings import Settings

RUN_FILE = "run.json"
"""Written into the data directory by the running service."""


class _Running(msgspec.Struct):
    edge_url: str


def edge_url(chosen: Settings) -> str:
    """Return the edge's URL: the one set, else the running service's.

    Raises:
        ClickledgerError: ``edge_unknown``.

    """
    if chosen.edge_public_url:
        return chosen.edge_url
    try:
        running = msgspec.json.decode((chosen.data_dir / RUN_FILE).read_bytes(), type=_Running)
    except (OSError, msgspec.MsgspecError) as why:
        raise EDGE_UNKNOWN.error() from why
    return running.edge_url.rstrip("/")

"""``python -m clickledger.roles ROLE [WORKER]``: a role's process, without the command line's imports."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from functools import partial

from kernel.settings import Settings, settings


def main(name: str, worker: str) -> None:
    """Run one role until asked to end."""
    chosen = settings()
    # What is imported stays; looking through it for cycles took a fifth of the time until a role serves.
    gc.disable()
    run = _imported(name, worker)
    gc.enable()
    run(chosen)


def _imported(name: str, worker: str) -> Callable[[Settings], None]:
    """Return what runs a role; each imports only what it needs."""
    if name == "edge":
        from clickledger.roles.edge import run_edge

        return partial(run_edge, worker=worker)
    if name == "pipeline":
        from clickledger.roles.pipeline import run_pipeline

        return run_pipeline
    if name == "web":
        from clickledger.roles.web import run_web

        return run_web
    if name == "demo":
        from clickledger.demo.living import run_demo

        return run_demo
    from clickledger.roles.backend import run_backend

    return run_backend


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "edge0")

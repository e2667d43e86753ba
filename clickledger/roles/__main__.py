"""``python -m clickledger.roles ROLE [WORKER]``: a role's process, without the command line's imports."""

from __future__ import annotations

import sys

from kernel.settings import settings


def main(name: str, worker: str) -> None:
    """Run one role until asked to end; each imports only what it needs."""
    chosen = settings()
    if name == "edge":
        from clickledger.roles.edge import run_edge

        run_edge(chosen, worker)
    elif name == "pipeline":
        from clickledger.roles.pipeline import run_pipeline

        run_pipeline(chosen)
    elif name == "web":
        from clickledger.roles.web import run_web

        run_web(chosen)
    else:
        from clickledger.roles.backend import run_backend

        run_backend(chosen)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "edge0")

"""The yardstick: a bare Starlette ``RedirectResponse``, served exactly as an edge worker is.

``python -m clickledger.bench.bare PORT``
"""

from __future__ import annotations

import sys

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from clickledger.roles.starting import settle_memory
from clickledger.serving import serve


async def click(_request: Request) -> RedirectResponse:
    """Redirect, and nothing else."""
    return RedirectResponse("https://shop.example/landing?cid=0123456789abcdef0123456789abcdef", 302)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/click", click)])
    settle_memory()
    serve(app, "127.0.0.1", int(sys.argv[1]))

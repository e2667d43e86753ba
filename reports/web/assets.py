"""What pages load beside themselves: our style and scripts, and plotly's script out of its wheel.

Each is answered under a name with a part of its own hash in it, so browsers keep it for good, and a new version
has a new name. Invariants: nothing is loaded from anywhere else; a name that isn't an asset's is 404; what is sent
compressed was compressed once.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from kernel.errors import NOT_FOUND

PATH: Final = "/assets/{name}"
FOREVER: Final = "public, max-age=31536000, immutable"
KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
PLOTLY: Final = "plotly.js"
_IMPORT: Final = re.compile(rb'"\./([a-z_]+\.js)"')
"""How modules name each other; they must not do so in a circle."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    name: str
    """With its hash: app.0f3a….css."""
    media_type: str
    compressed: bytes
    """Gzip; what every browser of the last twenty years takes."""
    tag: str


@cache
def names() -> dict[str, str]:
    """Return each asset's file name and the name it is answered under; modules name each other by the first."""
    own = sorted(one.name for one in files("reports.web").joinpath("assets").iterdir() if "." in one.name)
    return {name: _hashed(name) for name in (*own, PLOTLY) if name.rpartition(".")[2] in KINDS}


def address(name: str) -> str:
    """Return the path of an asset.

    Raises:
        KeyError: There is none of this name: a mistake in a template.

    """
    return f"/assets/{names()[name]}"


async def answer(request: Request) -> Response:
    """Answer an asset, by its name with or without the hash."""
    wanted: str = request.path_params["name"]
    plain = _plain(wanted)
    if plain is None:
        raise NOT_FOUND.error(f"There is no asset {wanted[:60]!r}.")
    asset = _asset(plain)
    # A plain name may be another content tomorrow, so browsers ask whether it is.
    headers = {
        "Cache-Control": FOREVER if wanted == asset.name else "no-cache",
        "ETag": asset.tag,
        "Content-Encoding": "gzip",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.compressed, headers=headers, media_type=asset.media_type)


def _plain(wanted: str) -> str | None:
    """Return the file name behind a name that was asked for; None for nobody's."""
    known = names()
    if wanted in known:
        return wanted
    return next((plain for plain, hashed in known.items() if hashed == wanted), None)


def _content(name: str) -> bytes:
    if name == PLOTLY:
        return files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    content = files("reports.web").joinpath("assets", name).read_bytes()
    return _IMPORT.sub(_address_of_import, content) if name.endswith(".js") else content


def _address_of_import(found: re.Match[bytes]) -> bytes:
    """Return an imported module's name with its hash: under two names a module would run twice."""
    return f'"./{_hashed(found[1].decode())}"'.encode()


def _hashed(name: str) -> str:
    stem, _, kind = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(_content(name)).hexdigest()[:12]}.{kind}"


@cache
def _asset(name: str) -> Asset:
    hashed = names()[name]
    content = _content(name)
    kind = KINDS[name.rpartition(".")[2]]
    return Asset(hashed, kind, gzip.compress(content, 6, mtime=0), f'"{hashed.split(".")[-2]}"')

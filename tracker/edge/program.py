"""The program in an edge's memory: the routing snapshot with its templates compiled, swapped whole.

Invariants: a request sees one program from beginning to end; a newer snapshot replaces the older in one
assignment; a snapshot that can't be read leaves the present one in place. An edge starts from the file
alone; with neither file nor Redis it starts empty and answers 404 until a program arrives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from kernel.logging import log
from tracker import snapshot
from tracker.macros import Template
from tracker.routes import AdvertiserRoute, LinkRoute, OfferRoute, PartnerRoute
from tracker.snapshot import Snapshot

POLL_SECONDS = 0.25
"""A change reaches an edge within a second: a quarter for this, the rest for publishing."""
MISS_SECONDS = 0.02
"""Least time between two looks at the file because of a click on something unknown."""


class CompiledOffer:
    """An offer with its destinations ready to render."""

    __slots__ = ("destination", "fallback", "route")

    def __init__(self, route: OfferRoute) -> None:
        self.route = route
        self.destination = compile_url(route.destination)
        self.fallback = compile_url(route.fallback_url)


class CompiledPartner:
    """A partner with its fallback ready to render."""

    __slots__ = ("fallback", "route")

    def __init__(self, route: PartnerRoute) -> None:
        self.route = route
        self.fallback = compile_url(route.fallback_url)


class Program:
    """An immutable, compiled snapshot. Offers and partners are found by the text of their id."""

    def __init__(self, source: Snapshot, network_fallback: str = "") -> None:
        self.version = source.version
        self.offers = {str(o.id): CompiledOffer(o) for o in source.offers.values()}
        self.partners = {str(p.id): CompiledPartner(p) for p in source.partners.values()}
        self.advertisers: dict[int, AdvertiserRoute] = source.advertisers
        self.links: dict[str, LinkRoute] = source.links
        self.currencies = source.currencies
        self.fallback = compile_url(source.fallback_url) or compile_url(network_fallback)


def compile_url(url: str) -> Template | None:
    """Compile a destination; None for none, or for one that can't be rendered (said in the log)."""
    if not url:
        return None
    try:
        return Template(url)
    except ValueError as why:
        log("program").warning("destination_unusable", url=url, why=str(why))
        return None


Fetch = Callable[[int], Awaitable[bytes | None]]
"""Returns the published snapshot if it is newer than the given version, else None; raises OSError when away."""


class ProgramHolder:
    """Keeps the present program fresh from the snapshot file and, where there is one, from Redis."""

    def __init__(self, directory: Path, network_fallback: str = "", fetch: Fetch | None = None) -> None:
        """Start with what the file holds.

        Args:
            directory: Data directory with the cached snapshot.
            network_fallback: Where clicks go that nothing else takes, unless the snapshot says.
            fetch: Asks Redis for a newer snapshot; None on a host that shares the file with its publisher.

        """
        self._directory = directory
        self._network_fallback = network_fallback
        self._fetch = fetch
        self._seen: tuple[int, int] = (0, 0)
        self._last_miss = 0.0
        self.program = Program(snapshot.EMPTY, network_fallback)
        self.loads = 0
        self.look_at_file()

    def look_at_file(self) -> bool:
        """Take the file's snapshot if the file changed; tell whether a new program is in place."""
        path = self._directory / snapshot.SNAPSHOT_FILE
        try:
            status = path.stat()
            seen = (status.st_mtime_ns, status.st_ino)
            if seen == self._seen:
                return False
            body = path.read_bytes()
        except OSError:
            return False
        self._seen = seen
        return self._take(body)

    def _take(self, body: bytes) -> bool:
        try:
            decoded = snapshot.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            log("program").error("snapshot_unreadable", why=str(why))
            return False
        if decoded.version <= self.program.version:
            return False
        self.program = Program(decoded, self._network_fallback)
        self.loads += 1
        return True

    def after_miss(self) -> bool:
        """Look at the file because something unknown was asked for; it may be that new."""
        now = time.monotonic()
        if now - self._last_miss < MISS_SECONDS:
            return False
        self._last_miss = now
        return self.look_at_file()

    async def keep_fresh(self) -> None:
        """Poll file and Redis until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self._look_everywhere()
            except OSError as why:
                log("program").debug("snapshot_source_away", why=str(why))
            except Exception as why:  # noqa: BLE001 - or this edge would never hear of a change again
                log("program").error("program_not_refreshed", why=str(why))

    async def _look_everywhere(self) -> None:
        self.look_at_file()
        if self._fetch is None:
            return
        body = await self._fetch(self.program.version)
        if body is not None and self._take(body):
            await asyncio.to_thread(snapshot.save, self._directory, body)

"""The program in an edge's memory: the routing snapshot, compiled where traffic touches it, swapped whole.

Invariants: a request sees one program from beginning to end; a newer snapshot replaces the older in one
assignment; a snapshot that can't be read leaves the present one in place, a route that can't be read is
absent. Reading a snapshot and letting go of the old one happen on a thread, in slices: what the newer program
says as the older did is taken over compiled, so that a swap costs what has changed. An edge starts from the
file alone; with neither file nor Redis it starts empty and answers 404 until a program arrives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

import msgspec

from kernel.logging import log
from tracker import snapshot
from tracker.edge.blocklist import Blocklist
from tracker.edge.compiled import Compiled, Pause
from tracker.edge.fallbacks import Fallbacks
from tracker.edge.targeting import Targeting
from tracker.macros import Template, deep_link
from tracker.routes import LandingRoute, OfferRoute, PartnerRoute, TargetingRoute
from tracker.snapshot import Snapshot

POLL_SECONDS = 0.25
"""A change reaches an edge within a second: a quarter for this, the rest for publishing."""
MISS_SECONDS = 0.02
"""Least time between two looks at the file because of a click on something unknown."""
PAUSE_SECONDS = 0.0005
"""How long a thread that reads a program leaves the interpreter to the requests now and then."""
DEEP_LINKS = 1_024
"""Compiled deep links kept: campaigns use the same ones again and again."""
TARGETINGS = 1_024
"""Different targetings shared by offers that have the same."""


class CompiledOffer:
    """An offer with its destinations ready to render."""

    __slots__ = ("_fallback", "destination", "landing_weight", "landings", "route", "targeting")

    def __init__(self, route: OfferRoute) -> None:
        self.targeting: Targeting | None = None
        """Who it is for."""
        if route.targeting is not None:
            # Offers of one kind are for the same people: they share what is long.
            targeting, self.targeting = _compiled_targeting(route.targeting)
            route = msgspec.structs.replace(route, targeting=targeting)
        self.route = route
        self.destination = compile_url(route.destination)
        self._fallback: Template | str | None = route.fallback_url
        self.landings: tuple[tuple[LandingRoute, Template], ...] = tuple(
            (landing, template) for landing in route.landings if (template := compile_url(landing.url)) is not None
        )
        """Pages that can be shown; those of weight 0 never by chance, but where a link names them."""
        self.landing_weight = sum(landing.weight for landing, _ in self.landings)
        """Of all of them together."""

    @property
    def fallback(self) -> Template | None:
        """Where its clicks go while it takes none; compiled when it is first needed."""
        if isinstance(self._fallback, str):
            self._fallback = compile_url(self._fallback)
        return self._fallback

    def deep_link(self, url: str) -> Template | None:
        """Return the template of a deep link; None for one that this offer doesn't allow."""
        if self.destination is None or not self.route.deep_link_hosts:
            return None
        return _compiled_deep_link(url, self.route.deep_link_hosts, self.destination)


class CompiledPartner:
    """A partner with its fallback ready to render."""

    __slots__ = ("fallback", "route")

    def __init__(self, route: PartnerRoute) -> None:
        self.route = route
        self.fallback = compile_url(route.fallback_url)


class Program:
    """An immutable snapshot, compiled as it is used. Offers and partners are found by the text of their id."""

    def __init__(
        self,
        source: Snapshot,
        network_fallback: str = "",
        before: Program | None = None,
        pause: Pause = lambda: None,
    ) -> None:
        """Make ready what every request needs.

        Args:
            source: The snapshot.
            network_fallback: Where clicks go that nothing else takes, unless the snapshot says.
            before: The program this one replaces.
            pause: Called now and then, so that others get a turn.

        """
        self.version = source.version
        self.offers: Compiled[OfferRoute, CompiledOffer] = Compiled(source.offers, CompiledOffer)
        self.partners: Compiled[PartnerRoute, CompiledPartner] = Compiled(source.partners, CompiledPartner)
        self.advertisers = source.advertisers
        self.links = source.links
        self.smart_links = source.smart_links
        self.coupons = source.coupons
        """By '<offer id>:<CODE>'."""
        self.keys = source.keys
        """By the SHA-256 of the key, in hexadecimal."""
        self.blocks = Blocklist(source.blocks)
        self.fallbacks = Fallbacks.of(source.fraud_rules)
        """Fraud rules that send visits elsewhere; None for none."""
        self.currencies = source.currencies
        self.base_currency = source.base_currency
        self.rates = source.rates
        self.fallback = compile_url(source.fallback_url) or compile_url(network_fallback)
        if before is not None:
            self.offers.take_over(before.offers, pause)
            self.partners.take_over(before.partners, pause)

    def let_go(self, pause: Pause) -> None:
        """Drop what was compiled, once another program has taken its place."""
        self.offers.let_go(pause)
        self.partners.let_go(pause)


def compile_url(url: str) -> Template | None:
    """Compile a destination; None for none, or for one that can't be rendered (said in the log)."""
    if not url:
        return None
    try:
        return Template(url)
    except ValueError as why:
        log("program").warning("destination_unusable", url=url, why=str(why))
        return None


@lru_cache(maxsize=256)
def compile_once(url: str) -> Template | None:
    """As ``compile_url``, for the few URLs that nothing keeps compiled, such as a smart link's fallback."""
    return compile_url(url)


@lru_cache(maxsize=TARGETINGS)
def _compiled_targeting(route: TargetingRoute) -> tuple[TargetingRoute, Targeting]:
    return route, Targeting(route)


@lru_cache(maxsize=DEEP_LINKS)
def _compiled_deep_link(url: str, hosts: tuple[str, ...], destination: Template) -> Template | None:
    return deep_link(url, hosts, destination)


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
        self.look_at_file()

    def look_at_file(self) -> bool:
        """Take the file's snapshot if the file changed; tell whether a new program is in place."""
        changed = self._changed_file()
        if changed is None:
            return False
        self._seen, body = changed
        return self._swap(self._read(body))

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
        if self._file_version() != self._seen:
            changed = await asyncio.to_thread(self._changed_file)
            if changed is not None:
                seen, body = changed
                await self._take(body)
                # Not before: a request that misses something meanwhile has to look for itself.
                self._seen = seen
        if self._fetch is None:
            return
        fetched = await self._fetch(self.program.version)
        if fetched is not None and await self._take(fetched):
            await asyncio.to_thread(snapshot.save, self._directory, fetched)

    async def _take(self, body: bytes) -> bool:
        """Read a snapshot beside the requests, swap it in, and let go of the old one beside them too."""
        read = await asyncio.to_thread(self._read, body, _pause)
        before = self.program
        if not self._swap(read):
            return False
        await asyncio.to_thread(before.let_go, _pause)
        return True

    def _file_version(self) -> tuple[int, int]:
        try:
            status = (self._directory / snapshot.SNAPSHOT_FILE).stat()
        except OSError:
            return self._seen
        return status.st_mtime_ns, status.st_ino

    def _changed_file(self) -> tuple[tuple[int, int], bytes] | None:
        """Return the file's version and body; None when it is the one we have seen."""
        seen = self._file_version()
        if seen == self._seen:
            return None
        try:
            return seen, (self._directory / snapshot.SNAPSHOT_FILE).read_bytes()
        except OSError:
            return None

    def _read(self, body: bytes, pause: Pause = lambda: None) -> Program | None:
        """Return the program of a snapshot; None for one that can't be read or isn't newer."""
        try:
            decoded = snapshot.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            log("program").error("snapshot_unreadable", why=str(why))
            return None
        before = self.program
        if decoded.version <= before.version:
            return None
        return Program(decoded, self._network_fallback, before, pause)

    def _swap(self, read: Program | None) -> bool:
        """Put a program in place, unless a newer one came meanwhile."""
        if read is None or read.version <= self.program.version:
            return False
        self.program = read
        return True


def _pause() -> None:
    """Leave the interpreter to the requests for a moment."""
    time.sleep(PAUSE_SECONDS)

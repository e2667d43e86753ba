"""What rules and macros may ask about a visitor: place, device, language.

Nothing is loaded or looked up until a rule or a template asks for it; most ask for none of this, and a
redirect must not wait for it. The answers are those the pipeline will write into the click's row, from the
same request by the same code, so that a report shows what the edge decided by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.settings import Settings

if TYPE_CHECKING:
    from tracker.visitor import Device, Devices, Place, Places

_GEO_FILES = ("geoip_city", "geoip_asn", "geoip_isp", "geoip_connection_type", "geoip_anonymous_ip")


class VisitorFacts:
    """Answers what is asked about a visitor, lazily."""

    NAMES: ClassVar[frozenset[str]] = frozenset(
        {"country", "region", "city", "device", "os", "browser", "language"}
    )
    """Macros that ``of`` answers."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        self._loading: asyncio.Future[None] | None = None
        self.is_loaded = False
        """Whether an answer takes microseconds; the first one takes tenths of a second."""

    async def load(self) -> None:
        """Load what answers are found with beside the requests; those that come meanwhile wait together."""
        if self.is_loaded:
            return
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        # One who stops waiting doesn't stop the others.
        await asyncio.shield(self._loading)

    def _load(self) -> None:
        self.place("192.0.2.1")
        self.device("", {})
        self.is_loaded = True

    # The parsers and databases take tens of megabytes, which only a worker that needs them shall hold.

    @cached_property
    def _devices(self) -> Devices:
        from tracker.visitor import Devices

        return Devices()

    @cached_property
    def _places(self) -> Places:
        from tracker.visitor import GeoDatabases, Places

        try:
            return Places(GeoDatabases(self._settings))
        except ClickledgerError as why:
            # The pipeline refuses to start with a broken file; a visitor must still be redirected.
            log("facts").error("geo_database_unusable", why=why.message)
            return Places(GeoDatabases(self._settings.model_copy(update=dict.fromkeys(_GEO_FILES))))

    def place(self, ip: str) -> Place:
        """Return the place and network of an address; its fields are '' and 0 where nothing is known."""
        return self._places.find(ip)

    def device(self, agent: str, headers: Mapping[str, str]) -> Device:
        """Return the device that a User-Agent header and the kept headers, client hints among them, tell of."""
        if headers:
            get = headers.get
            hints = (
                get("sec-ch-ua-model", ""),
                get("sec-ch-ua-platform-version", ""),
                get("sec-ch-ua-mobile", ""),
                get("x-requested-with", ""),
            )
            if any(hints):
                from tracker.visitor import Hints

                return self._devices.find((agent, Hints._make(hints)))
        return self._devices.find(agent)

    def language(self, header: str) -> str:
        """Return the first language of an Accept-Language header, as in en-US; '' for none."""
        from tracker.visitor import first_language

        return first_language(header)

    def of(self, name: str, ip: str, agent: str, language: str, headers: Mapping[str, str]) -> str:
        """Return one fact, '' when it isn't known.

        Args:
            name: One of ``NAMES``.
            ip: Client address.
            agent: User-Agent header.
            language: Accept-Language header.
            headers: The kept headers.

        """
        if name == "language":
            return self.language(language)
        if name in {"country", "region", "city"}:
            return str(getattr(self.place(ip), name))
        device = self.device(agent, headers)
        return device.device_type if name == "device" else str(getattr(device, name))

"""What a destination's macros may ask about a visitor: place, device, language.

Nothing is loaded or looked up until a template asks for it; most ask for none of this, and a redirect
must not wait for it. The answers are those the pipeline will write into the click's row, but for client
hints, which a first request doesn't carry.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.settings import Settings

if TYPE_CHECKING:
    from tracker.visitor import Devices, Places

_GEO_FILES = ("geoip_city", "geoip_asn", "geoip_isp", "geoip_connection_type", "geoip_anonymous_ip")


class VisitorFacts:
    """Answers place, device and language macros, lazily."""

    NAMES: ClassVar[frozenset[str]] = frozenset(
        {"country", "region", "city", "device", "os", "browser", "language"}
    )

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen

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

    def of(self, name: str, ip: str, agent: str, language: str) -> str:
        """Return one fact, '' when it isn't known.

        Args:
            name: One of ``NAMES``.
            ip: Client address.
            agent: User-Agent header.
            language: Accept-Language header.

        """
        if name == "language":
            from tracker.visitor import first_language

            return first_language(language)
        if name in {"country", "region", "city"}:
            return str(getattr(self._places.find(ip), name))
        device = self._devices.find(agent)
        return device.device_type if name == "device" else str(getattr(device, name))

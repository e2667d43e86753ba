"""Who clicked, as far as a request tells: device, place and network, language.

Shared by the pipeline, which fills columns with it, and the edge, which answers a destination's macros.
"""

from __future__ import annotations

from tracker.visitor.device import NO_HINTS, Device, Devices, Hints, describe
from tracker.visitor.geoip import GeoDatabases
from tracker.visitor.language import first_language
from tracker.visitor.place import CONTINENTS, Place, Places

__all__ = [
    "CONTINENTS",
    "NO_HINTS",
    "Device",
    "Devices",
    "GeoDatabases",
    "Hints",
    "Place",
    "Places",
    "describe",
    "first_language",
]

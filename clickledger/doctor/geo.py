"""Checks of the geo databases: which are missing, what is lost without each, how to get them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import maxminddb

from clickledger.doctor.finding import Finding, ok, problem, warning
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from tracker.visitor import GeoDatabases

OLD_DAYS: Final = 180
"""Addresses change hands; after half a year a noticeable part of a database is wrong."""

_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class GeoFile:
    """A database an operator may configure."""

    setting: str
    products: str
    """Who offers it, under which name."""
    gives: str


FILES: Final[tuple[GeoFile, ...]] = (
    GeoFile(
        "geoip_city",
        "MaxMind's GeoLite2 City (free with an account) or GeoIP2 City, or DB-IP's City Lite as MMDB",
        "region, city, postal area and time zone of a click (the country is known without it)",
    ),
    GeoFile(
        "geoip_asn",
        "MaxMind's GeoLite2 ASN (free with an account), or DB-IP's ASN Lite as MMDB",
        "network number and network name of a click",
    ),
    GeoFile("geoip_isp", "MaxMind's GeoIP2 ISP", "the provider's own name, where the network's differs"),
    GeoFile("geoip_connection_type", "MaxMind's GeoIP2 Connection Type", "mobile, cable or corporate connection"),
    GeoFile(
        "geoip_anonymous_ip",
        "MaxMind's GeoIP2 Anonymous IP",
        "proxy and data-centre flags, on which fraud rules stand",
    ),
)


def databases(chosen: Settings) -> Iterator[Finding]:
    """Check every geo database."""
    for file in FILES:
        yield _database(chosen, file)


def _database(chosen: Settings, file: GeoFile) -> Finding:
    name, variable = file.setting.replace("_", " "), f"CLICKLEDGER_{file.setting.upper()}"
    path: Path | None = getattr(chosen, file.setting)
    if path is None:
        # Nothing is broken without them, and most are paid for: their absence is told, not warned of.
        return ok(
            name,
            f"not configured: reports lack {file.gives}",
            f"Get {file.products} and set {variable} to the .mmdb file.",
        )
    others: dict[str, None] = {other.setting: None for other in FILES if other is not file}
    try:
        GeoDatabases(chosen.model_copy(update=others)).close()
        with maxminddb.open_database(path) as reader:
            facts = reader.metadata()
    except ClickledgerError as why:
        return problem(name, why.message, f"Get {file.products}.")
    built = datetime.fromtimestamp(facts.build_epoch, UTC).date().isoformat()
    shown = f"{facts.database_type} of {built} at {path}"
    if time.time() - facts.build_epoch > OLD_DAYS * _DAY_SECONDS:
        return warning(
            name, f"{shown} is old", f"Get a newer {file.products}; MaxMind's geoipupdate does it weekly."
        )
    return ok(name, shown)

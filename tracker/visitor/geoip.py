"""The MaxMind databases an operator may configure, opened once for the life of the process.

Invariants: a configured file that is missing, damaged or of another kind stops the start with a
sentence, so that nobody reports on empty columns for a week; an address that a database doesn't know,
or a record damaged inside an otherwise sound file, is just unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import geoip2.database
from geoip2.errors import AddressNotFoundError
from maxminddb import MODE_AUTO, InvalidDatabaseError

from kernel.errors import CANNOT_START
from kernel.settings import Settings

_PROBE = "192.0.2.1"
"""A documentation address: in no database, but asking for it shows whether the file is of the right kind."""


class Where(NamedTuple):
    """What the City database says. ``country`` '' when it doesn't know the address."""

    continent: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    postal_area: str = ""
    timezone: str = ""


class Network(NamedTuple):
    """What the network databases say."""

    asn: int = 0
    isp: str = ""
    connection_type: str = ""
    is_datacenter: bool = False
    is_proxy: bool = False


NOWHERE = Where()
NO_NETWORK = Network()


class GeoDatabases:
    """The configured databases behind two questions: where is an address, and on whose network."""

    def __init__(self, chosen: Settings) -> None:
        """Open what is configured.

        Raises:
            ClickledgerError: ``cannot_start`` when a configured file can't be used.

        """
        self._opened: list[geoip2.database.Reader] = []
        try:
            self._city = self._open("city", chosen.geoip_city)
            self._asn = self._open("asn", chosen.geoip_asn)
            self._isp = self._open("isp", chosen.geoip_isp)
            self._connection = self._open("connection_type", chosen.geoip_connection_type)
            self._anonymous = self._open("anonymous_ip", chosen.geoip_anonymous_ip)
        except BaseException:
            self.close()
            raise

    def where(self, ip: str) -> Where:
        """Return the place of an address."""
        found = _ask(self._city, ip)
        if found is None:
            return NOWHERE
        region = found.subdivisions[0].name if len(found.subdivisions) else ""
        return Where(
            found.continent.code or "",
            found.country.iso_code or "",
            region or "",
            found.city.name or "",
            found.postal.code or "",
            found.location.time_zone or "",
        )

    def network(self, ip: str) -> Network:
        """Return whose network an address is on; the ISP database's names come before the ASN's."""
        if len(self._opened) == 0:
            return NO_NETWORK
        asn, isp = _ask(self._asn, ip), _ask(self._isp, ip)
        connection, anonymous = _ask(self._connection, ip), _ask(self._anonymous, ip)
        return Network(
            (asn and asn.autonomous_system_number) or (isp and isp.autonomous_system_number) or 0,
            (isp and isp.isp) or (asn and asn.autonomous_system_organization) or "",
            (connection and connection.connection_type) or "",
            anonymous is not None and anonymous.is_hosting_provider,
            anonymous is not None
            and (
                anonymous.is_anonymous_vpn
                or anonymous.is_public_proxy
                or anonymous.is_residential_proxy
                or anonymous.is_tor_exit_node
            ),
        )

    def close(self) -> None:
        """Close the files. Closing twice is fine."""
        for reader in self._opened:
            reader.close()

    def _open(self, kind: str, path: Path | None) -> Callable[[str], Any] | None:
        """Open one database and return its look-up, None when it isn't configured."""
        if path is None:
            return None
        setting = f"CLICKLEDGER_GEOIP_{kind.upper()}"
        try:
            # The C reader maps the file into memory: pages are shared between processes and not read twice.
            reader = geoip2.database.Reader(path, mode=MODE_AUTO)
        except (InvalidDatabaseError, OSError, ValueError) as why:
            reason = "is not there" if isinstance(why, FileNotFoundError) else "is not a MaxMind database"
            if isinstance(why, PermissionError):
                reason = "may not be read by this user"
            raise CANNOT_START.error(
                f"{setting}: {path} {reason}; download it again or unset the setting."
            ) from why
        self._opened.append(reader)
        find: Callable[[str], Any] = getattr(reader, kind)
        try:
            find(_PROBE)
        except AddressNotFoundError:
            pass
        except (TypeError, InvalidDatabaseError, ValueError) as why:
            raise CANNOT_START.error(
                f"{setting}: {path} is a {reader.metadata().database_type} database, which has no "
                f"{kind.replace('_', ' ')} in it; name a file of the right kind or unset the setting."
            ) from why
        return find


def _ask(find: Callable[[str], Any] | None, ip: str) -> Any:
    """Return a database's record of an address, None when there is none."""
    if find is None:
        return None
    try:
        return find(ip)
    except (AddressNotFoundError, InvalidDatabaseError, ValueError):
        return None

"""The columns of a visitor's device, place and network."""

from __future__ import annotations

from tracker.events import Click
from tracker.pipeline.batch import ClickBatch, look_up
from tracker.visitor import NO_HINTS, Devices, Hints, Places

_DEVICE_COLUMNS = (
    *("device_type", "device_brand", "device_model", "os", "os_version", "browser", "browser_version"),
    *("is_in_app", "is_bot", "bot_family"),
)
_PLACE_COLUMNS = (
    *("ip_prefix", "continent", "country", "region", "city", "postal_area", "timezone"),
    *("asn", "isp", "connection_type", "is_datacenter", "is_proxy"),
)


def fill_device(batch: ClickBatch, devices: Devices) -> None:
    """Fill the columns of device, system and browser."""
    keys = [_agent(click) if click.headers else click.user_agent for click in batch.clicks]
    found = look_up(keys, devices.find)
    batch.spread(_DEVICE_COLUMNS, found)
    batch.agents = found.each(lambda device: device.finding)


def _agent(click: Click) -> str | tuple[str, Hints]:
    """Return what describes the device: the user agent, with its hints when there are any."""
    get = click.headers.get
    hints = (
        get("sec-ch-ua-model", ""),
        get("sec-ch-ua-platform-version", ""),
        get("sec-ch-ua-mobile", ""),
        get("x-requested-with", ""),
    )
    return click.user_agent if hints == NO_HINTS else (click.user_agent, Hints._make(hints))


def fill_place(batch: ClickBatch, places: Places) -> None:
    """Fill the columns of place and network."""
    found = look_up([click.ip for click in batch.clicks], places.find)
    batch.spread(_PLACE_COLUMNS, found)
    batch.is_datacenter = found.each(lambda place: place.is_datacenter)
    batch.is_proxy = found.each(lambda place: place.is_proxy)
    batch.is_private = found.each(lambda place: place.is_private)

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
    batch.facts.update(
        agents=found.each(lambda device: device.finding),
        device_types=found.each(lambda device: device.device_type),
        oses=found.each(lambda device: device.os),
        browsers=found.each(lambda device: device.browser),
        browser_versions=found.each(lambda device: device.browser_version),
        is_in_app=found.each(lambda device: device.is_in_app),
    )


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
    batch.facts.update(
        prefixes=found.each(lambda place: place.ip_prefix),
        countries=found.each(lambda place: place.country),
        timezones=found.each(lambda place: place.timezone),
        asns=found.each(lambda place: place.asn),
        is_datacenter=found.each(lambda place: place.is_datacenter),
        is_proxy=found.each(lambda place: place.is_proxy),
        is_private=found.each(lambda place: place.is_private),
    )

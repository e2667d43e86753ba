"""The device of a click: one look-up per distinct user agent and hints."""

from __future__ import annotations

from functools import lru_cache

from tracker.events import Click
from tracker.pipeline.batch import ClickBatch, look_up
from tracker.pipeline.steps.agents import NO_HINTS, Device, Hints, describe

AGENTS_KEPT = 16_384
"""User agents remembered across batches, about 20 MB; a day of real traffic has a few thousand."""

_COLUMNS = (
    *("device_type", "device_brand", "device_model", "os", "os_version", "browser", "browser_version"),
    *("is_in_app", "is_bot", "bot_family"),
)


class Devices:
    """Describes devices and remembers the latest."""

    def __init__(self) -> None:
        self.find = lru_cache(maxsize=AGENTS_KEPT)(self._find)

    @staticmethod
    def _find(agent: str | tuple[str, Hints]) -> Device:
        return describe(agent) if isinstance(agent, str) else describe(*agent)


def fill_device(batch: ClickBatch, devices: Devices) -> None:
    """Fill the columns of device, system and browser."""
    keys = [_agent(click) if click.headers else click.user_agent for click in batch.clicks]
    found = look_up(keys, devices.find)
    batch.spread(_COLUMNS, found)
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

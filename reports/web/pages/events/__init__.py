"""Events one by one: their logs, the road of a click, one conversion, and what is done with them."""

from __future__ import annotations

from reports.web.pages.events import adjustments, conversion, entering, logs, road, uploading

# Exact paths stand before those with an id in their place.
PAGES = (
    *logs.PAGES, *entering.PAGES, *uploading.PAGES, *adjustments.PAGES, *road.PAGES, *conversion.PAGES,
)  # fmt: skip

"""Where the visitor came from: the language they ask for and the page that sent them.

Invariants: no text raises; what isn't a language tag or a host is ''.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from tracker.pipeline.batch import ClickBatch, look_up
from tracker.visitor import first_language

REFERRERS_KEPT = 16_384
"""Headers remembered across batches."""

_MAX_HOST = 253
"""Octets of a host name (RFC 1035)."""
_HOST = re.compile(r"[\w.:-]+")


def fill_language(batch: ClickBatch) -> None:
    """Fill the first language the browser asks for."""
    headers = [click.accept_language for click in batch.clicks]
    found = look_up(headers, lambda header: (first_language(header),))
    batch.spread(("language",), found)
    batch.facts["languages"] = found.each(lambda language: language[0])


def fill_referrer(batch: ClickBatch) -> None:
    """Fill the host of the referring page."""
    referrers = [click.referrer for click in batch.clicks]
    found = look_up(referrers, lambda url: (host_of(url),))
    batch.spread(("referrer_host",), found)
    batch.facts["referrer_hosts"] = found.each(lambda host: host[0])


@lru_cache(maxsize=REFERRERS_KEPT)
def host_of(url: str) -> str:
    """Return the host of a web page or app (android-app://) in lower case, without port and login."""
    if "//" not in url:
        return ""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".") if len(host) <= _MAX_HOST and _HOST.fullmatch(host) else ""

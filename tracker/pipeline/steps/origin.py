"""Where the visitor came from: the language they ask for and the page that sent them.

Invariants: no text raises; what isn't a language tag or a host is ''.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from tracker.pipeline.batch import ClickBatch, look_up

LANGUAGES_KEPT = 4096
REFERRERS_KEPT = 16_384
"""Headers remembered across batches."""

_TAG = re.compile(
    r"\s*([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?=[-_,;\s]|$)", re.IGNORECASE | re.ASCII
)
"""Language, script and region of RFC 5646; what may follow them says nothing about a market."""

_MAX_HOST = 253
"""Octets of a host name (RFC 1035)."""
_HOST = re.compile(r"[\w.:-]+")


def fill_language(batch: ClickBatch) -> None:
    """Fill the first language the browser asks for."""
    headers = [click.accept_language for click in batch.clicks]
    batch.spread(("language",), look_up(headers, lambda header: (first_language(header),)))


def fill_referrer(batch: ClickBatch) -> None:
    """Fill the host of the referring page."""
    referrers = [click.referrer for click in batch.clicks]
    batch.spread(("referrer_host",), look_up(referrers, lambda url: (host_of(url),)))


@lru_cache(maxsize=LANGUAGES_KEPT)
def first_language(header: str) -> str:
    """Return the first tag of an Accept-Language header, written as in ``en-US`` or ``zh-Hant-TW``."""
    match = _TAG.match(header)
    if match is None:
        return ""
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(filter(None, parts))


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

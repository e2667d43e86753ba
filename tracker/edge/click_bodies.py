"""The JSON body of ``POST /click.json``: one click, or an array of them, as texts under the names as sent.

Invariants: no bytes raise anything but ``click_body_invalid``; a click's parameters become the query string that
a link would have had, so that labels are read of both alike; what a page's script tells is bounded in names and
lengths.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

import msgspec

from tracker.errors import CLICK_BODY_INVALID
from tracker.links import cut_text
from tracker.postbacks import plain

MOST_CLICKS = 1_000
"""In one request."""
MOST_PAGE_FACTS = 40
MOST_PAGE_FACT_BYTES = 256

_ABOUT = frozenset({"ip", "user_agent", "referrer", "language", "code", "page"})
"""Names that are no link parameters."""
_PAGE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}").fullmatch
_SCREEN = re.compile(r"[0-9]{1,5}x[0-9]{1,5}").fullmatch
_HINTS = {"platform_version": "sec-ch-ua-platform-version", "model": "sec-ch-ua-model"}
"""What browsers tell a script on request and a first request never: the header that would have said it."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
encode = msgspec.json.Encoder(decimal_format="number").encode


class ClickBody(msgspec.Struct):
    """One click as it was sent."""

    parameters: dict[str, str]
    """The link's, under the names as sent."""
    about: dict[str, str]
    """Those of ip, user_agent, referrer, language and code that were given."""
    page: dict[str, str]

    @property
    def query(self) -> bytes:
        """The parameters as a query string."""
        return urlencode(self.parameters).encode()

    def hints(self, headers: dict[str, str]) -> dict[str, str]:
        """Return a request's headers with the client hints that only the script could get."""
        told = {
            name: f'"{self.page[fact]}"'
            for fact, name in _HINTS.items()
            if self.page.get(fact) and name not in headers and '"' not in self.page[fact]
        }
        return headers | told


def read_clicks(body: bytes) -> tuple[list[Any], bool]:
    """Return the clicks of a body, not looked into yet, and whether they came as an array.

    Raises:
        ClickledgerError: ``click_body_invalid``.

    """
    try:
        decoded = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, InvalidOperation) as why:
        raise CLICK_BODY_INVALID.error() from why
    if isinstance(decoded, list):
        if not 0 < len(decoded) <= MOST_CLICKS:
            raise CLICK_BODY_INVALID.error(f"Send 1 to {MOST_CLICKS} clicks in one request.")
        return decoded, True
    return [decoded], False


def read_click(sent: Any) -> ClickBody:
    """Return one click.

    Raises:
        ClickledgerError: ``click_body_invalid``.

    """
    if not isinstance(sent, dict):
        raise CLICK_BODY_INVALID.error("A click is a JSON object of link parameters.")
    parameters: dict[str, str] = {}
    about: dict[str, str] = {}
    for name, value in sent.items():
        if name == "page" or value is None:
            continue
        text = plain(value)
        if text is None:
            raise CLICK_BODY_INVALID.error(
                "A click's values are texts, numbers or true/false; only page is nested."
            )
        (about if name in _ABOUT else parameters)[name] = text
    return ClickBody(parameters, about, _read_page(sent.get("page")))


def _read_page(sent: Any) -> dict[str, str]:
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        raise CLICK_BODY_INVALID.error("A click's page is an object of texts and numbers.")
    page: dict[str, str] = {}
    for name, value in sent.items():
        text = plain(value)
        if len(page) >= MOST_PAGE_FACTS or not text or not _PAGE_NAME(name):
            continue
        if name != "screen" or _SCREEN(text):
            page[name] = cut_text(text, MOST_PAGE_FACT_BYTES)
    return page

"""The landing page: whether it answers, and whether the click id comes through to it.

Invariants: each address is dialled only where the session's guard lets it; redirects are followed by hand, so
that the guard sees every one of them; nothing of the page is kept.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urljoin

import aiohttp
from yarl import URL

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Landed(NamedTuple):
    """What became of a visit to the landing page."""

    good: bool
    says: str


async def look(session: aiohttp.ClientSession, url: str, user_agent: str, click_id: str) -> Landed:
    """Visit a page as the visitor would.

    Args:
        session: From ``tracker.outbound.delivery.outbound_session``.
        url: Where the click leads.
        user_agent: Of the visitor.
        click_id: What should still be in the address at the end.

    """
    status, redirects = 0, 0
    try:
        while True:
            async with session.get(
                URL(url, encoded=True), allow_redirects=False, headers={"User-Agent": user_agent}
            ) as answer:
                status, location = answer.status, answer.headers.get("Location", "")
            if status not in _REDIRECTS or not location or redirects == _MOST_REDIRECTS:
                break
            url = urljoin(url, location)
            redirects += 1
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as why:
        return Landed(good=False, says=f"no answer: {str(why) or type(why).__name__}")
    says = f"{status} after {redirects} redirects" if redirects else f"{status}"
    if click_id not in url:
        return Landed(good=False, says=f"{says}; the click id was lost on the way")
    return Landed(status == 200, says)

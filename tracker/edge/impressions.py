"""``GET /i``: somebody saw a partner's banner. Answered with an invisible image once it is on the disk.

Invariants: the same parameters and the same decision as a click's, but an impression takes nothing from caps;
its id is a click id's kind, so that a conversion can name it; never cached. When the disk refuses, the answer is
503, with the image all the same, as nothing on the partner's page shall look broken.
"""

from __future__ import annotations

import time

from starlette.types import Receive, Scope, Send

from kernel.errors import ClickledgerError
from tracker.edge.address import ClientAddress
from tracker.edge.answers import ANY_ORIGIN, GIF, ROBOTS, TEXT, TRANSPARENT_GIF, respond
from tracker.edge.recording import Recorded, Recorder
from tracker.edge.requests import IMPRESSION_COOKIE, set_cookie
from tracker.edge.visit import read_visit

_HEADERS = (ROBOTS, *ANY_ORIGIN)


class ImpressionEndpoint:
    """The ASGI endpoint of impressions."""

    def __init__(self, recorder: Recorder, addresses: ClientAddress, *, secure: bool) -> None:
        """Keep what answers are made of; ``secure``: visitors come over HTTPS."""
        self._recorder = recorder
        self._resolve = addresses.resolve
        self._secure = secure

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method not in {"GET", "HEAD"}:
            await respond(send, 405, b"", TEXT, [(b"allow", b"GET, HEAD")])
            return
        visit = read_visit(scope, self._resolve, time.time_ns() // 1_000_000)
        image = b"" if method == "HEAD" else TRANSPARENT_GIF
        try:
            recorded = await self._recorder.see(visit)
        except ClickledgerError as why:
            await respond(send, why.kind.status, image, GIF, [*_HEADERS, (b"retry-after", b"1")])
            return
        await respond(send, 200, image, GIF, [*_HEADERS, *self._cookie(recorded)])

    def _cookie(self, recorded: Recorded) -> list[tuple[bytes, bytes]]:
        """Remember the impression for the offer's pixel, as long as it earns something."""
        offer = recorded.decision.offer
        if offer is None or not recorded.decision.reached:
            return []
        route = offer.route
        if not (route.pixel_cookie and route.view_window_s):
            return []
        name = f"{IMPRESSION_COOKIE}{route.id}"
        return [set_cookie(name, recorded.click_id, route.view_window_s, secure=self._secure)]

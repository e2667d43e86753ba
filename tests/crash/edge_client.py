"""An HTTP client that sends a request exactly once, whatever happens to the connection.

Ready-made clients send a GET again by themselves when a kept connection turns out closed; here every click
on the wire must be one that was written down.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

ANSWER_SECONDS = 15.0
"""An edge answers in milliseconds; a starved machine may take seconds."""


@dataclass(slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: str


class EdgeClient:
    """One connection at a time to the edge."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, method: str, target: str, ip: str, body: str = "", kind: str = "") -> Answer | None:
        """Send a request once; None when no whole answer came back."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._send(method, target, ip, body, kind)
        except (OSError, EOFError, TimeoutError, ValueError):
            self.close()
            return None

    async def _send(self, method: str, target: str, ip: str, body: str, kind: str) -> Answer:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        assert self._reader is not None
        lines = [
            f"{method} {target} HTTP/1.1",
            "Host: edge.example",
            f"X-Forwarded-For: {ip}",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ]
        if body:
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        await self._writer.drain()
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        content = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split(" ")[1]), headers, content.decode("utf-8", "replace"))

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

"""The running service as a command sees it: found by environment, asked over HTTP.

Found by ``CLICKLEDGER_WEB_URL`` and ``CLICKLEDGER_API_KEY``, else by the data directory's ``run.json`` and
``admin.key``. Every failure is a ``ClickledgerError`` whose sentence a person can act on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec

from clickledger.running import read_run_file
from kernel.auth import admin_key
from kernel.errors import ClickledgerError, ErrorKind, Level
from kernel.settings import Settings, settings

NOT_RUNNING = ErrorKind(
    "service_not_found",
    503,
    "error",
    "No running service was found: start one with 'clickledger up', or set CLICKLEDGER_DATA_DIR to its "
    "data directory, or CLICKLEDGER_WEB_URL and CLICKLEDGER_API_KEY.",
)
SERVICE_SILENT = ErrorKind(
    "service_silent", 503, "error", "The service does not answer; is it running and reachable?"
)
ERRORS = {kind.code: kind for kind in (NOT_RUNNING, SERVICE_SILENT)}

TIMEOUT_S = 120.0
"""Longer than any report may run."""
FILE_TIMEOUT_S = 900.0
"""Longer than a file may take that is sent when all of it is there: xlsx, some 3,000 wide rows a second."""


def whereabouts(chosen: Settings, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Return URL and key of the service that is meant.

    Args:
        chosen: Says which data directory.
        environment: What may name another service.

    Raises:
        ClickledgerError: ``service_not_found``.

    """
    url = environment.get("CLICKLEDGER_WEB_URL", "")
    key = environment.get("CLICKLEDGER_API_KEY", "") or admin_key(chosen)
    if not url:
        running = read_run_file(chosen.data_dir)
        url = running.web_url if running else ""
    if not url or not key:
        raise NOT_RUNNING.error()
    return url, key


class Service:
    """The web role of a running service."""

    def __init__(self, url: str, key: str, transport: httpx2.BaseTransport | None = None) -> None:
        """Address a service; nothing is asked yet.

        Args:
            url: Base URL of the web role.
            key: API key.
            transport: For tests: an app instead of a network.

        """
        self.url = url.rstrip("/")
        self._client = httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}", "User-Agent": "clickledger-cli"},
            timeout=TIMEOUT_S,
            transport=transport,
            # A proxy set for the internet has no business between a command and its service.
            trust_env=False,
        )

    @classmethod
    def find(cls, chosen: Settings | None = None) -> Service:
        """Find the service by the environment.

        Raises:
            ClickledgerError: ``service_not_found``.

        """
        return cls(*whereabouts(chosen or settings()))

    def get(self, path: str, params: dict[str, Any] | None = None) -> Any:
        """Return the JSON answer of a GET."""
        return self._json("GET", path, params=params)

    def post(self, path: str, json: Any) -> Any:
        """Return the JSON answer of a POST."""
        return self._json("POST", path, json=json)

    def patch(self, path: str, json: Any) -> Any:
        """Return the JSON answer of a PATCH."""
        return self._json("PATCH", path, json=json)

    def upload(self, path: str, body: bytes, media_type: str, params: dict[str, Any] | None = None) -> Any:
        """Return the JSON answer of a POST whose body is a file."""
        return self._json("POST", path, content=body, headers={"Content-Type": media_type}, params=params)

    def delete(self, path: str) -> Any:
        """Return the JSON answer of a DELETE."""
        return self._json("DELETE", path)

    def _json(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._client.request(method, path, **options)
        except httpx2.HTTPError as why:
            raise SERVICE_SILENT.error(f"The service at {self.url} does not answer: {why}.") from why
        if response.status_code >= 400:
            raise _refusal(response.status_code, response.content)
        return msgspec.json.decode(response.content)

    @contextmanager
    def stream(self, path: str, params: dict[str, Any] | None = None) -> Iterator[httpx2.Response]:
        """Lend a streamed answer for the length of a ``with`` block."""
        try:
            patience = httpx2.Timeout(TIMEOUT_S, read=FILE_TIMEOUT_S)
            with self._client.stream("GET", path, params=params, timeout=patience) as response:
                if response.status_code >= 400:
                    raise _refusal(response.status_code, response.read())
                yield response
        except httpx2.HTTPError as why:
            raise SERVICE_SILENT.error(f"The service at {self.url} stopped answering: {why}.") from why


def _refusal(status: int, body: bytes) -> ClickledgerError:
    """Return the service's own error, as it said it."""
    level: Level = "error"
    try:
        error = msgspec.json.decode(body)["error"]
        kind = ErrorKind(str(error["code"]), status, level, str(error["message"]))
        return ClickledgerError(kind, kind.advice, dict(error.get("details") or {}))
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        text = body[:200].decode("utf-8", "replace").strip()
        kind = ErrorKind("unexpected_answer", status, level, f"The service answered {status}: {text}")
        return ClickledgerError(kind, kind.advice)

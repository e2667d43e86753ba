"""The way to the service: where it is, with which key, and one place where its refusals become exceptions.

Invariants: a key that lies on this machine goes only to the service of this machine; a proxy set for the internet
is not used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx2

from clickledger.client.errors import ServiceNotFoundError, ServiceSilentError, refusal

PathLike: TypeAlias = str | os.PathLike[str]

URL_VARIABLE = "CLICKLEDGER_WEB_URL"
KEY_VARIABLE = "CLICKLEDGER_API_KEY"

FILE_TIMEOUT_S = 900.0
"""Longer than a file may take that is sent when all of it is there, such as a workbook."""

_NO_KEY = f"Say with which key to ask: Client(url, key), or set {KEY_VARIABLE}."


class Connection:
    """A service and a key."""

    def __init__(
        self, url: str, key: str, timeout_s: float, transport: httpx2.BaseTransport | None = None
    ) -> None:
        """Address a service; nothing is asked yet.

        Args:
            url: Base URL of the web role.
            key: API key.
            timeout_s: How long to wait for an answer.
            transport: For tests: an app instead of a network.

        """
        self.url = url.rstrip("/")
        self._client = httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}", "User-Agent": "clickledger-client"},
            timeout=timeout_s,
            transport=transport,
            trust_env=False,
        )
        self._file_timeout = httpx2.Timeout(timeout_s, read=max(timeout_s, FILE_TIMEOUT_S))

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def ask(self, method: str, path: str, **options: Any) -> bytes:
        """Return the body of a successful answer.

        Raises:
            ClientError: the service refused, or can't be reached.

        """
        try:
            response = self._client.request(method, path, **options)
        except httpx2.HTTPError as why:
            raise self._silent(why) from why
        if response.status_code >= 400:
            raise refusal(response.status_code, response.content, response.headers.get("Retry-After", ""))
        return response.content

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx2.Response]:
        """Lend a streamed answer for the length of a ``with`` block.

        Raises:
            ClientError: the service refused, or stopped before the end.

        """
        try:
            with self._client.stream(method, path, timeout=self._file_timeout, **options) as response:
                if response.status_code >= 400:
                    raise refusal(response.status_code, response.read(), response.headers.get("Retry-After", ""))
                yield response
        except httpx2.HTTPError as why:
            raise self._silent(why) from why

    def _silent(self, why: httpx2.HTTPError) -> ServiceSilentError:
        return ServiceSilentError(
            "service_silent", f"The service at {self.url} does not answer: {str(why) or type(why).__name__}."
        )


class Connected:
    """What asks over a connection."""

    connection: Connection


def find(url: str | None, key: str | None, data_dir: PathLike | None) -> tuple[str, str]:
    """Return URL and key of the service that is meant.

    What is given counts first. Without a URL it is found as the command line finds it: by the environment, else by
    ``run.json`` and ``admin.key`` of the data directory.

    Raises:
        ServiceNotFoundError: something is missing.

    """
    if url is not None:
        # The admin key of a service on this machine is not for whoever answers at an address that was typed.
        key = key or os.environ.get(KEY_VARIABLE, "")
        if not key:
            raise ServiceNotFoundError("service_not_found", _NO_KEY)
        return url, key
    # What finds a local service needs the settings; a script with URL and key doesn't wait for them.
    from pydantic import ValidationError

    from clickledger.service import whereabouts
    from kernel.errors import ClickledgerError
    from kernel.settings import Settings, explain

    try:
        chosen = Settings()
    except ValidationError as why:
        raise ServiceNotFoundError("service_not_found", explain(why)) from why
    if data_dir is not None:
        chosen = chosen.model_copy(update={"data_dir": Path(data_dir)})
    try:
        found, found_key = whereabouts(chosen, environment={} if data_dir is not None else os.environ)
    except ClickledgerError as why:
        raise ServiceNotFoundError(why.kind.code, why.message) from why
    return found, key or found_key

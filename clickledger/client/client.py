"""The client: one method for each question, each answered with types.

Everything that is refused is a ``ClientError``. Nothing is asked again by itself: a script knows what is worth it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx2

from clickledger.client.connection import Connection, PathLike, find
from clickledger.client.events import EventQuestions
from clickledger.client.reports import ReportQuestions

TIMEOUT_S = 120.0
"""Longer than any report may run."""


class Client(ReportQuestions, EventQuestions):
    """A service's reports, logs and exports, seen with one key. May be used in a ``with`` block."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        data_dir: PathLike | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Address a service; nothing is asked yet.

        Args:
            url: Its web role; None: ``CLICKLEDGER_WEB_URL``, else what runs in the data directory.
            key: API key; None: ``CLICKLEDGER_API_KEY``, else the admin key of the data directory, which is sent to
                no address that was given as ``url``.
            data_dir: The data directory of a service on this machine; None: ``CLICKLEDGER_DATA_DIR``, else
                ``./clickledger-data``.
            timeout_s: How long to wait for an answer.
            transport: For tests: an app instead of a network.

        Raises:
            ServiceNotFoundError: nothing says where the service is, or with which key to ask.

        """
        found, found_key = find(url, key, data_dir)
        self.connection = Connection(found, found_key, timeout_s, transport)

    @property
    def url(self) -> str:
        """The service's address."""
        return self.connection.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self.connection.close()

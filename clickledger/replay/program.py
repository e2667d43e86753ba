"""Makes the partners and offers a log speaks of, through the admin API, and keeps their ids.

Invariants: asking twice changes nothing; when ``ensure`` returns, every name of the log has an id and
``version`` is the snapshot that knows them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any, Protocol

from clickledger.replay.survey import Survey
from tracker.intake import LogRow
from tracker.intake.errors import LOG_UNREADABLE

ENSURE_PATH = "/api/v1/programs/ensure"
PROGRAM_PATH = "/api/v1/program"
ADVERTISER = "replayed-logs"
DESTINATION_PREFIX = "https://advertiser.example/app?cid="
DESTINATION = DESTINATION_PREFIX + "{click_id}"
"""Never followed: the replay reads the click id from the redirect, where a landing page would."""
PAYOUT = "0.50"
REVENUE = "0.80"
"""A log has no money; a plain app install's price lets reports show some."""
NAMES_PER_REQUEST = 1_000
"""Keeps a request's body well below the admin API's limit of 1 MiB."""


class AdminApi(Protocol):
    """What the replay needs of the service."""

    def get(self, path: str, params: dict[str, Any] | None = None) -> Any:
        """Return the JSON answer of a GET."""

    def post(self, path: str, json: Any) -> Any:
        """Return the JSON answer of a POST."""


@dataclass(frozen=True, slots=True)
class Ids:
    """Which partner and offer a row belongs to."""

    partner_id: int
    offer_id: int


@dataclass(slots=True)
class Program:
    """The ids of a log's names."""

    advertiser_id: int = 0
    partners: dict[str, int] = field(default_factory=dict)
    offers: dict[str, int] = field(default_factory=dict)
    version: int = 0
    """The snapshot version that holds them all."""

    def ids(self, row: LogRow) -> Ids:
        """Return a row's ids.

        Raises:
            ClickledgerError: the log changed since its survey and names someone new.

        """
        try:
            return Ids(self.partners[row.partner], self.offers[row.offer])
        except KeyError as name:
            raise LOG_UNREADABLE.error(
                f"The file changed while it was read: line {row.line} names {name} for the first time."
            ) from name


def ensure(service: AdminApi, found: Survey) -> Program:
    """Make or find the partners and offers of a log.

    Raises:
        ClickledgerError: the service refused or can't be reached.

    """
    program = Program()
    for partners, offers in zip_longest(_chunks(found.partners), _chunks(found.offers), fillvalue=()):
        answer = service.post(
            ENSURE_PATH,
            {
                "advertisers": [{"name": ADVERTISER}],
                "partners": [{"name": name} for name in partners],
                "offers": [_offer(name) for name in offers],
            },
        )
        program.advertiser_id = answer["advertisers"][ADVERTISER]
        program.partners.update(answer["partners"])
        program.offers.update(answer["offers"])
    # Asked last, so it is not older than what was just made.
    program.version = service.get(PROGRAM_PATH)["version"]
    return program


def _offer(name: str) -> dict[str, str]:
    return {
        "name": name,
        "advertiser": ADVERTISER,
        "destination": DESTINATION,
        "payout": PAYOUT,
        "revenue": REVENUE,
    }


def _chunks(names: dict[str, None]) -> Iterator[Sequence[str]]:
    remaining = iter(names)
    while chunk := tuple(islice(remaining, NAMES_PER_REQUEST)):
        yield chunk

"""Reads back what the service thinks of simulated events, through the API that anybody asks.

Invariant: an event is matched with its truth by its click id (and transaction id), which the simulation alone
connects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from clickledger.simulation.program import AdminApi, Program
from clickledger.simulation.requests import transaction_id
from fraud.simulation import Judged, Plan, SimulatedConversion

PAGE: Final = 1_000
_CLICK_COLUMNS: Final = "ts,click_id,verdict,fraud_reasons"
_CONVERSION_COLUMNS: Final = "ts,click_id,txn_id,verdict,fraud_reasons"


def read(
    service: AdminApi,
    program: Program,
    plan: Plan,
    click_ids: Mapping[int, str],
    conversions: Sequence[SimulatedConversion],
    span_ms: tuple[int, int],
    on_read: Callable[[int], None] = lambda _: None,
) -> tuple[list[Judged], int]:
    """Read the verdicts of a simulation's events.

    Args:
        service: The admin API.
        program: The simulation's ids.
        plan: The events and the truth about them.
        click_ids: The clicks that were sent, by number.
        conversions: The conversions that were sent.
        span_ms: First and last millisecond of all events, since 1970.
        on_read: Told how many events are found so far.

    Returns:
        The events found, and how many are missing.

    Raises:
        ClickledgerError: the service refused or can't be reached.

    """
    numbers = {click_id: number for number, click_id in click_ids.items()}
    sold = {(click_ids[one.click], transaction_id(one, program)): one for one in conversions}
    expected = len(numbers) + len(sold)
    found: list[Judged] = []
    for row in _rows(service, "clicks", _CLICK_COLUMNS, program, span_ms):
        number = numbers.pop(row["click_id"], None)
        if number is not None:
            click = plan.clicks[number]
            found.append(Judged(click.scenario, click.partner, "clicks", row["verdict"], row["fraud_reasons"]))
            on_read(len(found))
    for row in _rows(service, "conversions", _CONVERSION_COLUMNS, program, span_ms):
        conversion = sold.pop((row["click_id"], row["txn_id"]), None)
        if conversion is not None:
            partner = plan.clicks[conversion.click].partner
            found.append(Judged(conversion.scenario, partner, "conversions", row["verdict"], row["fraud_reasons"]))
            on_read(len(found))
    return found, expected - len(found)


def _rows(
    service: AdminApi, table: str, columns: str, program: Program, span_ms: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a log, page by page."""
    asked = {
        "from": _moment(span_ms[0]),
        "to": _moment(span_ms[1] + 1000),
        "filter": f"advertiser_id={program.advertiser_id}",
        "columns": columns,
        "limit": PAGE,
    }
    while True:
        page = service.get(f"/api/v1/logs/{table}", asked)
        yield from page["items"]
        if not page["next_cursor"]:
            return
        asked["cursor"] = page["next_cursor"]


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).isoformat()

"""What commands over the past share: waiting for a run's end, and showing what it would change."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from clickledger.service import Service
from fraud.past.span import FIRST_DAY, LAST_DAY
from kernel.errors import ErrorKind

POLL_SECONDS = 0.2
_BUSY = frozenset({"computing", "applying", "committed"})

PAST_DAY_UNREADABLE = ErrorKind(
    "past_day_unreadable",
    400,
    "info",
    "Write a UTC day from 2000 to 2099 as YYYY-MM-DD, with no time and no zone.",
)
RUN_FAILED = ErrorKind("run_failed", 500, "error", "It came to no end; the message says why.")
ERRORS = {kind.code: kind for kind in (PAST_DAY_UNREADABLE, RUN_FAILED)}


def parse_day(text: str) -> date:
    """Return a day as it was written.

    Raises:
        ClickledgerError: ``past_day_unreadable``.

    """
    try:
        day = date.fromisoformat(text)
    except ValueError as why:
        raise PAST_DAY_UNREADABLE.error(f"'{text[:40]}' is no day. {PAST_DAY_UNREADABLE.advice}") from why
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PAST_DAY_UNREADABLE.error(f"'{text[:40]}' is too far. {PAST_DAY_UNREADABLE.advice}")
    return day


def await_end(service: Service, record: dict[str, Any], done: str) -> dict[str, Any]:
    """Ask again and again until a run is over; shows how far it is on a terminal.

    Raises:
        ClickledgerError: ``run_failed``, or what the service refuses.

    """
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"Events {done}", total=None)
        while record["state"] in _BUSY:
            time.sleep(POLL_SECONDS)
            record = service.get(f"/api/v1/fraud/rescorings/{record['id']}")
            if record["state"] == "computing":
                progress.update(bar, total=record["progress"]["events"], completed=record["progress"]["judged"])
    if record["state"] == "failed" or record["problem"]:
        raise RUN_FAILED.error(record["problem"] or "It was stopped.")
    return record


def print_difference(record: Mapping[str, Any]) -> None:
    """Show what a run would change."""
    found = record["difference"]
    console = Console(width=115, soft_wrap=True)
    model = f", model {record['model_version']}" if record["model_version"] else ", no model"
    verdicts = sum(one["events"] for one in found["moved"])
    events = record["progress"]["events"]
    told = [
        f"{events:,} clicks and impressions judged under rules {record['rules_version']}{model}",
        f"{f'{verdicts:,}' if verdicts else 'no'} {'verdicts' if verdicts > 1 else 'verdict'} would change",
    ]
    if stored := ", ".join(f"{number:,} {kind}s" for kind, number in sorted(record["changed"].items())):
        told.append(f"stored otherwise, with versions and scores: {stored}")
    console.print("; ".join(told))
    for kind, told in found["verdicts"].items():
        _print_counts(console, f"{kind}s by verdict", told["before"], told["after"])
    reasons = {one["reason"]: one for one in found["reasons"]}
    if reasons:
        before, after = ({code: one[when] for code, one in reasons.items()} for when in ("before", "after"))
        _print_counts(console, "reasons", before, after)
    _print_money(console, found)
    _print_partners(console, found["partners"])


def _print_counts(console: Console, title: str, before: Mapping[str, int], after: Mapping[str, int]) -> None:
    if not before and not after:
        return
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in ("before", "after", "difference"):
        table.add_column(heading, justify="right")
    for name in sorted({*before, *after}):
        was, now = before.get(name, 0), after.get(name, 0)
        table.add_row(name, f"{was:,}", f"{now:,}", f"{now - was:+,}" if now != was else "")
    console.print(table)


def _print_money(console: Console, found: Mapping[str, Any]) -> None:
    for one in found["money"]:
        console.print(
            f"{one['currency']}: payout of clicks and impressions {one['payout_before']} -> {one['payout_after']} "
            f"({one['payout_difference']:+}), revenue {one['revenue_before']} -> {one['revenue_after']} "
            f"({one['revenue_difference']:+})"
        )
    if not found["money"]:
        console.print("No click or impression of these days earns by itself: no payout changes by a verdict.")
    for one in found["conversions"]:
        console.print(
            f"{one['currency']}: {one['conversions']:,} approved or pending conversions with payout "
            f"{one['payout']} would go from {one['before']} to {one['after']}; their status stays"
        )
    for one in found["followed"]:
        console.print(
            f"{one['currency']}: the rules would {one['action']} {one['conversions']:,} approved or pending "
            f"conversions with payout {one['payout']} and revenue {one['revenue']}, had they come now"
        )


def _print_partners(console: Console, partners: list[dict[str, Any]]) -> None:
    moved = [one for one in partners if one["no_longer_valid"] or one["valid_again"] or one["money"]]
    if not moved:
        return
    table = Table(title="partners", title_justify="left")
    for heading in ("partner", "no longer valid", "valid again", "payout"):
        table.add_column(heading, justify="right")
    for one in moved:
        money = ", ".join(f"{sums['payout_difference']:+} {sums['currency']}" for sums in one["money"])
        table.add_row(str(one["partner_id"]), f"{one['no_longer_valid']:,}", f"{one['valid_again']:,}", money)
    console.print(table)

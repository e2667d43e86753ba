"""What several pages about fraud ask: names to pick from, reports of a range, and answers that may not be there.

Invariant: a list to pick from is bounded; where a program has more, an id is typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from kernel.errors import ClickledgerError
from reports.web.visit import Visit

MOST_TO_PICK: Final = 1000
"""Names of one list: the API's largest page."""

Row = dict[str, Any]


async def names(visit: Visit, of: str) -> dict[int, str]:
    """Return the names of partners or offers by id, the first thousand of the alphabet.

    Args:
        visit: Who asks.
        of: partners or offers.

    """
    if not visit.may("program:read"):
        return {}
    found = await visit.api.get(f"/api/v1/{of}", sort="name", limit=MOST_TO_PICK)
    return {one["id"]: one["name"] for one in found["items"]}


async def people(visit: Visit) -> Callable[[str], str]:
    """Return what tells the name of somebody known as user:3, and leaves others as they are."""
    who = visit.who
    known = {who.actor: "you"} if who and who.actor.startswith("user:") else {}
    if visit.may("users:read"):
        found = await visit.api.get("/api/v1/users", limit=MOST_TO_PICK)
        known |= {f"user:{one['id']}": one["name"] for one in found["items"]}
    return lambda actor: known.get(actor, actor)


def named(known: Mapping[int, str], word: str, entry_id: int | None) -> str:
    """Return a name, or what to call an entry whose name isn't at hand; '' for none."""
    return known.get(entry_id, f"{word} {entry_id}") if entry_id else ""


def to_pick(known: Mapping[int, str], anybody: str) -> list[tuple[str, str]] | None:
    """Return the choices of a field; None where there are too many and an id is to be typed."""
    if len(known) >= MOST_TO_PICK:
        return None
    return [("", anybody), *((str(one), f"{name} ({one})") for one, name in known.items())]


async def report(
    visit: Visit, of: Mapping[str, Any], by: Iterable[str], metrics: Iterable[str], **more: Any
) -> Row:
    """Return a report's answer.

    Args:
        visit: Who asks.
        of: The range, as ``Period.query`` has it.
        by: Dimensions.
        metrics: Metrics.
        more: Anything else of a query: filters, sort, limit.

    """
    asked = {**of, "dimensions": [*by], "metrics": [*metrics], **more}
    answer: Row = await visit.api.send("POST", "/api/v1/reports/query", asked)
    return answer


async def unless(code: str, asked: Awaitable[Any]) -> Any:
    """Return an answer, or None where it is refused with this code: nothing is there yet."""
    try:
        return await asked
    except ClickledgerError as why:
        if why.kind.code != code:
            raise
        return None


def whole(text: str) -> int | None:
    """Return a positive whole number out of a form or an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 10 and int(text) else None


def number_or_text(text: str) -> int | str | None:
    """Return a form's number as one, None for nothing; what is none is left for the API to refuse."""
    text = text.strip()
    return (whole(text) or text) if text else None

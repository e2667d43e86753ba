"""The values attributes have at present, for the pickers of a form.

Whoever sees everything is offered every value the program has; a partner or an advertiser those of what is in
its own rows of the last months. Invariants: a value of somebody else's is never offered; lists are bounded and
sorted; while the event store is away, a limited caller is offered nothing rather than refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from kernel.auth import Principal
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.settings import Settings
from reports.execute import Readers, execute
from reports.names import Attributes, Names
from reports.pickers.sql import ids_present
from reports.registry import Dimension
from reports.scope import is_unlimited

MAX_VALUES = 1000
"""Values of one dimension; more are typed, not picked."""

LOOKED_BACK = timedelta(days=90)
"""How old rows may be whose values a limited caller is offered."""


def values(
    dimensions: Iterable[Dimension], who: Principal, *, names: Names, readers: Readers, chosen: Settings
) -> dict[str, list[str]]:
    """Return the values of every attribute by dimension, at most ``MAX_VALUES`` each, sorted."""
    attributes = {d: d.attribute for d in dimensions if d.attribute is not None}
    known = {d: names.attributes(attribute.kind) for d, attribute in attributes.items()}
    if is_unlimited(who):
        return {d.name: _offered(given.values()) for d, given in known.items()}
    present = _present(list(known), who, readers, chosen)
    return {d.name: _offered(_of(given, present.get(d.columns[0], ()))) for d, given in known.items()}


def _offered(given: Iterable[tuple[str, ...]]) -> list[str]:
    return sorted({value for several in given for value in several})[:MAX_VALUES]


def _of(given: Attributes, ids: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """Return the values of some ids, which may be texts that are none of the program's."""
    by_text = {str(one): several for one, several in given.items()}
    return (by_text[one] for one in ids if one in by_text)


def _present(
    attributes: list[Dimension], who: Principal, readers: Readers, chosen: Settings
) -> dict[str, list[str]]:
    """Return the ids in the caller's rows by column; nothing if the event store doesn't answer."""
    since = datetime.now(UTC) - LOOKED_BACK
    asked = {d.columns[0]: ids_present(d, who, since) for d in attributes}
    try:
        answers = execute(list(asked.values()), readers, chosen)
    except ClickledgerError as why:
        log("reports").warning("pickers_are_empty", why=why.message)
        return {}
    return {column: [row[0] for row in found.rows] for column, found in zip(asked, answers, strict=True)}

"""What each role sees beside its own rows: the network's margin and notes are nobody's business but its own.

A partner sees what it earns and not what the advertiser pays; an advertiser sees what it pays and not what
the partner earns or spent. Managers, and tags of partners, are the network's own; an offer's category and
tags are everybody's who has rows of it, and a partner sees its own tier: as the API of the program has it.
Whom one deals with through the network only has a number and no name.

Invariants: money is decided by the parts a metric is made of, so a new metric over hidden money is hidden
too; exports follow the same rule by column; a hidden name can't be found out by filtering or sorting either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kernel.auth import Principal
from kernel.clickhouse.columns import Column
from kernel.hidden_money import hidden_money
from reports.errors import DIMENSION_HIDDEN, METRIC_HIDDEN
from reports.names import Attributes, Names, Rates
from reports.registry import Dimension, Metric

_HIDDEN_PARTS: dict[str, frozenset[str]] = {
    "partner": frozenset({"approved_revenue", "pending_revenue"}),
    "advertiser": frozenset({"approved_payout", "pending_payout", "held_payout", "rejected_payout", "cost"}),
}
_MANAGERS = frozenset({"partner_manager", "advertiser_manager", "account_manager"})
_HIDDEN_DIMENSIONS: dict[str, frozenset[str]] = {
    "partner": _MANAGERS | {"partner_tag"},
    "advertiser": _MANAGERS | {"partner_tag", "partner_tier"},
}
_HIDDEN_NAMES: dict[str, frozenset[str]] = {
    "partner": frozenset({"advertiser"}),
    "advertiser": frozenset({"partner", "link", "smart_link"}),
}
_NOTHING: frozenset[str] = frozenset()


def sees_metric(who: Principal | None, metric: Metric) -> bool:
    """Return whether a caller may know a metric."""
    return all(sees_part(who, part) for part in metric.parts)


def sees_part(who: Principal | None, part: str) -> bool:
    """Return whether a caller may know what metrics are made of."""
    return who is None or part not in _HIDDEN_PARTS.get(who.role, _NOTHING)


def sees_dimension(who: Principal | None, dimension: Dimension) -> bool:
    """Return whether a caller may slice or filter by a dimension."""
    return who is None or dimension.name not in _HIDDEN_DIMENSIONS.get(who.role, _NOTHING)


def sees_column(who: Principal, column: Column) -> bool:
    """Return whether a caller may have a column exported."""
    return column.name not in hidden_money(who.role)


def refuse_hidden(who: Principal | None, metrics: Iterable[Metric], dimensions: Iterable[Dimension] = ()) -> None:
    """Refuse a query that shows, filters or sorts by what the caller may not know.

    Raises:
        ClickledgerError: ``metric_hidden`` or ``dimension_hidden``.

    """
    for metric in metrics:
        if not sees_metric(who, metric):
            raise METRIC_HIDDEN.error(
                f"'{metric.name}' is made of money that your role doesn't see; leave it out.", name=metric.name
            )
    for dimension in dimensions:
        if not sees_dimension(who, dimension):
            raise DIMENSION_HIDDEN.error(
                f"'{dimension.name}' is the network's own and your role doesn't see it; leave it out.",
                name=dimension.name,
            )


def seen_by(who: Principal | None, names: Names) -> Names:
    """Return the directory as a caller may know it while one report is made.

    Whose names it doesn't see are shown by number. Attributes stay as they were when first asked for, so that
    every part of a report has the same.
    """
    return _Seen(names, hidden_names(who))


def hidden_names(who: Principal | None) -> frozenset[str]:
    """Return the kinds of which a caller sees numbers and no names."""
    return _NOTHING if who is None else _HIDDEN_NAMES.get(who.role, _NOTHING)


class _Seen:
    """A directory without the names of some kinds, for one report."""

    def __init__(self, names: Names, hidden: Collection[str]) -> None:
        self._names, self._hidden = names, hidden
        self._attributes: dict[str, Attributes] = {}

    def of(self, kind: str, ids: Collection[int]) -> dict[int, str]:
        """Return the names of these ids; none of a hidden kind."""
        return {} if kind in self._hidden else self._names.of(kind, ids)

    def ids(self, kind: str, text: str) -> list[int]:
        """Return the ids whose name is ``text``; none of a hidden kind."""
        return [] if kind in self._hidden else self._names.ids(kind, text)

    def all(self, kind: str) -> dict[int, str]:
        """Return every id with its name; none of a hidden kind."""
        return {} if kind in self._hidden else self._names.all(kind)

    def attributes(self, kind: str) -> Attributes:
        """Return the values of every id that has one; ``refuse_hidden`` has seen to whether they may be used."""
        if kind not in self._attributes:
            self._attributes[kind] = self._names.attributes(kind)
        return self._attributes[kind]

    def rates(self) -> tuple[str, Rates]:
        """Return the base currency and the dated rates."""
        return self._names.rates()

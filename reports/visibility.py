"""Which money each role sees: the network's margin is nobody's business but the network's.

A partner sees what it earns and not what the advertiser pays; an advertiser sees what it pays and not what
the partner earns or spent. Invariants: it is decided by the parts a metric is made of, so a new metric over
hidden money is hidden too; exports follow the same rule by column.
"""

from __future__ import annotations

from kernel.auth import Principal
from kernel.clickhouse.columns import Column
from reports.errors import METRIC_HIDDEN
from reports.registry import Metric

_HIDDEN_PARTS: dict[str, frozenset[str]] = {
    "partner": frozenset({"approved_revenue", "pending_revenue"}),
    "advertiser": frozenset({"approved_payout", "pending_payout", "held_payout", "rejected_payout", "cost"}),
}
_HIDDEN_COLUMNS: dict[str, frozenset[str]] = {
    "partner": frozenset({"revenue"}),
    "advertiser": frozenset({"payout", "cost", "cost_currency"}),
}
_NOTHING: frozenset[str] = frozenset()


def sees_metric(who: Principal | None, metric: Metric) -> bool:
    """Return whether a caller may know a metric."""
    return who is None or not (_HIDDEN_PARTS.get(who.role, _NOTHING) & set(metric.parts))


def sees_column(who: Principal, column: Column) -> bool:
    """Return whether a caller may have a column exported."""
    return column.name not in _HIDDEN_COLUMNS.get(who.role, _NOTHING)


def refuse_hidden(who: Principal | None, metrics: tuple[Metric, ...]) -> None:
    """Refuse a query that shows, filters or sorts by money the caller may not know.

    Raises:
        ClickledgerError: ``metric_hidden``.

    """
    for metric in metrics:
        if not sees_metric(who, metric):
            raise METRIC_HIDDEN.error(
                f"'{metric.name}' is made of money that your role doesn't see; leave it out.", name=metric.name
            )

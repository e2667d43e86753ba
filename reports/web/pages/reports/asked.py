"""What the report builder is asked: its whole state, as an address, the API and saved reports have it.

``/reports?by=offer,day&metrics=clicks,cr&range=last7&where=country=DE&sort=-cr`` is all there is: a link shows
the same to somebody else, as far as they may see it. Invariant: two states that show
something else have different addresses, and ``reading`` has the state of an address again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from reports import shell
from reports.web.pages.reports import conditions, ranges
from reports.web.pages.reports.catalog import Catalog
from reports.web.pages.reports.conditions import Condition
from reports.web.pages.reports.ranges import Range

PATH: Final = "/reports"
DEFAULT_LIMIT: Final = 100
LIMITS: Final = (25, 50, 100, 250, 500, 1000)
DEFAULT_COLUMNS: Final = 10
NO_CHART: Final = "none"
_SAFE: Final = ",=<>!~:;@|()*/"
"""Signs that stand as they are in the address, so that people can read it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The builder's state."""

    by: tuple[str, ...] = ("day",)
    metrics: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    over: Range = field(default_factory=Range)
    zone: str = "UTC"
    compare: str = ""
    """previous_period, previous_year, FIRST..LAST or ''."""
    sort: tuple[str, ...] = ()
    """Names, the first the most important; with - before those that go downwards."""
    limit: int = DEFAULT_LIMIT
    page: int = 1
    pivot: str = ""
    columns: int = DEFAULT_COLUMNS
    money: str = ""
    """earned, or '' for expected."""
    currency: str = ""
    fill: bool = False
    formulas: tuple[str, ...] = ()
    """Metrics of this report alone, as NAME:UNIT=FORMULA."""
    chart: tuple[str, ...] = ()
    """Metrics that are drawn; empty for the first one, ``none`` for no chart."""
    drill: bool = False
    """Somebody looked into a row: offer what to take it apart by."""
    saved: int = 0
    """Id of the saved report that it began as; 0 for none."""

    @property
    def own(self) -> tuple[str, ...]:
        """Names of this report's own formulas."""
        return tuple(one.partition("=")[0].partition(":")[0].strip() for one in self.formulas)

    @property
    def is_charted(self) -> bool:
        """Whether there is a chart."""
        return self.chart != (NO_CHART,)

    def sortable(self, *, is_compared: bool) -> set[str]:
        """Return what the rows can be sorted by."""
        columns = {*self.by, *(f"{name}_id" for name in self.by), *self.metrics}
        if is_compared:
            columns |= {f"{name}_{end}" for name in self.metrics for end in ("before", "change")}
        return columns

    def params(self, **changed: Any) -> dict[str, str | list[str]]:
        """Return the parameters of the address; what is as usual is left out."""
        at = replace(self, **changed) if changed else self
        given: dict[str, str | list[str]] = {"by": ",".join(at.by), "metrics": ",".join(at.metrics)}
        given |= at.over.params()
        given |= {"where": conditions.written(at.where), "zone": at.zone, "compare": at.compare}
        given |= {"sort": ",".join(at.sort), "pivot": at.pivot, "money": at.money, "currency": at.currency}
        given |= {"formula": list(at.formulas), "chart": ",".join(at.chart)}
        if at.limit != DEFAULT_LIMIT:
            given["limit"] = str(at.limit)
        if at.page > 1:
            given["page"] = str(at.page)
        if at.columns != DEFAULT_COLUMNS:
            given["columns"] = str(at.columns)
        if at.fill:
            given["fill"] = "yes"
        if at.drill:
            given["drill"] = "yes"
        if at.saved:
            given["saved"] = str(at.saved)
        # No metrics at all is something else than none said.
        return {name: value for name, value in given.items() if value or name == "metrics"}

    def query_string(self, **changed: Any) -> str:
        """Return the address's query, for people to read."""
        given = self.params(**changed).items()
        pairs = [(name, one) for name, value in given for one in ([value] if isinstance(value, str) else value)]
        return "&".join(f"{name}={quote(value, safe=_SAFE)}" for name, value in pairs)

    def address(self, path: str = PATH, **changed: Any) -> str:
        """Return the address of this state, or of it changed; what is changed begins at its first page."""
        if changed:
            changed = {"page": 1, "drill": False} | changed
        return f"{path}?{self.query_string(**changed)}"

    def query(self, known: Catalog) -> dict[str, Any]:
        """Return the report as POST /api/v1/reports/query takes it.

        Raises:
            shell.ConditionError: a formula or what to compare with can't be read.

        """
        asked = self._whole(known) | self.over.ends(self.zone)
        if self.limit:
            asked["limit"] = self.limit
        if self.page > 1:
            asked["offset"] = (self.page - 1) * self.limit
        return asked | {"totals": bool(self.by)}

    def kept(self, known: Catalog) -> dict[str, Any]:
        """Return the report as a saved report keeps it.

        Raises:
            shell.ConditionError: as ``query``.

        """
        usual = self.limit == DEFAULT_LIMIT
        more: dict[str, Any] = {"totals": bool(self.by)} | ({} if usual else {"limit": self.limit})
        return self._whole(known) | self.over.kept() | more

    def _whole(self, known: Catalog) -> dict[str, Any]:
        """Return what makes the report, without when and how much of it."""
        asked: dict[str, Any] = {
            "timezone": self.zone,
            "dimensions": list(self.by),
            "metrics": list(self.metrics),
            "filters": conditions.as_query(self.where, (*known.measured(self.own),)),
            "sort": shell.sorting(",".join(self.sort)),
        }
        if self.compare:
            window = shell.comparison(self.compare)
            asked["compare"] = window if isinstance(window, str) else _window(window)
        if self.pivot:
            asked |= {"pivot": self.pivot, "pivot_limit": self.columns}
        if self.money:
            asked["money"] = self.money
        if self.currency:
            asked["currency"] = self.currency
        if self.fill:
            asked["fill"] = True
        if self.formulas:
            asked["formulas"] = shell.formulas(self.formulas)
        return asked


def of_saved(query: Mapping[str, Any]) -> Asked:
    """Return the state that shows what a saved report's query shows."""
    compare = query.get("compare") or ""
    if isinstance(compare, Mapping):
        window = ranges.of_query(dict(compare))
        compare = f"{window.start}..{window.end}"
    formulas = (f"{one['name']}:{one.get('unit', 'number')}={one['formula']}" for one in query.get("formulas", ()))
    return Asked(
        by=tuple(query.get("dimensions", ())),
        metrics=tuple(query.get("metrics", ())),
        where=tuple(conditions.of_query(query.get("filters", ()))),
        over=ranges.of_query(dict(query)),
        zone=str(query.get("timezone", "UTC")),
        compare=str(compare),
        sort=tuple(f"-{one['by']}" if one.get("desc") else str(one["by"]) for one in query.get("sort", ())),
        limit=int(query.get("limit") or DEFAULT_LIMIT),
        pivot=str(query.get("pivot") or ""),
        columns=int(query.get("pivot_limit") or DEFAULT_COLUMNS),
        money="earned" if query.get("money") == "earned" else "",
        currency=str(query.get("currency") or ""),
        fill=bool(query.get("fill")),
        formulas=tuple(formulas),
    )


def _window(window: dict[str, str]) -> dict[str, str]:
    return Range(None, window["from"], window["to"]).ends("UTC")

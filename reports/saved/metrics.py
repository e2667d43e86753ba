"""Custom metrics: kept with a name, checked when they are made, put into the queries that use them.

Who may use one: its owner's role, of a partner or an advertiser only its own people. Invariants: a custom metric
is a formula over the metrics of the registry, so whoever doesn't see the money it is made of doesn't see it
either; a metric of the registry is never hidden by a custom one; a name a query defines itself counts first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from kernel.auth import Principal
from kernel.errors import CONFLICT, ClickledgerError
from kernel.sql import Sessions
from partners import service
from partners.models import CustomMetric, Owned
from partners.resources import Caller
from partners.resources.work import need_match
from reports.errors import UNKNOWN_METRIC, unknown
from reports.measures import stem_of
from reports.names import Names
from reports.query import Query
from reports.registry import DIMENSIONS, METRICS, PARTS, Metric
from reports.registry.custom import custom
from reports.registry.metrics import Unit
from reports.saved import entries
from reports.saved.owners import owned_by, same_side
from reports.saved.schemas import MetricChange, MetricCreate
from reports.validate import validate
from reports.visibility import refuse_hidden

Asking = TypeVar("Asking", bound=Query)
"""A query, or a body that has more to say beside it."""

_ANY_WEEK = {"from": "2026-01-01", "to": "2026-01-08"}


def usable(who: Principal) -> ColumnElement[bool]:
    """Return the condition for the metrics somebody may use in queries."""
    return and_(CustomMetric.role == who.role, same_side(CustomMetric, who))


def readable(who: Principal) -> ColumnElement[bool]:
    """Return the condition for the metrics somebody may look at."""
    return or_(usable(who), owned_by(CustomMetric, who))


def create(session: Session, wanted: MetricCreate, caller: Caller, names: Names) -> CustomMetric:
    """Make a metric.

    Raises:
        ClickledgerError: ``conflict``, ``too_many_saved``, or what makes the formula none.

    """
    service.the_program(session, to_change=True)
    if wanted.name in METRICS or wanted.name in DIMENSIONS or wanted.name in PARTS:
        raise CONFLICT.error(f"{wanted.name!r} is the name of something every report knows; choose another.")
    taken = session.scalar(
        select(CustomMetric.id).where(usable(caller.who), CustomMetric.name == wanted.name).limit(1)
    )
    entries.refuse_taken(taken, wanted.name, "custom metric")
    check(wanted.name, wanted.formula, wanted.unit, caller, names)
    return entries.make(session, CustomMetric, wanted.whole(), caller)


def change(
    session: Session, metric_id: int, wanted: MetricChange, caller: Caller, names: Names, if_match: str = ""
) -> CustomMetric:
    """Change a metric.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile``, or what makes the formula none.

    """
    service.the_program(session, to_change=True)
    metric = entries.find(session, CustomMetric, metric_id, owned_by(CustomMetric, caller.who))
    need_match(metric, if_match)
    values = wanted.given()
    check(metric.name, values.get("formula", metric.formula), values.get("unit", metric.unit), caller, names)
    return entries.change(session, metric, values, caller)


def delete(session: Session, metric_id: int, caller: Caller, if_match: str = "") -> None:
    """Delete a metric; reports that use it are refused from then on.

    Raises:
        ClickledgerError: ``not_found`` or ``changed_meanwhile``.

    """
    service.the_program(session, to_change=True)
    metric = entries.find(session, CustomMetric, metric_id, owned_by(CustomMetric, caller.who))
    need_match(metric, if_match)
    entries.delete(session, metric, caller)


def check(name: str, formula: str, unit: Unit, caller: Caller, names: Names) -> None:
    """Refuse a formula that no query of the caller could use.

    Raises:
        ClickledgerError: what a query with it would be refused with.

    """
    query = Query.model_validate(
        {**_ANY_WEEK, "metrics": [name], "formulas": [{"name": name, "formula": formula, "unit": unit}]}
    )
    refuse_hidden(caller.who, validate(query, names, caller.settings).computed)


def with_metrics(session: Session, query: Asking, *owners: Principal | Owned) -> Asking:
    """Return a query with the formulas of the custom metrics that it names.

    Args:
        session: Where they are.
        query: As it was asked.
        owners: Whose metrics may be meant, the first first.

    """
    missing = _missing(query)
    found: dict[str, CustomMetric] = {}
    for owner in owners if missing else ():
        chosen = select(CustomMetric).where(
            CustomMetric.role == owner.role, same_side(CustomMetric, _side(owner)), CustomMetric.name.in_(missing)
        )
        for metric in session.scalars(chosen.order_by(CustomMetric.id)):
            found.setdefault(metric.name, metric)
    _refuse_unknown(session, query, missing - set(found), owners)
    if not found:
        return query
    more = [{"name": m.name, "formula": m.formula, "unit": m.unit} for m in found.values()]
    # Validated anew, so that what was stored long ago meets today's rules.
    asked: dict[str, Any] = query.model_dump(by_alias=True)
    return type(query).model_validate(asked | {"formulas": [*asked["formulas"], *more]})


def usable_metrics(programs: Sessions | None, who: Principal) -> list[Metric]:
    """Return the custom metrics that somebody may use in queries, by name; a formula of other times isn't one.

    Raises:
        ClickledgerError: ``store_away``.

    """
    if programs is None:
        return []
    with programs.reading() as session:
        kept = session.scalars(select(CustomMetric).where(usable(who)).order_by(CustomMetric.name))
        found = []
        for one in kept:
            with contextlib.suppress(ClickledgerError):
                found.append(custom(one.name, one.formula, one.unit, help=one.help))
        return found


def add_custom(programs: Sessions | None, query: Asking, who: Principal) -> Asking:
    """Return a query with the custom metrics that somebody names in it; asks no database when there are none.

    Args:
        programs: The program's database; without one there are no custom metrics.
        query: As it was asked.
        who: Who asks.

    Raises:
        ClickledgerError: ``store_away``.

    """
    if programs is None or not _missing(query):
        return query
    with programs.reading() as session:
        return with_metrics(session, query, who)


def _missing(query: Query) -> set[str]:
    """Return the names that neither the registry nor the query itself defines."""
    defined = {formula.name for formula in query.formulas}
    return {name for name in _names(query) if name not in METRICS and name not in DIMENSIONS} - defined


def _names(query: Query) -> Iterable[str]:
    """Return every name that may be a metric's."""
    yield from query.metrics
    yield from (stem_of(one.metric) for one in query.filters if one.metric is not None)
    yield from (stem_of(one.by) for one in query.sort)


def _refuse_unknown(
    session: Session, query: Query, unknown_names: set[str], owners: Sequence[Principal | Owned]
) -> None:
    """Refuse a metric that there is nowhere, with the nearest names, also of custom metrics.

    Raises:
        ClickledgerError: ``unknown_metric``.

    """
    asked = [*query.metrics, *(stem_of(one.metric) for one in query.filters if one.metric is not None)]
    for name in asked:
        if name in unknown_names:
            mine = or_(*(and_(CustomMetric.role == o.role, same_side(CustomMetric, _side(o))) for o in owners))
            kept = session.scalars(select(CustomMetric.name).where(mine).distinct())
            raise unknown(UNKNOWN_METRIC, "metric", name, [*METRICS, *(f.name for f in query.formulas), *kept])


def _side(owner: Principal | Owned) -> Principal:
    return Principal(owner.role, owner.partner_id, owner.advertiser_id)

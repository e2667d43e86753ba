"""A report's whole way, on one screen: validate, plan, compile, execute, present.

Parsing has happened before (``reports.query`` is the shape of the body). Everything here blocks and is
called from a worker thread.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from kernel.auth import Principal
from kernel.settings import Settings
from reports import sql
from reports.execute import Cancellable, Readers, execute
from reports.left_out import sql as left_out_sql
from reports.names import Names
from reports.plan import choose, ranking
from reports.present import present
from reports.query import Query
from reports.validate import validate
from reports.visibility import refuse_hidden, seen_by


def report(
    query: Query,
    who: Principal,
    *,
    names: Names,
    readers: Readers,
    chosen: Settings,
    run: Cancellable | None = None,
) -> dict[str, Any]:
    """Answer a query with the rows its caller may see.

    Rows, totals and what they are compared with are one statement and so of one moment. Before it a pivot finds
    its columns, after it the currencies without a rate are counted: these two may know of other events.

    Args:
        query: What is asked.
        who: The caller; its scope is part of every statement.
        names: The program's names.
        readers: Read-only handles of the event store.
        chosen: The settings: limits and the default currency.
        run: What ends it early; None: nothing but its own limits.

    Raises:
        ClickledgerError: the query can't be answered; ``reports.errors`` lists why.

    """
    started = time.perf_counter()
    names = seen_by(who, names)
    asked = validate(query, names, chosen)
    refuse_hidden(who, asked.computed, asked.sliced)
    plan = choose(asked, who)

    ranked = None
    if asked.pivot is not None:
        (ranked,) = execute([sql.rows(ranking(asked, asked.pivot, who), who, names)], readers, chosen, run)
        plan = replace(plan, columns=tuple(_text(row[0]) for row in ranked.rows[: asked.pivot_limit]))

    questions = [sql.rows(plan, who, names)]
    if plan.conversion_currencies:
        questions.append(left_out_sql.has_other_currencies(plan, who, names))
    rows, *left_out = execute(questions, readers, chosen, run)
    if any(found.rows for found in left_out):
        left_out = execute([left_out_sql.other_currencies(plan, who, names)], readers, chosen, run)
    return present(
        plan,
        rows,
        left_out[0] if left_out else None,
        names=names,
        elapsed_s=time.perf_counter() - started,
        ranked=ranked,
    )


def _text(value: str | float | bool) -> str:
    """Return a dimension's value as the store writes it as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)

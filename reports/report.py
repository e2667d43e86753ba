"""A report's whole way, on one screen: validate, plan, compile, execute, present.

Parsing has happened before (``reports.query`` is the shape of the body). Everything here blocks and is
called from a worker thread.
"""

from __future__ import annotations

import time
from typing import Any

from kernel.auth import Principal
from kernel.settings import Settings
from reports import sql
from reports.execute import Readers, execute
from reports.names import Names
from reports.plan import choose
from reports.present import present
from reports.query import Query
from reports.validate import validate
from reports.visibility import refuse_hidden


def report(query: Query, who: Principal, *, names: Names, readers: Readers, chosen: Settings) -> dict[str, Any]:
    """Answer a query with the rows its caller may see.

    Args:
        query: What is asked.
        who: The caller; its scope is part of every statement.
        names: The program's names.
        readers: Read-only handles of the event store.
        chosen: The settings: limits and the default currency.

    Raises:
        ClickledgerError: the query can't be answered; ``reports.errors`` lists why.

    """
    started = time.perf_counter()
    asked = validate(query, names, chosen)
    refuse_hidden(who, asked.computed)
    plan = choose(asked)

    statements = {"rows": sql.rows(plan, who, names)}
    if asked.totals:
        statements["totals"] = sql.totals(plan, who, names)
    if plan.conversion_currencies:
        statements["left_out"] = sql.other_currencies(plan, who, names)

    results = dict(zip(statements, execute(list(statements.values()), readers, chosen), strict=True))
    return present(
        plan,
        results["rows"],
        results.get("totals"),
        results.get("left_out"),
        names=names,
        elapsed_s=time.perf_counter() - started,
    )

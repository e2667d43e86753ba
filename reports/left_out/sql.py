"""SQL that counts, by currency, the conversions whose money a report leaves out.

Most reports leave nothing out, so it is asked first whether there can be any: no state of a conversion in another
currency, no conversion. Invariant: what it finds can only be more than the newest states hold, never less.
"""

from __future__ import annotations

from kernel.auth import Principal
from reports.bindings import Statement
from reports.gathering.sql import Compiler, all_of, read
from reports.names import Names
from reports.plan import Plan, Side
from reports.registry.parts import factor
from reports.shaping import sql as shaping


def has_other_currencies(plan: Plan, who: Principal | None, names: Names) -> Statement:
    """Return the statement that finds whether ``other_currencies`` can find any; without a row it can't.

    It looks at every state of a conversion there is, which takes a fraction of finding the newest ones.
    """
    compiler = Compiler(plan, who, names)
    return compiler.statement(["SELECT 1", *_of_other_currencies(compiler, every_state=True), "LIMIT 1"])


def other_currencies(plan: Plan, who: Principal | None, names: Names) -> Statement:
    """Return the statement that counts, by currency, the conversions whose money the report leaves out."""
    compiler = Compiler(plan, who, names)
    return compiler.statement(
        [
            "SELECT",
            shaping.listed(["other", "count()"]),
            *_of_other_currencies(compiler, every_state=False),
            "GROUP BY other",
            "ORDER BY other",
        ]
    )


def _of_other_currencies(compiler: Compiler, *, every_state: bool) -> list[str]:
    """Return FROM and WHERE: a row for each conversion, or each of its states, and each other currency it has."""
    plan, side = compiler.plan, Side("conversions")
    currencies = plan.conversion_currencies
    is_of_report = " AND ".join(f"{column} = {{currency:String}}" for column in currencies)
    unrated = [f"{factor('other', 'ts')} = 0"] if plan.asked.exchange else []
    return [
        "FROM (",
        *shaping.indented(
            [
                "SELECT",
                shaping.listed([f"arrayJoin(arrayDistinct([{', '.join(currencies)}])) AS other", "ts"]),
                *read(compiler, side, [f"NOT ({is_of_report})"], every_state=every_state),
            ]
        ),
        ")",
        f"WHERE {all_of(['other != {currency:String}', *unrated])}",
    ]

"""The formula language of metrics: names, numbers, + - * / and parentheses, nothing else.

Invariants: a formula reaches SQL only through this parser, node by node; dividing by zero gives null; no
formula can overflow, as sums keep their type and products and quotients are floating-point numbers; one with
an unknown name, a loop or any other syntax is refused, never passed on.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import lru_cache

_SUMS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-"}

MAX_LENGTH = 500
"""Characters; a longer formula is a program."""

MAX_DEPTH = 40
"""Operations within operations: ClickHouse parses ten times that, and metrics within metrics stay below it."""

_EXACT_INT = 2**53
"""Whole numbers a floating-point number tells apart."""

_ECHOED = 64
"""Characters of a wrong formula that are repeated to the caller."""


class FormulaError(ValueError):
    """A formula that isn't one; the message says where."""


def names(formula: str) -> tuple[str, ...]:
    """Return the names a formula uses, in order of appearance, each once."""
    found: dict[str, None] = {}
    for node in ast.walk(_parse(formula)):
        if isinstance(node, ast.Name):
            found[node.id] = None
    return tuple(found)


def render(formula: str, resolve: Callable[[str], str]) -> str:
    """Return the formula as SQL, with ``resolve`` giving the SQL of each name.

    Raises:
        FormulaError: it holds anything but names, numbers, + - * / and parentheses.

    """
    return _render(_parse(formula), resolve)


@lru_cache(maxsize=1024)
def _parse(formula: str) -> ast.expr:
    if len(formula) > MAX_LENGTH:
        raise FormulaError(f"A formula has at most {MAX_LENGTH} characters.")
    if "#" in formula:
        raise FormulaError("A formula has no comments; leave '#' out.")
    try:
        # A line break ends an expression only outside of parentheses; here it is a blank like any other.
        parsed = ast.parse(" ".join(formula.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
        raise FormulaError(
            f"'{formula[:_ECHOED]}' is not a formula; use names of metrics, numbers, + - * / and parentheses."
        ) from why
    level: list[ast.AST] = [parsed]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if not level:
            return parsed
    raise FormulaError(f"A formula is at most {MAX_DEPTH} operations deep; make two of it, or fewer terms.")


def _render(node: ast.expr, resolve: Callable[[str], str]) -> str:
    match node:
        case ast.Name(id=name):
            return resolve(name)
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _number(number)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            # Money is decimal: dividing it as such would cut the quotient at six digits. A quotient needs
            # no parentheses anywhere: sums and products around it bring their own.
            return f"toFloat64({_render(left, resolve)}) / nullIf(toFloat64({_render(right, resolve)}), 0)"
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return f"({_factor(left, resolve)} * {_factor(right, resolve)})"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _SUMS:
            return f"({_render(left, resolve)} {_SUMS[type(operator)]} {_render(right, resolve)})"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{_render(operand, resolve)})"
        case _:
            wrong = ast.unparse(node)[:_ECHOED]
            raise FormulaError(
                f"'{wrong}' can't stand in a formula; use names of metrics, numbers, + - * / and parentheses."
            )


def _factor(node: ast.expr, resolve: Callable[[str], str]) -> str:
    """Return a factor; the product of two decimals would soon have more digits than a decimal holds."""
    rendered = _render(node, resolve)
    is_float = isinstance(node, ast.Constant) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Mult)
    )
    return rendered if is_float else f"toFloat64({rendered})"


def _number(number: float) -> str:
    try:
        as_float = float(number)
    except OverflowError:
        as_float = math.inf
    if not math.isfinite(as_float):
        raise FormulaError("A number in a formula is too large.")
    return repr(number) if isinstance(number, int) and number < _EXACT_INT else repr(as_float)

"""The formula language of metrics: names, numbers, + - * / and parentheses, nothing else.

Invariants: a formula reaches SQL only through this parser, node by node; dividing by zero gives null;
a formula with an unknown name, a loop or any other syntax is refused, never passed on.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}

MAX_LENGTH = 500
"""Characters; a longer formula is a program."""


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


def _parse(formula: str) -> ast.expr:
    if len(formula) > MAX_LENGTH:
        raise FormulaError(f"A formula has at most {MAX_LENGTH} characters.")
    try:
        return ast.parse(formula, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
        raise FormulaError(f"'{formula}' is not a formula.") from why


def _render(node: ast.expr, resolve: Callable[[str], str]) -> str:
    match node:
        case ast.Name(id=name):
            return resolve(name)
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and math.isfinite(
            number
        ):
            return repr(number)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            # Money is decimal: dividing it as such would cut the quotient at six digits. A quotient needs
            # no parentheses anywhere: sums and products around it bring their own.
            return f"toFloat64({_render(left, resolve)}) / nullIf(toFloat64({_render(right, resolve)}), 0)"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return f"({_render(left, resolve)} {_OPERATORS[type(operator)]} {_render(right, resolve)})"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{_render(operand, resolve)})"
        case _:
            raise FormulaError(f"'{ast.unparse(node)}' can't stand in a formula; use names, numbers, + - * /.")

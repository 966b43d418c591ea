"""What expressions of literals alone come to."""

import math

from tap.adql import tree
from tap.adql.tree import Expression, Literal


def constant(value: Expression) -> float | int | None:
    """What a numeric expression of literals alone comes to, with PostgreSQL's integer division."""
    if isinstance(value, Literal):
        return (
            value.value
            if isinstance(value.value, int | float) and not isinstance(value.value, bool)
            else None
        )
    if isinstance(value, tree.Sign):
        inner = constant(value.operand)
        return inner if inner is None or value.sign == "+" else -inner
    if isinstance(value, tree.Chain):
        total = constant(value.first)
        for operator, operand in value.rest:
            right = constant(operand)
            if total is None or right is None:
                return None
            total = _calculated(total, operator, right)
        return total
    return None


def _calculated(left: float | int, operator: str, right: float | int) -> float | int | None:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if operator == "/" else left - right * quotient
    return left / right


def fixed_numbers(*values: Expression) -> tuple[float, ...] | None:
    """The values as numbers when all of them are constant."""
    numbers = [constant(value) for value in values]
    known = tuple(float(n) for n in numbers if n is not None and math.isfinite(n))
    return known if len(known) == len(values) else None

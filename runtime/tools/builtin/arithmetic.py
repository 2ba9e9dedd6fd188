"""Exact arithmetic on what a model writes, with bounds that no expression gets past."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.domain.json import JsonObject
from runtime.tools.decorator import tool
from runtime.tools.tool import Tool

_LONGEST: Final = 1000
_MOST_PARTS: Final = 300
_MOST_BITS: Final = 4000
"""Some 1,200 digits; every intermediate value is held to it before it is computed."""
_DIGITS: Final = 50
"""Of a result that has no end, such as a third."""

_Number = Fraction


def calculate(expression: str) -> JsonObject:
    """Compute an arithmetic expression exactly: 0.1 + 0.2 is 0.3.

    Known are + - * / // % ** and parentheses, and the functions abs, min, max, sum, mean and
    round(value, digits).

    Args:
        expression: Such as (1249.50 * 12) * (1 - 0.05). Write numbers without thousands marks.
    """
    value = _value(_parsed(expression), expression)
    spelled, exact = _spelled(value)
    return {"expression": expression, "result": spelled, "exact": exact}


def _parsed(expression: str) -> ast.expr:
    if len(expression) > _LONGEST:
        raise ToolFailed(f"the expression is longer than {_LONGEST} characters; split it")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ToolFailed(
            f"{expression[:200]!r} is no arithmetic expression; write one such as 12 * (3 + 4.5)"
        ) from error
    if sum(1 for _ in ast.walk(tree)) > _MOST_PARTS:
        raise ToolFailed(f"the expression has more than {_MOST_PARTS} parts; split it")
    return tree


def _value(node: ast.expr, source: str) -> _Number:
    if isinstance(node, ast.Constant):
        return _constant(node, source)
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, source)
        if isinstance(node.op, ast.USub):
            return -operand
        if isinstance(node.op, ast.UAdd):
            return operand
    if isinstance(node, ast.BinOp):
        operation = _OPERATIONS.get(type(node.op))
        if operation is not None:
            return operation(_value(node.left, source), _value(node.right, source))
    if isinstance(node, ast.Call):
        return _call(node, source)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        raise ToolFailed("^ is not known; write ** for a power")
    raise ToolFailed(
        f"{ast.unparse(node)[:80]!r} is not arithmetic; use numbers, + - * / // % ** and ( )"
    )


def _constant(node: ast.Constant, source: str) -> _Number:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise ToolFailed(f"{ast.unparse(node)[:80]!r} is no number; write digits")
    # The text as written: the parser has rounded a decimal already.
    written = ast.get_source_segment(source.strip(), node) or repr(node.value)
    if isinstance(node.value, int):
        return _bounded(Fraction(node.value))
    number = Decimal(written.replace("_", ""))
    if abs(number.adjusted()) > _MOST_BITS // 4:
        raise _too_large()
    return _bounded(Fraction(number))


def _call(node: ast.Call, source: str) -> _Number:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS or node.keywords:
        raise ToolFailed(
            f"{ast.unparse(node.func)[:80]!r} is not known: {', '.join(_FUNCTIONS)} are"
        )
    given: list[ast.expr] = []
    for argument in node.args:
        given += argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]
    values = [_value(argument, source) for argument in given]
    if not values:
        raise ToolFailed(f"{name}() needs at least one number")
    return _bounded(_FUNCTIONS[name](values))


def _power(base: _Number, exponent: _Number) -> _Number:
    if exponent.denominator != 1:
        raise ToolFailed("only whole powers are exact; round the exponent or compute it otherwise")
    power = exponent.numerator
    if base == 0 and power < 0:
        raise _by_zero()
    if base in (0, 1, -1):
        return _Number(base ** (abs(power) % 2 + 2 if power else 0))
    if _bits(base) * abs(power) > _MOST_BITS:
        raise _too_large()
    return base**power


def _divided(left: _Number, right: _Number) -> _Number:
    if right == 0:
        raise _by_zero()
    return left / right


def _whole(left: _Number, right: _Number) -> _Number:
    if right == 0:
        raise _by_zero()
    return Fraction(left // right)


def _rest(left: _Number, right: _Number) -> _Number:
    if right == 0:
        raise _by_zero()
    return left % right


def _bounded(value: _Number) -> _Number:
    if _bits(value) > _MOST_BITS:
        raise _too_large()
    return value


def _bits(value: _Number) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _too_large() -> ToolFailed:
    return ToolFailed("a number in this expression has more than 1,000 digits; use smaller ones")


def _by_zero() -> ToolFailed:
    return ToolFailed("this divides by zero; check the divisor")


def _rounded(values: list[_Number]) -> _Number:
    if len(values) > 2:
        raise ToolFailed("round takes a number and how many digits to keep")
    digits = values[1] if len(values) == 2 else Fraction(0)
    if digits.denominator != 1 or abs(digits.numerator) > 100:
        raise ToolFailed("round keeps a whole number of digits, at most 100")
    # As people round money: a half goes away from zero.
    scale = Fraction(10) ** digits.numerator
    whole = int(abs(values[0]) * scale + Fraction(1, 2))
    return Fraction(whole if values[0] >= 0 else -whole) / scale


def _absolute(values: list[_Number]) -> _Number:
    if len(values) != 1:
        raise ToolFailed("abs takes one number")
    return abs(values[0])


def _total(values: list[_Number]) -> _Number:
    total = Fraction(0)
    for value in values:
        total = _bounded(total + value)
    return total


_OPERATIONS: Final[Mapping[type[ast.operator], Callable[[_Number, _Number], _Number]]] = (
    MappingProxyType(
        {
            ast.Add: lambda left, right: _bounded(left + right),
            ast.Sub: lambda left, right: _bounded(left - right),
            ast.Mult: lambda left, right: _bounded(left * right),
            ast.Div: lambda left, right: _bounded(_divided(left, right)),
            ast.FloorDiv: lambda left, right: _bounded(_whole(left, right)),
            ast.Mod: lambda left, right: _bounded(_rest(left, right)),
            ast.Pow: _power,
        }
    )
)
_FUNCTIONS: Final[Mapping[str, Callable[[list[_Number]], _Number]]] = MappingProxyType(
    {
        "abs": _absolute,
        "min": min,
        "max": max,
        "sum": _total,
        "mean": lambda values: _total(values) / len(values),
        "round": _rounded,
    }
)


def _spelled(value: _Number) -> tuple[str, bool]:
    """Spell a value as a decimal, whole where it ends, else to 50 digits."""
    if value.denominator == 1:
        return str(value.numerator), True
    rest, places = value.denominator, 0
    for factor in (2, 5):
        count = 0
        while rest % factor == 0:
            rest, count = rest // factor, count + 1
        places = max(places, count)
    if rest == 1:
        digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
        sign = "-" if value < 0 else ""
        return f"{sign}{digits[:-places]}.{digits[-places:]}", True
    with localcontext(Context(prec=_DIGITS, rounding=ROUND_HALF_EVEN)):
        return format(Decimal(value.numerator) / Decimal(value.denominator), "f"), False


def arithmetic_tools() -> list[Tool]:
    """Give ``calculate``."""
    return [tool(effect=Effect.READ, timeout_seconds=5)(calculate)]

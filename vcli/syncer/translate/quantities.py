"""Quantities as Kubernetes writes them: ``250m``, ``1536Ki``, ``1e3``. Pure."""

import re
from decimal import ROUND_CEILING, Decimal
from typing import Final

_FORM: Final = re.compile(r"([+-]?[0-9.]+)(?:[eE]([+-]?[0-9]+)|([A-Za-z]*))\Z")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {
    suffix: 1 << (10 * power) for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}
_NANO: Final = Decimal(10**9)


def value(quantity: str) -> Decimal:
    """The number of a quantity.

    Raises:
        ValueError: it is none.
    """
    form = _FORM.match(quantity)
    if form is None:
        raise ValueError(f"not a quantity: {quantity}")
    number, (exponent, suffix) = Decimal(form[1]), form.groups()[1:]
    if exponent is not None:
        return number.scaleb(int(exponent))
    if suffix in _BINARY:
        return number * _BINARY[suffix]
    if suffix not in _DECIMAL:
        raise ValueError(f"not a quantity: {quantity}")
    return number.scaleb(_DECIMAL[suffix])


def nanos(quantity: str) -> int:
    """A quantity of CPU in billionths of a core, rounded up.

    Raises:
        ValueError: it is none.
    """
    return int((value(quantity) * _NANO).to_integral_value(ROUND_CEILING))


def whole(quantity: str) -> int:
    """A quantity in whole units, such as bytes, rounded up.

    Raises:
        ValueError: it is none.
    """
    return int(value(quantity).to_integral_value(ROUND_CEILING))

"""Amounts of resources in values. Pure."""

import re
from decimal import Decimal
from typing import Any, Final

PATTERN: Final = r"^[0-9]+(\.[0-9]+)?([EPTGMk]i?|m)?$"
SHARED: Final = ("cpu", "memory", "ephemeral-storage")
"""What the containers of a control plane can be given a share of."""
_CPU: Final = "cpu"
_POWERS: Final = "kMGTPE"


def units(resource: str, amount: Any) -> int:
    """An amount in whole units, rounded down: thousandths of a CPU, bytes of anything else.

    Raises:
        ValueError: it is no quantity.
    """
    text = "" if isinstance(amount, bool | dict | list) or amount is None else str(amount)
    if not re.fullmatch(PATTERN, text) or (resource != _CPU and text.endswith("m")):
        raise ValueError(f"{amount!r} is not a quantity, such as {'500m' if resource == _CPU else '1Gi'}")
    number, unit = re.fullmatch(r"([0-9.]+)(.*)", text).groups()  # type: ignore[union-attr]
    found = Decimal(number) * (1000 if resource == _CPU else 1)
    if unit == "m":
        found /= 1000
    elif unit:
        found *= (1024 if unit.endswith("i") else 1000) ** (_POWERS.index(unit[0]) + 1)
    return int(found)

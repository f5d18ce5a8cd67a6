"""What came of an attempt. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of an attempt.

    Attributes:
        through: whether it got through; None where that could not be found out.
        text: what was seen, in a few words.
        skipped: it does not apply here, such as without a neighbour.
    """

    through: bool | None
    text: str
    skipped: bool = False


def got_through(text: str) -> Observed:
    """It did what an attacker wants."""
    return Observed(through=True, text=text)


def held(text: str) -> Observed:
    """It was refused, or had no effect."""
    return Observed(through=False, text=text)


def unknown(text: str) -> Observed:
    """It could not be tried, or its outcome not be seen."""
    return Observed(through=None, text=text)


def skipped(text: str) -> Observed:
    """There is nothing here to try it on."""
    return Observed(through=None, text=text, skipped=True)

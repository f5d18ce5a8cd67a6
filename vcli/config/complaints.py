"""All that is wrong with values, said at once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from vcli.errors import UsageError

_PLACE = re.compile(r"(.+?):(\d+): ")


class ValuesError(UsageError):
    """Several mistakes in values, one a line.

    Attributes:
        complaints: one each.
        warnings: what else is to be said of the same values.
    """

    def __init__(self, complaints: tuple[UsageError, ...], warnings: tuple[str, ...]) -> None:
        self.complaints, self.warnings = complaints, warnings
        if len(complaints) == 1:
            super().__init__(complaints[0].message, hint=complaints[0].hint)
            return
        lines = (each.message + (f" ({each.hint})" if each.hint else "") for each in complaints)
        super().__init__(f"{len(complaints)} mistakes in the values:\n  " + "\n  ".join(lines))


@dataclass(slots=True)
class Complaints:
    """Collects mistakes and warnings."""

    found: list[UsageError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, *errors: UsageError) -> None:
        """Keep errors, each once."""
        for error in errors:
            if error.message not in [each.message for each in self.found]:
                self.found.append(error)

    def warn(self, text: str) -> None:
        """Keep a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Keep what is raised inside."""
        try:
            yield
        except ValuesError as several:
            self.add(*several.complaints)
        except UsageError as error:
            self.add(error)

    def raise_all(self) -> None:
        """Raise what was found.

        Raises:
            ValuesError: there is something.
        """
        if self.found:
            raise ValuesError(tuple(sorted(self.found, key=self._line)), tuple(self.warnings))

    def _line(self, error: UsageError) -> tuple[int, int]:
        """Where an error stands: its file, in the order of the complaints, and the line."""
        files = [match[1] if (match := _PLACE.match(each.message)) else "" for each in self.found]
        place = _PLACE.match(error.message)
        return files.index(place[1] if place else ""), int(place[2]) if place else 0

"""The values of ``sleepMode``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass

from vcli import inputs
from vcli.config.fields import doc, section


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoSleep:
    """When it goes to sleep."""

    after_inactivity: int | str = doc(
        0, "The time without a request by a person or a program outside: 95m, 1h35m, or seconds."
    )

    @property
    def seconds(self) -> int:
        """The same in seconds.

        Raises:
            UsageError: it is no duration.
        """
        return int(inputs.seconds(self.after_inactivity))


@dataclass(frozen=True, slots=True, kw_only=True)
class SleepMode:
    """An unused virtual cluster is paused by itself, and resumed by vcli connect."""

    enabled: bool = doc(False, "Let it go to sleep.")
    auto_sleep: AutoSleep = section(AutoSleep)

"""Commands below a command: ``host up``, ``values check``."""

from collections.abc import Callable
from typing import Any, TypeVar

import typer

from vcli.cli.helptext import Family, Verb
from vcli.cli.options import command

F = TypeVar("F", bound=Callable[..., Any])


class Group:
    """A family of commands under one name, such as ``host up`` and ``host down``.

    Args:
        help_text: what the family is about; the first line stands in the parent's list.
    """

    def __init__(self, help_text: str) -> None:
        self.app = typer.Typer(cls=Family, help=help_text, add_completion=False, rich_markup_mode=None)
        self.app.callback()(_nothing)

    def command(self, name: str, *, hidden: bool = False) -> Callable[[F], F]:
        """Enter a function under a name; it is wrapped by `command`."""

        def enter(function: F) -> F:
            self.app.command(name, cls=Verb, hidden=hidden)(command(function))
            return function

        return enter

    def group(self, name: str, family: "Group") -> None:
        """Enter a family below this one under a name, such as ``host node``."""
        self.app.add_typer(family.app, name=name)


def _nothing() -> None:
    pass

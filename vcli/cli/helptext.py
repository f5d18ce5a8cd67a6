"""How help reads: kubectl-like plain text, the command's own options apart from the common ones.

Typer's rich help looks well but costs a tenth of a second; a plain page also survives a pipe.
"""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from vcli.cli.coercion import lighten
from vcli.cli.flags import spell_out
from vcli.cli.options import COMMON_NAMES

HELP_NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _usage(params: list[Any]) -> list[str]:
    pieces = []
    for param in params:
        if param.param_type_name != "argument" or param.hidden:
            continue
        name = param.metavar or param.name.upper()
        if param.nargs == -1 and not param.metavar:
            name += "..."
        pieces.append(name if param.required or name.startswith("[") else f"[{name}]")
    return pieces


def _options(params: list[Any], ctx: typer.Context, formatter: Any) -> None:
    arguments: list[tuple[str, str]] = []
    own: list[tuple[str, str]] = []
    common: list[tuple[str, str]] = []
    for param in params:
        if param.hidden:
            continue
        if param.param_type_name == "argument":
            arguments.append((param.metavar or param.name.upper(), param.help or ""))
            continue
        record = param.get_help_record(ctx)
        if record is not None:
            (common if param.name in COMMON_NAMES or param.name == "help" else own).append(record)
    for title, records in (("Arguments", arguments), ("Options", own), ("Common options", common)):
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


class Verb(TyperCommand):
    """A command."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["context_settings"] = HELP_NAMES | (kwargs.get("context_settings") or {})
        kwargs["rich_markup_mode"] = None
        # In a raw docstring the mark that keeps line breaks is two characters.
        kwargs["help"] = (kwargs.get("help") or "").replace("\\b\n", "\b\n")
        super().__init__(*args, **kwargs)

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, each with a quick reader."""
        return lighten(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Understand ``--flag=false`` too, as people write it who come from Go."""
        return super().parse_args(ctx, spell_out(self.get_params(ctx), args))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments in capitals, as in manual pages."""
        return [*_usage(self.get_params(ctx)), "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Own options first, then the common ones."""
        _options(self.get_params(ctx), ctx, formatter)


class Family(TyperGroup):
    """A group of commands; asked without one it shows its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["context_settings"] = HELP_NAMES | (kwargs.get("context_settings") or {})
        kwargs["rich_markup_mode"] = None
        super().__init__(*args, **kwargs)

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, each with a quick reader."""
        return lighten(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help when there is nothing else to do."""
        return super().parse_args(ctx, args or ["--help"])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Commands come before options: they are what one looks for."""
        self.format_commands(ctx, formatter)
        _options(self.get_params(ctx), ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """One line for each command: the first sentence of its help."""
        rows = [
            (name, (built.help or "").strip().partition("\n")[0].rstrip("."))
            for name in self.list_commands(ctx)
            if (built := self.get_command(ctx, name)) is not None and not built.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

"""How help reads: kubectl-like plain text, the command's own options apart from the common ones.

Typer's rich help looks well but costs a tenth of a second; a plain page also survives a pipe.
"""

import shlex
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from vcli.cli.coercion import lighten
from vcli.cli.completing import complete_by_kind
from vcli.cli.flags import positionals, spell_out
from vcli.cli.options import COMMON_NAMES
from vcli.errors import UsageError

HELP_NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _usage(params: list[Any]) -> list[str]:
    pieces: list[str] = []
    for param in params:
        if param.param_type_name != "argument" or param.hidden:
            continue
        name = param.metavar or param.name.upper()
        if takes_command(param):
            return [*pieces, "[OPTIONS]", name]
        if param.nargs == -1 and not param.metavar:
            name += "..."
        pieces.append(name if param.required or name.startswith("[") else f"[{name}]")
    return [*pieces, "[OPTIONS]"]


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
        return complete_by_kind(lighten(super().get_params(ctx)))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words, in the spellings that people know from Go and kubectl.

        Raises:
            UsageError: a word is one too many.
        """
        params = self.get_params(ctx)
        strict = not ctx.resilient_parsing
        own, child = list(args), None
        command = next((param for param in params if takes_command(param)), None)
        if command is not None and "--" in own:
            child = own[own.index("--") + 1 :]
            own = own[: own.index("--")]
            if not child and strict:
                raise UsageError(
                    "no command stands after --",
                    hint=f"usage: {ctx.command_path} {' '.join(_usage(params))}",
                )
        if strict and command is not None:
            self._check_line(ctx, params, args, own)
        spelled = spell_out(params, own, strict=strict)
        ctx.allow_extra_args = True
        super().parse_args(ctx, spelled)
        if command is not None:
            ctx.params[command.name] = child
        if ctx.args and strict:
            usage = " ".join([ctx.command_path, *_usage(params)])
            raise UsageError(
                f"unexpected argument {ctx.args[0]!r}",
                hint=f"usage: {usage}; run '{ctx.command_path} --help' for the options",
            )
        ctx.args = []
        return []

    def _check_line(self, ctx: Any, params: list[Any], args: list[str], own: list[str]) -> None:
        """See that no command stands before ``--``: options of its own would be taken for ours.

        Raises:
            UsageError: one does; the hint has the line as it is right.
        """
        names = sum(param.param_type_name == "argument" for param in params) - 1
        found = list(positionals(params, own))
        if len(found) <= names:
            return
        first = found[names]
        # The options before the command's name belong to the line as well.
        session = ctx.find_root().obj
        words = session.words if session else ()
        before = ["vcli", *words[: len(words) - len(args)]] if words else [ctx.command_path]
        command = [*own[first:], *args[len(own) + 1 :]]
        raise UsageError(
            f"unexpected argument {own[first]!r}: a command stands after --, and its options with it",
            hint=f"to run that command: {shlex.join([*before, *own[:first], '--', *command])}",
        )

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments in capitals, as in manual pages."""
        return _usage(self.get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Own options first, then the common ones."""
        _options(self.get_params(ctx), ctx, formatter)


def takes_command(param: Any) -> bool:
    """Whether an argument is the command line of another program, which stands after ``--``."""
    return param.param_type_name == "argument" and str(param.metavar or "").startswith("[-- ")


class Family(TyperGroup):
    """A group of commands; asked without one it shows its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["context_settings"] = HELP_NAMES | (kwargs.get("context_settings") or {})
        kwargs["rich_markup_mode"] = None
        super().__init__(*args, **kwargs)

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, each with a quick reader."""
        return complete_by_kind(lighten(super().get_params(ctx)))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help when there is nothing else to do."""
        strict = not ctx.resilient_parsing
        own = spell_out(self.get_params(ctx), args, only_leading=True, strict=strict)
        return super().parse_args(ctx, own or ["--help"] if strict else own)

    def known_names(self, ctx: Any) -> list[str]:
        """The names that a command can be called by."""
        return self.list_commands(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command, or say which one may have been meant."""
        known = self.known_names(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            path = ctx.command_path
            near = get_close_matches(args[0], known, n=1)
            hint = f"did you mean '{path} {near[0]}'?" if near else f"run '{path} --help' for the list"
            raise UsageError(f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

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

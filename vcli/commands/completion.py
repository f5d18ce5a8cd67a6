"""``vcli completion``."""

from enum import StrEnum
from typing import Annotated

import typer

from vcli.cli.options import command
from vcli.result import Result


class Shell(StrEnum):
    """The shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@command
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="The shell to write it for.")],
) -> Result:
    r"""Print a script that makes a shell complete commands, options and names.

    Names, namespaces and components are those of the current host; without one there are none, after a second
    at most.

    \b
    bash:  vcli completion bash > ~/.local/share/bash-completion/completions/vcli
    zsh:   vcli completion zsh > "${fpath[1]}/_vcli"
    fish:  vcli completion fish > ~/.config/fish/completions/vcli.fish
    """
    from vcli.cli.shells import SCRIPTS  # noqa: PLC0415  --help must be quick

    return Result(text=SCRIPTS[shell.value])

"""Completion scripts for bash, zsh and fish, and the answers that they ask for.

A script runs ``_VCLI_COMPLETE=SHELL vcli`` with the line as far as the cursor in ``_VCLI_LINE``. The answer
has a candidate on each line, with its help behind a tab; ``:files`` asks the shell to complete a file. Behind
``vcli connect NAME --`` the shell completes the other program's line, and vcli is not asked.
"""

from collections.abc import Mapping
from typing import Any, Final

_FILES: Final = ":files"

BASH: Final = r"""# bash completion for vcli
_vcli() {
    local cur=${COMP_WORDS[COMP_CWORD]} line connect= index
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        [[ ${COMP_WORDS[index]} == connect ]] && connect=1
        if [[ -n $connect && ${COMP_WORDS[index]} == -- ]]; then
            if declare -F _comp_command_offset >/dev/null; then
                _comp_command_offset $((index + 1))
            elif declare -F _command_offset >/dev/null; then
                _command_offset $((index + 1))
            elif ((COMP_CWORD == index + 1)); then
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -c -- "$cur"; compgen -d -- "$cur")
            else
                compopt -o default
            fi
            return
        fi
    done
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o default
        else
            printf -v line %q "${line%%$'\t'*}"
            COMPREPLY+=("$line")
        fi
    done < <(_VCLI_COMPLETE=bash _VCLI_LINE="${COMP_LINE:0:COMP_POINT}" _VCLI_BREAKS="$COMP_WORDBREAKS" \
        "$1" 2>/dev/null)
}
complete -F _vcli vcli
"""

ZSH: Final = r"""#compdef vcli
# zsh completion for vcli
_vcli() {
    local -a answer candidates
    local line index
    index=${words[(i)--]}
    if (( index < CURRENT )) && [[ ${words[(i)connect]} -lt $index ]]; then
        shift $index words
        (( CURRENT -= index ))
        _normal
        return
    fi
    answer=("${(@f)$(_VCLI_COMPLETE=zsh _VCLI_LINE="${(j: :)words[1,CURRENT]}" ${words[1]} 2>/dev/null)}")
    [[ $PREFIX == --*=* ]] && compset -P '*='
    for line in $answer; do
        if [[ $line == :files ]]; then
            _files
            return
        fi
        line=${line//:/\\:}
        candidates+=("${line/$'\t'/:}")
    done
    (( $#candidates )) && _describe -V vcli candidates
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _vcli "$@"
else
    compdef _vcli vcli
fi
"""

FISH: Final = r"""# fish completion for vcli
function __vcli_complete
    set -l answer (_VCLI_COMPLETE=fish _VCLI_LINE=(commandline -cp) vcli 2>/dev/null)
    if test "$answer[1]" = :files
        set -l current (string replace -r '^--[^=]*=' '' -- (commandline -ct))
        set -l option (string match -r '^--[^=]*=' -- (commandline -ct))
        __fish_complete_path $current | string replace -r -- '^' "$option"
    else
        printf '%s\n' $answer
    end
end
function __vcli_in_command
    set -l words (commandline -opc)
    set -l mark (contains -i -- -- $words)
    and contains -- connect $words[1..$mark]
end
complete -c vcli -f
complete -c vcli -n 'not __vcli_in_command' -f -a '(__vcli_complete)'
function __vcli_complete_command
    set -l words (commandline -opc)
    set -l mark (contains -i -- -- $words)
    set -e words[1..$mark]
    set -l line (string join ' ' -- (string escape -- $words) (commandline -ct))
    complete -C "$line"
end
complete -c vcli -n __vcli_in_command -f -a '(__vcli_complete_command)'
"""

SCRIPTS: Final[Mapping[str, str]] = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def answer(program: Any, environ: Mapping[str, str]) -> str:
    """The candidates for the last word of ``_VCLI_LINE``, in the form that the script of the shell reads.

    Args:
        program: the root command.
        environ: what the script has set.
    """
    from typer._click.shell_completion import split_arg_string  # noqa: PLC0415
    from typer._completion_classes import BashComplete  # noqa: PLC0415

    line = environ.get("_VCLI_LINE", "")
    words = split_arg_string(line)
    last = "" if not words or line.endswith((" ", "\t")) else words.pop()
    found = BashComplete(program, {}, "vcli", "").get_completions(words[1:], last)
    if any(item.type == "file" for item in found):
        return f"{_FILES}\n"
    # Completing --output=js, the candidate is json.
    option, equals, value = last.partition("=") if last.startswith("--") else ("", "", last)
    shell, breaks = environ.get("_VCLI_COMPLETE"), environ.get("_VCLI_BREAKS", "")
    whole = shell == "fish" or (shell == "bash" and "=" not in breaks)
    prefix = option + equals if whole else ""
    cut = _cut(value, breaks) if shell == "bash" else 0
    return "".join(f"{prefix}{item.value[cut:]}{_help(item)}\n" for item in found)


def _cut(value: str, breaks: str) -> int:
    """How much of a word bash does not take for part of it: it breaks words at : and =."""
    return max((value.rfind(mark) + 1 for mark in ":=" if mark in breaks), default=0)


def _help(item: Any) -> str:
    text = " ".join(str(item.help or "").split())
    return f"\t{text}" if text else ""

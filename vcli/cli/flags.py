"""Flags as people write them who come from Go: ``--wait=false``, ``--update-current false``."""

from collections.abc import Sequence
from typing import Any

_WORDS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}
_SPACED = {"true": True, "false": False}  # a lone 1 or t may well be a name


def spell_out(params: Sequence[Any], args: Sequence[str]) -> list[str]:
    """The same arguments with ``--flag=false`` and ``--flag false`` written as ``--no-flag``.

    Args:
        params: the command's parameters; only flags that have a ``--no-`` form take a value after a space.
        args: the words after the command's name; those behind ``--`` belong to another program.
    """
    flags = {name: param for param in params if getattr(param, "is_flag", False) for name in param.opts}
    result: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*result, word, *rest]
        name, equals, value = word.partition("=")
        flag = flags.get(name)
        said: bool | None = None
        if flag is not None and equals:
            said = _WORDS.get(value.lower())
        elif flag is not None and flag.secondary_opts and rest:
            said = _SPACED.get(rest[0])
            if said is not None:
                rest.pop(0)
        if flag is None or said is None:
            result.append(word)
        elif said:
            result.append(name)
        elif flag.secondary_opts:
            result.append(flag.secondary_opts[0])
    return result

"""Words of a command line in the spellings that people know from Go: ``--wait=false``, ``-o=json``.

Also what a parser of options can't see: that the value of an option is missing, so the next option would be
taken for it, and where the words begin that belong to another program.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vcli.cli.coercion import BOOLEANS, boolean
from vcli.errors import UsageError

ALONE = {"--expose": ("loadbalancer", "nodeport", "ingress")}
"""Options that may stand without a value: those that they have, first what they mean without."""
_SPACED = {"true": True, "false": False}  # a lone 1 or no may well be a name


def spell_out(
    params: Sequence[Any], args: Sequence[str], *, only_leading: bool = False, strict: bool = True
) -> list[str]:
    """The same arguments in the one spelling that the parser knows.

    Args:
        params: the command's parameters.
        args: the words after the command's name; those behind ``--`` belong to another program.
        only_leading: leave all from the first word on that is no option: another command reads them.
        strict: raise; completion of a half-written line does not.

    Raises:
        UsageError: an option has no value, or one that can't be meant.
    """
    options = _by_name(params)
    result: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--" or (only_leading and not _is_option(word)):
            return [*result, word, *rest]
        name, equals, value = word.partition("=")
        option = options.get(name)
        if option is None:
            result.append(word)
        elif _is_flag(option):
            result += _flag(option, name, value if equals else None, rest, strict=strict)
        elif equals and not name.startswith("--"):
            result += [name, value]
        elif not (strict or equals or rest) and _takes_value(option):
            break  # the value is just being completed: the parser would read nothing without it
        elif not equals and _is_alone(name, rest):
            result += [name, ALONE[name][0]]
        else:
            result.append(word)
            if not equals and rest and _takes_value(option):
                result.append(_value(name, rest.pop(0), options, strict=strict))
    return result


def positionals(params: Sequence[Any], args: Sequence[str]) -> Iterator[int]:
    """Where the words stand that are neither options nor their values, up to ``--`` or an unknown option."""
    options = _by_name(params)
    index = 0
    while index < len(args) and args[index] != "--":
        word = args[index]
        if not _is_option(word):
            yield index
        elif (option := options.get(word)) is not None:
            following = args[index + 1] if index + 1 < len(args) else ""
            takes = _takes_value(option) and not _is_alone(word, args[index + 1 :])
            index += takes or following.lower() in _SPACED
        elif word.partition("=")[0] not in options and word[:2] not in options:
            return  # it is not known what it takes
        index += 1


def _by_name(params: Sequence[Any]) -> dict[str, Any]:
    """Options by each of their names, ``--no-wait`` included."""
    found: dict[str, Any] = {}
    for param in params:
        if getattr(param, "param_type_name", "option") == "option":
            found |= dict.fromkeys([*param.opts, *param.secondary_opts], param)
    return found


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _is_flag(option: Any) -> bool:
    return bool(getattr(option, "is_flag", False))


def _takes_value(option: Any) -> bool:
    return not _is_flag(option) and not getattr(option, "count", False)


def _is_alone(name: str, rest: Sequence[str]) -> bool:
    """Whether an option that may stand without a value does, by what follows it."""
    return name in ALONE and not (rest and rest[0].lower() in ALONE[name])


def _flag(option: Any, name: str, value: str | None, rest: list[str], *, strict: bool) -> list[str]:
    said = True
    if value is not None:
        if value.lower() not in BOOLEANS and not strict:
            return [name]
        said = boolean(value, name)
    elif rest and (following := rest[0].lower()) in BOOLEANS:
        if following in _SPACED:
            said = _SPACED[following]
            rest.pop(0)
        elif option.secondary_opts and strict:
            written = f"{name}={str(BOOLEANS[following]).lower()}"
            raise UsageError(f"{name} {rest[0]}: is {rest[0]!r} the value?", hint=f"then write {written}")
    if said:
        return [name]
    opposite = option.secondary_opts if name in option.opts else option.opts
    return list(opposite[:1])


def _value(name: str, value: str, options: Mapping[str, Any], *, strict: bool) -> str:
    if strict and _is_option(value) and not re.match(r"-[0-9]", value):
        known = value.partition("=")[0] in options or value[:2] in options
        if known or value == "--":
            raise UsageError(
                f"{name} has no value: {value!r} is an option itself",
                hint=f"write {name} VALUE; or {name}={value} if that is meant",
            )
    return value

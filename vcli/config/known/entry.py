"""What a line of the table of known keys may say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from vcli.config.known.asking import is_off

Convert: TypeAlias = Callable[[Any], Mapping[str, Any]]
"""From an old key's value to new keys, dotted, and their values. ValueError: what is wrong, in words."""
What: TypeAlias = Literal["moved", "default", "note", "later", "scope"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of somebody else's values file that the schema does not have.

    Attributes:
        path: dotted.
        what: ``moved``: to other keys. ``default``: its default passes in silence, no other value does.
            ``note``: has no effect, which is said. ``later``: not supported yet. ``scope``: vcli does not do
            this. What is off (false, empty, ``enabled: false``) asks for nothing, and always passes but where
            it was moved, or where the default is on.
        to: where it stands now, dotted; of a key that was moved.
        text: of a note, or the next step.
        defaults: that pass in silence.
        convert: to several keys, or other values.
        for_k3s: the same as `convert`, of values that run k3s; none where that makes no difference.
        image: it names an image: a chart's default, which is of an old version, is left out, which is said.
        quiet: of a key that was moved: it is one of today's vcluster.yaml, so nothing need be said.
    """

    path: str
    what: What
    to: str = ""
    text: str = ""
    defaults: tuple[Any, ...] = ()
    convert: Convert | None = None
    quiet: bool = False
    image: bool = False
    for_k3s: Convert | None = None


def moved(
    path: str,
    to: str,
    convert: Convert | None = None,
    *,
    quiet: bool = False,
    image: bool = False,
    for_k3s: Convert | None = None,
) -> Key:
    """A key that stands elsewhere now; with ``convert``, ``to`` is only for people."""
    return Key(path=path, what="moved", to=to, convert=convert, quiet=quiet, image=image, for_k3s=for_k3s)


def default(path: str, *defaults: Any, text: str = "") -> Key:
    """A key of which only the default can be had."""
    return Key(path=path, what="default", defaults=defaults, text=text)


def note(path: str, text: str) -> Key:
    """A key without effect; empty text: that need not be said."""
    return Key(path=path, what="note", text=text)


def later(*paths: str, text: str = "leave it out") -> tuple[Key, ...]:
    """Keys that are not supported yet: a line goes as soon as the schema has its key."""
    return tuple(Key(path=path, what="later", text=text) for path in paths)


def scope(path: str, text: str) -> Key:
    """A key for what vcli does not do, and what to do instead."""
    return Key(path=path, what="scope", text=text)


__all__ = ["Convert", "Key", "What", "default", "is_off", "later", "moved", "note", "scope"]

"""Texts that the host wrote, with the tenant's names in place of the host's."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from vcli.syncer.translate.scope import Scope

_VIRTUAL_PART: Final = r"(?P<part>[a-z0-9](?:[a-z0-9.-]*?[a-z0-9])?)"
_NEVER: Final = r"(?!)"


def rewrite(
    text: str, names: Mapping[str, str], *, namespace: str, scope: Scope, own: Collection[str] = ()
) -> str:
    """``text`` with each host name replaced by its virtual one, and the host namespace by ``namespace``.

    Names that ``names`` doesn't know are cut to their virtual part, where they have the form of one of this
    cluster's.

    Args:
        text: what the host says.
        names: host name to virtual name.
        namespace: the virtual namespace of whoever reads it; may be empty.
        scope: the virtual cluster.
        own: words of the tenant's that a text may hold, such as images: they stay, although one may hold the
            name of the host namespace.
    """
    known = {**names, scope.host_namespace: namespace}
    host = scope.host_namespace
    kept = f"(?P<own>{_any_of(word for word in own if word in text and word != host)})"
    if present := [name for name in known if name in text]:
        each = _bounded(_any_of(present))
        # A container may be called like the host namespace; beside a host name it is the namespace.
        alone = f"(?P<alone>{_any_of({host} & set(own))})"
        tried = _bounded(kept, _beside(present, host), alone, _any_of(present))

        def replaced(found: re.Match[str]) -> str:
            if found["own"] or found["alone"]:
                return found[0]
            return each.sub(lambda name: known[name[0]], found[0])

        text = tried.sub(replaced, text)
    if f"-x-{scope.cluster}" not in text:
        return text
    end = rf"-x-{re.escape(scope.cluster)}"
    for form in (
        rf"vcli-{_VIRTUAL_PART}-x-{re.escape(host)}{end}",  # of no namespace
        rf"{_VIRTUAL_PART}-x-[a-z0-9-]+?{end}",
    ):
        text = _bounded(kept, form).sub(lambda found: found["own"] or found["part"], text)
    return text


def _beside(names: Iterable[str], namespace: str) -> str:
    """A namespace and a name together: ``NS/NAME``, ``"NS"/"NAME"``, or a kubelet's ``NAME_NS``."""
    named = _any_of(name for name in names if name != namespace)
    host = re.escape(namespace)
    return rf"{host}\"?/\"?(?:{named})|(?:{named})_{host}"


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of some words, the longest that fits; for none, one that never matches."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word) or _NEVER


def _bounded(*patterns: str) -> re.Pattern[str]:
    """The first that matches where no name goes on, before or after."""
    return re.compile(rf"(?<![a-z0-9-])(?:{'|'.join(patterns)})(?![a-z0-9-])")

"""Texts that the host wrote, with the tenant's names in place of the host's."""

import re
from collections.abc import Mapping
from typing import Final

from vcli.syncer.translate.scope import Scope

_NAME: Final = r"([a-z0-9](?:[a-z0-9.-]*?[a-z0-9])?)"
_START: Final = r"(?<![a-z0-9-])"


def rewrite(text: str, names: Mapping[str, str], *, namespace: str, scope: Scope) -> str:
    """``text`` with each host name replaced by its virtual one, and the host namespace by ``namespace``.

    Names that ``names`` doesn't know are cut to their virtual part, where they have the form of one of this
    cluster's.

    Args:
        text: what the host says.
        names: host name to virtual name.
        namespace: the virtual namespace of whoever reads it; may be empty.
        scope: the virtual cluster.
    """
    known = {**names, scope.host_namespace: namespace}
    present = sorted((name for name in known if name in text), key=len, reverse=True)
    if present:
        pattern = "|".join(re.escape(name) for name in present)
        text = re.sub(rf"(?<![a-z0-9-])(?:{pattern})(?![a-z0-9-])", lambda found: known[found[0]], text)
    if f"-x-{scope.cluster}" not in text:
        return text
    end = rf"-x-{re.escape(scope.cluster)}(?![a-z0-9-])"
    for form in (
        rf"{_START}vcli-{_NAME}-x-{re.escape(scope.host_namespace)}{end}",  # of no namespace
        rf"{_START}{_NAME}-x-[a-z0-9-]+?{end}",
    ):
        text = re.sub(form, lambda found: found[1], text)
    return text

"""Texts that the host wrote, with the tenant's names in place of the host's."""

import re
from collections.abc import Mapping
from typing import Final

from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods.references import references, token_secret_name
from vcli.syncer.translate.scope import Scope

_VIRTUAL_PART: Final = r"(?<![a-z0-9-])([a-z0-9](?:[a-z0-9.-]*?[a-z0-9])?)"


def pod_names(pod: Object, scope: Scope) -> dict[str, str]:
    """Host name to virtual name of a virtual pod and all that it refers to."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    found = references(pod)
    own: dict[str, str] = {
        host_name(VirtualName(namespace, each), scope.cluster): each
        for each in (name, *found.config_maps, *found.secrets, *found.claims)
    }
    return own | {token_secret_name(pod, scope): f"{name}-tokens"}


def rewrite(text: str, names: Mapping[str, str], *, namespace: str, scope: Scope) -> str:
    """``text`` with each host name replaced by its virtual one, and the host namespace by ``namespace``.

    Names that ``names`` doesn't know are cut to their virtual part, where they have the form of one of this
    cluster's.

    Args:
        text: what the host says.
        names: host name to virtual name.
        namespace: the virtual namespace it is told in; may be empty.
        scope: the virtual cluster.
    """
    known = {**names, scope.host_namespace: namespace}
    pattern = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    text = re.sub(rf"(?<![a-z0-9-])(?:{pattern})(?![a-z0-9-])", lambda found: known[found[0]], text)
    form = rf"{_VIRTUAL_PART}-x-[a-z0-9-]+?-x-{re.escape(scope.cluster)}(?![a-z0-9-])"
    return re.sub(form, lambda found: found[1], text)

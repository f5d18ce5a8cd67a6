"""Texts that the host wrote, with the tenant's names in place of the host's."""

from collections.abc import Mapping

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


def pod_names(pod: Object, scope: Scope) -> dict[str, str]:
    """Host name to virtual name of a virtual pod and all that it refers to."""
    raise NotImplementedError


def rewrite(text: str, names: Mapping[str, str], *, namespace: str, scope: Scope) -> str:
    """``text`` with each host name replaced by its virtual one, and the host namespace by ``namespace``."""
    raise NotImplementedError

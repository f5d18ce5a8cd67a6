"""The environment of a container."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vcli.syncer.translate.objects import Object, changed, without
from vcli.syncer.translate.pods.context import PodContext
from vcli.syncer.translate.pods.downward import variable_source
from vcli.syncer.translate.scope import Scope

Rename = Callable[[str], str]
"""Virtual name in the pod's namespace to host name."""


def host_container(
    container: Mapping[str, Any],
    pod: Object,
    context: PodContext,
    *,
    rename: Rename,
    services: Mapping[str, str],
    maps: Sequence[str] = (),
) -> Object:
    """A container (or init, or ephemeral one) for the host.

    Variables of Services go first, so that the user's own may refer to them as ``$(NAME)`` and override them.
    A user's ``envFrom`` overrides them as well on a plain cluster, but not here, where they are ``env``:
    so those that it defines are left out.

    Args:
        container: the virtual container.
        pod: its pod.
        context: the pod's surroundings.
        rename: translates names of ConfigMaps and Secrets.
        services: variables of Services that the container holds itself.
        maps: host ConfigMaps with further ones; anything of the user's overrides these.
    """
    sources = container.get("envFrom") or []
    defined = {key for source in sources for key in _keys_of(source, context)}
    ours = [{"name": name, "value": value} for name, value in services.items() if name not in defined]
    theirs = [_variable(variable, pod, rename, context.scope) for variable in container.get("env") or ()]
    translated: Object = {**without(container, "envFrom"), "env": [*ours, *theirs]}
    if maps or sources:
        first = [{"configMapRef": {"name": name}} for name in maps]
        translated["envFrom"] = [*first, *(_source(source, rename) for source in sources)]
    return translated


def renamed(reference: Mapping[str, Any], rename: Rename) -> Object:
    """A ``{"name": …}`` reference with its host name."""
    return {**reference, "name": rename(reference["name"])} if reference.get("name") else dict(reference)


def _keys_of(source: Mapping[str, Any], context: PodContext) -> list[str]:
    prefix = source.get("prefix") or ""
    found: list[str] = []
    for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
        if reference := source.get(field):
            data = context.environment_keys.get((kind, reference.get("name", "")), ())
            found += [prefix + key for key in data]
    return found


def _source(source: Mapping[str, Any], rename: Rename) -> Object:
    translated = dict(source)
    for field in ("configMapRef", "secretRef"):
        translated = changed(translated, field, lambda reference: renamed(reference, rename))
    return translated


def _variable(variable: Mapping[str, Any], pod: Object, rename: Rename, scope: Scope) -> Object:
    source = variable.get("valueFrom")
    if not source:
        return dict(variable)
    if field := source.get("fieldRef"):
        return {"name": variable["name"], **variable_source(field, pod, scope)}
    translated = dict(source)
    for key in ("configMapKeyRef", "secretKeyRef"):
        translated = changed(translated, key, lambda reference: renamed(reference, rename))
    return {**variable, "valueFrom": translated}

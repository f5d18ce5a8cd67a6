"""Routes of the Gateway API, all kinds: the same rules on the host, with the host's names.

A route is sent as a whole or not at all. A field that this version of vcli does not know may hold names of
the host's objects, or may be what keeps strangers out: a route without it would be another one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from vcli.syncer.translate import keys
from vcli.syncer.translate.gateway_refs import Referrer, Target
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.objects import Object, changed, without

_SPEC: Final = frozenset({"hostnames", "parentRefs", "rules"})
_RULE: Final = frozenset(
    {"backendRefs", "filters", "matches", "name", "retry", "sessionPersistence", "timeouts"}
)
_BACKEND: Final = frozenset({"filters", "group", "kind", "name", "namespace", "port", "weight"})
_FILTER: Final = frozenset(
    {
        "cors",
        "extensionRef",
        "externalAuth",
        "requestHeaderModifier",
        "requestMirror",
        "requestRedirect",
        "responseHeaderModifier",
        "type",
        "urlRewrite",
    }
)
_TO_BACKENDS: Final = ("requestMirror", "externalAuth")
"""The filters with a ``backendRef``."""
_RESERVED: Final = 64
"""Bytes of the annotation with the generation."""

Change: TypeAlias = Callable[[Mapping[str, Any], str], Object]
"""Of a reference, with the kind that it has where it says none."""


def to_host(
    route: Object, parents: Sequence[Object], referrer: Referrer, *, version: str, kind: str
) -> Object:
    """The complete host object.

    Args:
        route: the virtual object.
        parents: ``parentRefs`` on the host.
        referrer: the same object, with what it may refer to.
        version: its apiVersion.
        kind: its kind.
    """
    spec = {**_spec(route["spec"], referrer.on_host), "parentRefs": list(parents)}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": noted_metadata(route, kind, referrer),
        "spec": spec,
    }


def noted_metadata(virtual: Object, kind: str, referrer: Referrer) -> Object:
    """Metadata of a host object, with the generation of the virtual one that it is made from."""
    metadata = host_metadata(virtual, kind=kind, scope=referrer.scope, reserved=_RESERVED)
    generation = str(virtual["metadata"].get("generation", 0))
    return {**metadata, "annotations": {**metadata["annotations"], keys.GENERATION: generation}}


def targets(route: Object, referrer: Referrer) -> list[Target]:
    """What its rules refer to, each perhaps several times."""
    found: list[Target] = []

    def note(ref: Mapping[str, Any], kind: str) -> Object:
        found.append(referrer.target(ref, kind))
        return dict(ref)

    _spec(route["spec"], note)
    return found


def unknown(route: Object) -> list[str]:
    """The fields that this version of vcli does not know, by their paths."""
    return sorted(set(_unknown(route["spec"])))


def _unknown(spec: Object) -> Iterator[str]:
    yield from _strange("spec", spec, _SPEC)
    for rule in spec.get("rules") or ():
        yield from _strange("spec.rules", rule, _RULE)
        yield from _strange_filters("spec.rules.filters", rule)
        for backend in rule.get("backendRefs") or ():
            yield from _strange("spec.rules.backendRefs", backend, _BACKEND)
            yield from _strange_filters("spec.rules.backendRefs.filters", backend)


def _strange_filters(path: str, holder: Object) -> Iterator[str]:
    for each in holder.get("filters") or ():
        yield from _strange(path, each, _FILTER)


def _strange(path: str, found: Mapping[str, Any], known: Iterable[str]) -> Iterator[str]:
    return (f"{path}.{key}" for key in found.keys() - set(known))


def _spec(spec: Object, change: Change) -> Object:
    return changed(
        without(spec, "parentRefs"), "rules", lambda rules: [_rule(each, change) for each in rules]
    )


def _rule(rule: Object, change: Change) -> Object:
    backends = changed(rule, "backendRefs", lambda refs: [_backend(each, change) for each in refs])
    return _with_filters(backends, change)


def _backend(ref: Object, change: Change) -> Object:
    return _with_filters(change(ref, "Service"), change)


def _with_filters(holder: Object, change: Change) -> Object:
    return changed(holder, "filters", lambda filters: [_filter(each, change) for each in filters])


def _filter(found: Object, change: Change) -> Object:
    for name in _TO_BACKENDS:
        found = changed(found, name, lambda to: changed(to, "backendRef", lambda ref: change(ref, "Service")))
    return changed(found, "extensionRef", lambda ref: change(ref, ref["kind"]))

"""From a tree of plain values to the dataclasses of `vcli.config.schema`, every mistake with its place."""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from vcli.config.document import Document, Keys
from vcli.config.schema import Image
from vcli.errors import UsageError

T = TypeVar("T")

# Keys of vcluster.yaml that exist there and have no effect here, unless the catalog of kinds has come to know
# them: the answer should not be "unknown".
NOT_YET: tuple[str, ...] = (
    "controlPlane.backingStore.database",
    "controlPlane.backingStore.etcd.deploy",
    "controlPlane.backingStore.etcd.external",
    "controlPlane.coredns.embedded",
    "controlPlane.coredns.priorityClassName",
    "controlPlane.distro.k8s.scheduler",
    "controlPlane.hostPathMapper",
    "controlPlane.ingress",
    "controlPlane.serviceMonitor",
    "controlPlane.standalone",
    "controlPlane.advanced.headlessService",
    "controlPlane.advanced.virtualScheduler",
    "controlPlane.advanced.konnectivity",
    "controlPlane.statefulSet.args",
    "controlPlane.statefulSet.command",
    "controlPlane.statefulSet.env",
    "controlPlane.statefulSet.probes",
    "controlPlane.statefulSet.persistence.addVolumes",
    "controlPlane.statefulSet.persistence.addVolumeMounts",
    "controlPlane.statefulSet.persistence.binariesVolume",
    "controlPlane.statefulSet.persistence.dataVolume",
    "exportKubeConfig.additionalSecrets",
    "exportKubeConfig.insecure",
    "exportKubeConfig.secret",
    "exportKubeConfig.serviceAccount",
    "experimental",
    "external",
    "integrations.certManager",
    "integrations.externalSecrets",
    "integrations.istio",
    "integrations.kubeVirt",
    "integrations.metricsServer.apiService",
    "integrations.metricsServer.nodes",
    "integrations.metricsServer.pods",
    "integrations.netris",
    "logging",
    "networking.advanced.fallbackHostCluster",
    "networking.advanced.proxyKubelets",
    "networking.replicateServices",
    "networking.resolveDNS",
    "platform",
    "plugin",
    "plugins",
    "policies",
    "pro",
    "rbac.clusterRole.extraRules",
    "rbac.clusterRole.overwriteRules",
    "rbac.enableVolumeSnapshotRules",
    "rbac.role",
    "sleepMode",
    "sync.fromHost.configMaps",
    "sync.fromHost.customResources",
    "sync.fromHost.csiDrivers",
    "sync.fromHost.csiNodes",
    "sync.fromHost.csiStorageCapacities",
    "sync.fromHost.ingressClasses",
    "sync.fromHost.nodes",
    "sync.fromHost.priorityClasses",
    "sync.fromHost.runtimeClasses",
    "sync.fromHost.secrets",
    "sync.fromHost.storageClasses",
    "sync.fromHost.volumeSnapshotClasses",
    "sync.toHost.configMaps",
    "sync.toHost.customResources",
    "sync.toHost.endpointSlices",
    "sync.toHost.endpoints",
    "sync.toHost.ingresses",
    "sync.toHost.namespaces",
    "sync.toHost.networkPolicies",
    "sync.toHost.persistentVolumeClaims",
    "sync.toHost.persistentVolumes",
    "sync.toHost.podDisruptionBudgets",
    "sync.toHost.pods.enabled",
    "sync.toHost.pods.enforceTolerations",
    "sync.toHost.pods.hybridScheduling",
    "sync.toHost.pods.patches",
    "sync.toHost.pods.priorityClassName",
    "sync.toHost.pods.rewriteHosts.initContainer.resources",
    "sync.toHost.pods.runtimeClassName",
    "sync.toHost.pods.translateImage",
    "sync.toHost.pods.useSecretsForSATokens",
    "sync.toHost.priorityClasses",
    "sync.toHost.secrets",
    "sync.toHost.serviceAccounts",
    "sync.toHost.services.enabled",
    "sync.toHost.services.patches",
    "sync.toHost.storageClasses",
    "sync.toHost.volumeSnapshotContents",
    "sync.toHost.volumeSnapshots",
    "telemetry",
)


def camel(field: Field[Any]) -> str:
    """The YAML name of a field."""
    named: str | None = field.metadata.get("name")
    head, *rest = field.name.split("_")
    return named or head + "".join(map(str.title, rest))


@cache
def keys_of(kind: type) -> Mapping[str, tuple[Field[Any], Any]]:
    """The keys of a section: YAML name to field and type."""
    hints = get_type_hints(kind)
    return {camel(f): (f, hints[f.name]) for f in fields(kind) if not f.metadata.get("internal")}


def build(kind: type[T], document: Document) -> T:
    """Make a section and all below it.

    Raises:
        UsageError: the first key that is unknown, or has a value of the wrong type.
    """
    result: T = _section(kind, document.data, (), document)
    return result


def fail(document: Document, keys: Keys, complaint: str, *, hint: str | None = None) -> UsageError:
    """An error about one key, with its place."""
    place = document.place(keys)
    where = f"{place}: " if place else ""
    return UsageError(f"{where}{'.'.join(keys)}: {complaint}", hint=hint)


def _section(kind: type, data: Any, keys: Keys, document: Document, default: Any = None) -> Any:
    """A section; what is not given is that of the default, an image's tag alone keeps its repository."""
    if kind is Image and isinstance(data, str):
        return image(data)
    if not isinstance(data, dict):
        raise fail(document, keys, f"must be a mapping, not {_named(data)}")
    known = keys_of(kind)
    values = {}
    for key, value in data.items():
        if key not in known:
            raise _unknown(document, (*keys, str(key)), known)
        field, hint = known[key]
        values[field.name] = _value(hint, field, value, (*keys, key), document)
    return kind(**values) if default is None else replace(default, **values)


def _unknown(document: Document, keys: Keys, known: Mapping[str, Any]) -> UsageError:
    dotted = ".".join(keys)
    if any(dotted == key or dotted.startswith(key + ".") for key in NOT_YET):
        return fail(document, keys, "a key of vcluster.yaml that has no effect in vcli yet")
    hint = None
    near = (
        get_close_matches(keys[-1], known, n=1, cutoff=0.5)
        or [path for path in _all_paths() if path.rpartition(".")[2].lower() == keys[-1].lower()][:1]
    )
    if near:
        full = near[0] if "." in near[0] else ".".join((*keys[:-1], near[0]))
        hint = f"did you mean {full}?"
    return fail(document, keys, "unknown key", hint=hint)


def _all_paths() -> list[str]:
    from vcli.config.schema import Values  # noqa: PLC0415  only for a hint

    return list(paths(Values))


def paths(kind: type, prefix: str = "") -> Iterator[str]:
    """The dotted paths of all keys below a section."""
    for name, (_, hint) in keys_of(kind).items():
        yield f"{prefix}{name}"
        if is_dataclass(hint):
            yield from paths(hint, f"{prefix}{name}.")  # type: ignore[arg-type]


def _value(hint: Any, field: Field[Any], value: Any, keys: Keys, document: Document) -> Any:
    if is_dataclass(hint):
        default = field.default_factory() if field.default_factory is not MISSING else None
        return _section(hint, value, keys, document, default)  # type: ignore[arg-type]
    problem = _problem(hint, value) or _rule(field, value)
    if problem:
        is_set = document.place(keys).startswith("--set ")
        raise fail(document, keys, problem, hint=_how_to_set(problem) if is_set else None)
    return tuple(value) if isinstance(value, list) else value


def _how_to_set(problem: str) -> str | None:
    if "a string" in problem:
        return "--set-string keeps it text"
    return "write a list as KEY={a,b}" if "a list" in problem else None


def _problem(hint: Any, value: Any) -> str:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        problems = [_problem(option, value) for option in get_args(hint)]
        return "" if "" in problems else " or ".join(problems)
    if origin is Literal:
        choices = " or ".join(repr(choice) for choice in get_args(hint))
        return "" if isinstance(value, str) and value in get_args(hint) else f"must be {choices}"
    if origin is tuple:
        if not isinstance(value, list):
            return f"must be a list, not {_named(value)}"
        return next(filter(None, (_problem(get_args(hint)[0], item) for item in value)), "")
    if origin is dict:
        return _mapping_problem(hint, value)
    names = {bool: "true or false", int: "a whole number", str: "a string"}
    fits = isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
    return "" if fits else f"must be {names[hint]}, not {_named(value)}"


def _mapping_problem(hint: Any, value: Any) -> str:
    if not isinstance(value, dict):
        return f"must be a mapping, not {_named(value)}"
    if get_args(hint)[1] is Any:
        return ""
    wrong = [key for key, item in value.items() if not isinstance(item, str)]
    return f"the value of {wrong[0]} must be a string: put it in quotes" if wrong else ""


_FORMS = {
    "size": "a quantity, such as 5Gi",
    "version": "a version of Kubernetes, such as v1.36.3",
    "cluster_domain": "a DNS domain, such as cluster.local",
}


def _rule(field: Field[Any], value: Any) -> str:
    pattern, minimum = field.metadata.get("pattern"), field.metadata.get("minimum")
    if pattern and not re.match(pattern, value):
        return f"{value!r} is not {_FORMS.get(field.name, f'of the form {pattern}')}"
    if minimum is not None and value < minimum:
        return f"must be {minimum} or more"
    return ""


def _named(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"{value!r}"


def image(reference: str) -> Image:
    """Take ``registry/repository:tag`` or ``…@sha256:…`` apart, as container runtimes do."""
    path, _, digest = reference.partition("@")
    head, slash, last = path.rpartition("/")
    last, _, tag = last.partition(":")
    path = head + slash + last
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return Image(registry=first, repository=rest, tag=digest or tag)
    return Image(repository=path, tag=digest or tag)

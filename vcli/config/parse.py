"""From a tree of plain values to the dataclasses of `vcli.config.schema`, every mistake with its place."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from vcli.config.document import Document, Keys, dotted
from vcli.config.fit import named, problem, problem_of_key
from vcli.config.image import Image
from vcli.config.shape import default_of, is_required, keys_of, paths, shape_of
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
    "controlPlane.hostPathMapper",
    "controlPlane.serviceMonitor",
    "controlPlane.standalone",
    "controlPlane.advanced.headlessService",
    "controlPlane.advanced.konnectivity",
    "controlPlane.statefulSet.args",
    "controlPlane.statefulSet.command",
    "controlPlane.statefulSet.env",
    "controlPlane.statefulSet.probes",
    "controlPlane.statefulSet.persistence.addVolumes",
    "controlPlane.statefulSet.persistence.addVolumeMounts",
    "controlPlane.statefulSet.persistence.binariesVolume",
    "controlPlane.statefulSet.persistence.dataVolume",
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
    "networking.advanced.proxyKubelets",
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
    "sync.fromHost.configMaps.patches",
    "sync.fromHost.secrets.patches",
    "sync.toHost.configMaps",
    "sync.toHost.endpointSlices",
    "sync.toHost.endpoints",
    "sync.toHost.ingresses.patches",
    "sync.toHost.namespaces",
    "sync.toHost.persistentVolumeClaims",
    "sync.toHost.pods.enabled",
    "sync.toHost.pods.enforceTolerations",
    "sync.toHost.pods.hybridScheduling",
    "sync.toHost.pods.patches",
    "sync.toHost.pods.priorityClassName",
    "sync.toHost.pods.rewriteHosts.initContainer.resources",
    "sync.toHost.pods.runtimeClassName",
    "sync.toHost.pods.translateImage",
    "sync.toHost.pods.useSecretsForSATokens",
    "sync.toHost.secrets",
    "sync.toHost.services.enabled",
    "sync.toHost.services.patches",
    "telemetry",
)

_JAVASCRIPT = ("expression", "reverseExpression")


def build(kind: type[T], document: Document) -> T:
    """Make a section and all below it.

    Raises:
        UsageError: the first key that is unknown or missing, or has a value of the wrong type.
    """
    result: T = _Parser(document, kind).section(kind, document.data, ())
    return result


def fail(document: Document, keys: Keys, complaint: str, *, hint: str | None = None) -> UsageError:
    """An error about one key, with its place."""
    place = document.place(keys)
    where = f"{place}: " if place else ""
    return UsageError(f"{where}{dotted(keys)}: {complaint}", hint=hint)


@dataclass(frozen=True, slots=True)
class _Parser:
    """Takes a document apart; ``root`` is the section that its keys are looked up in, for hints."""

    document: Document
    root: type

    def section(self, kind: type, data: Any, keys: Keys, default: Any = None) -> Any:
        """A section; what is not given is that of the default, an image's tag alone keeps its repository."""
        if kind is Image and isinstance(data, str):
            return image(data)
        self._expect_mapping(data, keys)
        known = keys_of(kind)
        values = {}
        for key, value in data.items():
            if key not in known:
                raise self._unknown((*keys, str(key)), known)
            field, hint = known[key]
            values[field.name] = self._value(hint, field, value, (*keys, key))
        for key, (field, _) in known.items():
            if is_required(field) and field.name not in values:
                raise fail(self.document, (*keys, key), "must be given")
        return kind(**values) if default is None else replace(default, **values)

    def _value(self, hint: Any, field: Field[Any], value: Any, keys: Keys) -> Any:
        shape = shape_of(hint)
        if shape.section is None:
            return self._plain(hint, field, value, keys)
        if shape.of == "map":
            return self._map(shape.section, field, value, keys)
        if shape.of == "list":
            if not isinstance(value, list):
                raise fail(self.document, keys, f"must be a list, not {named(value)}")
            return tuple(self.section(shape.section, each, (*keys, i)) for i, each in enumerate(value))
        return self.section(shape.section, value, keys, None if is_required(field) else default_of(field))

    def _map(self, kind: type, field: Field[Any], value: Any, keys: Keys) -> dict[str, Any]:
        self._expect_mapping(value, keys)
        found = {}
        for key, each in value.items():
            own = (*keys, str(key))
            if wrong := problem_of_key(field, key):
                raise fail(self.document, own, wrong)
            found[key] = self.section(kind, each, own)
        return found

    def _plain(self, hint: Any, field: Field[Any], value: Any, keys: Keys) -> Any:
        if wrong := problem(hint, field, value):
            is_set = self.document.place(keys).startswith("--set ")
            raise fail(self.document, keys, wrong, hint=_how_to_set(wrong) if is_set else None)
        return tuple(value) if isinstance(value, list) else value

    def _expect_mapping(self, data: Any, keys: Keys) -> None:
        if not isinstance(data, dict):
            raise fail(self.document, keys, f"must be a mapping, not {named(data)}")

    def _unknown(self, keys: Keys, known: Mapping[str, Any]) -> UsageError:
        path, last = dotted(keys), str(keys[-1])
        if any(path == key or path.startswith(key + ".") for key in NOT_YET):
            return fail(self.document, keys, "a key of vcluster.yaml that has no effect in vcli yet")
        if last in _JAVASCRIPT and "patches" in keys:
            instead = "reference translates the name of another object, labels a selector"
            return fail(self.document, keys, "a JavaScript expression, which vcli does not run", hint=instead)
        hint = None
        near = (
            get_close_matches(last, known, n=1, cutoff=0.5)
            or [each for each in paths(self.root) if each.rpartition(".")[2].lower() == last.lower()][:1]
        )
        if near:
            full = near[0] if "." in near[0] else dotted((*keys[:-1], near[0]))
            hint = f"did you mean {full}?"
        return fail(self.document, keys, "unknown key", hint=hint)


def _how_to_set(problem: str) -> str | None:
    if "a string" in problem:
        return "--set-string keeps it text"
    return "write a list as KEY={a,b}" if "a list" in problem else None


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

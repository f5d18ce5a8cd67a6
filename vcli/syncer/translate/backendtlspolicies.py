"""BackendTLSPolicies: how Gateways speak TLS to Services, with the host's names. All names are local."""

from collections.abc import Callable, Iterator
from typing import Final

from vcli.syncer.translate import customresources
from vcli.syncer.translate.gateway_refs import Referrer
from vcli.syncer.translate.mappings import HostObject
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.objects import Object, changed
from vcli.syncer.translate.routes import noted_metadata
from vcli.syncer.translate.scope import Scope

_SPEC: Final = frozenset({"options", "targetRefs", "validation"})
_VALIDATION: Final = frozenset(
    {"caCertificateRefs", "hostname", "subjectAltNames", "wellKnownCACertificates"}
)
_CONFIGS: Final = ("ConfigMap", "Secret")


def to_host(policy: Object, referrer: Referrer) -> Object:
    """The complete host BackendTLSPolicy."""

    def named(refs: list[Object]) -> list[Object]:
        return [referrer.on_host(each, each["kind"]) for each in refs]

    spec = changed(policy["spec"], "targetRefs", named)
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "BackendTLSPolicy",
        "metadata": noted_metadata(policy, "BackendTLSPolicy", referrer),
        "spec": changed(spec, "validation", lambda found: changed(found, "caCertificateRefs", named)),
    }


def unknown(policy: Object) -> list[str]:
    """The fields that this version of vcli does not know, by their paths: it is not sent with them."""
    spec = policy["spec"]
    found = {f"spec.{key}" for key in spec.keys() - _SPEC}
    return sorted(found | {f"spec.validation.{key}" for key in spec["validation"].keys() - _VALIDATION})


def configs_of(policy: Object) -> Iterator[tuple[str, VirtualName]]:
    """Kind and name of the ConfigMaps and Secrets that the host must have for it."""
    for ref in policy["spec"]["validation"].get("caCertificateRefs") or ():
        if not ref.get("group") and ref["kind"] in _CONFIGS:
            yield ref["kind"], VirtualName(policy["metadata"]["namespace"], ref["name"])


def virtual_status(
    policy: Object, host: Object, *, gateway: Callable[[HostObject], VirtualName | None], scope: Scope
) -> Object:
    """The status of the virtual policy: the host's, of the Gateways that the virtual cluster has.

    Args:
        policy: the virtual object.
        host: the host object.
        gateway: the virtual Gateway of one of the host's; None where there is none.
        scope: the virtual cluster.
    """
    names = {host["metadata"]["name"]: policy["metadata"]["name"]}
    theirs = (host.get("status") or {}).get("ancestors") or ()
    rewritten = customresources.virtual_status(policy, host, names=names, scope=scope).get("ancestors") or ()
    found = []
    for each, entry in zip(theirs, rewritten, strict=True):
        ref = each["ancestorRef"]
        name = gateway(HostObject(ref.get("namespace") or scope.host_namespace, ref["name"]))
        if name is not None:
            found.append({**entry, "ancestorRef": {**ref, "namespace": name.namespace, "name": name.name}})
    return {**(policy.get("status") or {}), "ancestors": found}

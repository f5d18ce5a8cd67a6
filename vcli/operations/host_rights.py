"""Which of the rights that creating takes we have on the host, by SelfSubjectAccessReview."""

from collections.abc import Iterable

from vcli.config.schema import Values
from vcli.controlplane import policies, rights
from vcli.controlplane.apply import together
from vcli.controlplane.names import Names
from vcli.controlplane.rights import Right
from vcli.kube.client import Client
from vcli.kube.resources import LIMITRANGES, RESOURCEQUOTAS
from vcli.operations.own_namespace import first_that, may, name_it
from vcli.operations.remedies import Problem

_RBAC = "rbac.authorization.k8s.io"
# What create does itself. It also needs all that it grants to the syncer: RBAC allows no one to grant more
# than they have.
_OWN = frozenset(
    [
        *(Right("", "serviceaccounts", verb) for verb in ("create", "patch")),
        *(Right("apps", "statefulsets", verb) for verb in ("get", "create", "patch", "delete")),
        *(Right(_RBAC, kind, verb) for kind in ("roles", "rolebindings") for verb in ("create", "patch")),
    ]
)
_OWN_OF_CLUSTER = frozenset(
    Right(_RBAC, kind, verb)
    for kind in ("clusterroles", "clusterrolebindings")
    for verb in ("create", "patch", "delete")
)
_OWN_OF_INGRESS = frozenset(
    Right("networking.k8s.io", "ingresses", verb) for verb in ("get", "create", "patch", "delete")
)
_CREATE = Right("apps", "statefulsets", "create")
_CREATE_NAMESPACES = Right("", "namespaces", "create")


async def check_rights(client: Client, names: Names, values: Values) -> tuple[list[Problem], frozenset[str]]:
    """What is missing that can't be done without, and the features whose rights are there."""
    of_cluster = await _cluster_rights(client, rights.of_cluster(values, names.namespace))
    features = rights.features(values)
    if await _may(client, names.namespace, Right("*", "*", "*")):
        return of_cluster, frozenset(features)
    own = _OWN | _OWN_OF_INGRESS if values.control_plane.ingress.enabled else _OWN
    wanted = sorted(
        own | _of_several_pods(values) | rights.required(values, names.namespace) | _policies(values)
    )
    optional = sorted(frozenset().union(*(feature.rights for feature in features.values())))
    asked = [*wanted, *optional]
    answers = await together(_may(client, names.namespace, right) for right in asked)
    allowed = {right for right, answer in zip(asked, answers, strict=True) if answer}
    given = frozenset(feature.name for feature in features.values() if feature.rights <= allowed)
    missing = [right for right in wanted if right not in allowed]
    return [*await _of_namespace(client, names.namespace, missing, wanted), *of_cluster], given


def _policies(values: Values) -> frozenset[Right]:
    """To make what the values' policies take; the ClusterRole admin has no right to the first two."""
    made = policies.resources(values.policies)
    verbs = ("get", "create", "patch", "delete")
    return frozenset(Right(each.group, each.plural, verb) for each in made for verb in verbs)


def _of_several_pods(values: Values) -> frozenset[Right]:
    """To make the PodDisruptionBudget."""
    is_on = values.control_plane.stateful_set.high_availability.is_on
    verbs = ("get", "create", "patch") if is_on else ()
    return frozenset(Right("policy", "poddisruptionbudgets", verb) for verb in verbs)


async def check_namespace(client: Client, namespace: str) -> list[Problem]:
    """Whether we may create a namespace that does not exist."""
    if await _may(client, "", _CREATE_NAMESPACES):
        return []
    return [
        Problem(
            f"namespace {namespace!r} does not exist, and you may not create namespaces",
            name_it(await _own_namespace(client, but_not=namespace)),
        )
    ]


async def _of_namespace(
    client: Client, namespace: str, missing: list[Right], wanted: list[Right]
) -> list[Problem]:
    if not missing:
        return []
    own = await _own_namespace(client, but_not=namespace)
    if len(missing) == len(wanted):
        more = "" if await _may(client, "", _CREATE_NAMESPACES) else ", and may not create namespaces"
        return [Problem(f"you have no rights in namespace {namespace!r}{more}", name_it(own))]
    text = f"you lack rights in namespace {namespace!r}: {_listed(missing)}"
    ask = "ask for a Role with them, such as the ClusterRole 'admin' in that namespace"
    if {right.resource for right in missing} <= {RESOURCEQUOTAS.plural, LIMITRANGES.plural}:
        off = "policies.resourceQuota.enabled and policies.limitRange.enabled"
        return [Problem(text, f"ask for a Role with them, which 'admin' is not; or set {off} to false")]
    return [Problem(text, ask if own is None else name_it(own))]


async def _own_namespace(client: Client, *, but_not: str) -> str | None:
    async def suits(namespace: str) -> bool:
        return await _may(client, namespace, _CREATE)

    return await first_that(client, suits, but_not=but_not)


async def _cluster_rights(client: Client, granted: frozenset[Right]) -> list[Problem]:
    if not granted:
        return []
    asked = sorted(_OWN_OF_CLUSTER | granted)
    answers = await together(_may(client, "", right) for right in asked)
    missing = [right for right, answer in zip(asked, answers, strict=True) if not answer]
    if not missing:
        return []
    text = f"you lack rights outside the namespace, which rbac.clusterRole.enabled takes: {_listed(missing)}"
    return [Problem(text, "set rbac.clusterRole.enabled to false, or ask for a ClusterRole with them")]


def _listed(missing: Iterable[Right]) -> str:
    """All in one line, the verbs of each resource together."""
    verbs: dict[str, list[str]] = {}
    for right in missing:
        resource = f"{right.resource}.{right.group}" if right.group else right.resource
        verbs.setdefault(resource, []).append(right.verb)
    return "; ".join(f"{', '.join(each)} {resource}" for resource, each in verbs.items())


async def _may(client: Client, namespace: str, right: Right) -> bool:
    return await may(client, namespace, group=right.group, resource=right.resource, verb=right.verb)

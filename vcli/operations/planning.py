"""What an upgrade is going to do: all questions to the host, and nothing is changed."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from vcli._version import __version__
from vcli.config.document import Document
from vcli.config.load import Given
from vcli.config.schema import Values
from vcli.controlplane.apply import find_metadata, together
from vcli.controlplane.high_availability import members_of
from vcli.controlplane.names import FIELD_MANAGER, Names
from vcli.controlplane.packing import VERSION
from vcli.controlplane.prune import find_surplus
from vcli.controlplane.roles import Role, containers_of, in_role, roles_of
from vcli.errors import ConflictError, NotFoundError, UsageError
from vcli.invocation import kubectl, vcli
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, Invalid, NotFound
from vcli.kube.resources import Resource
from vcli.kube.types import Object, annotations
from vcli.operations.changes import Changes, Planned, compare, is_paused
from vcli.operations.distros import check_distro
from vcli.operations.existing import is_there
from vcli.operations.facts import load_bundle
from vcli.operations.preflight import PreflightResult, raise_for, run_preflight
from vcli.operations.probe import recounted
from vcli.operations.rendering import rendered
from vcli.operations.resolve import cluster_of
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.stores import check_change
from vcli.operations.versions import check_step, is_older, running_version

_PERSISTENCE: Final = ("controlPlane", "statefulSet", "persistence", "volumeClaim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done.

    Attributes:
        planned: every object, in the order in which they are applied.
        surplus: objects to delete when the new control plane is ready.
        changes: the same for people.
        was_ready: the control plane was ready before.
    """

    planned: tuple[Planned, ...]
    surplus: tuple[Object, ...]
    changes: Changes
    was_ready: bool

    @property
    def touched(self) -> list[Planned]:
        """The objects that are created or changed."""
        return [each for each in self.planned if each.action]

    def with_consequence(self, text: str) -> "Plan":
        """The same plan, with one more thing to know about it."""
        consequences = (*self.changes.consequences, text)
        return replace(self, changes=replace(self.changes, consequences=consequences))

    @property
    def creates_workload(self) -> bool:
        """Whether the StatefulSet was missing."""
        return any(each.live is None and each.wanted["kind"] == "StatefulSet" for each in self.planned)


async def make_plan(
    client: Client,
    names: Names,
    values: Values,
    stored: Document,
    *,
    steps: Steps,
    waits: bool,
    may_lose_data: bool,
) -> Plan:
    """Find out what another set of values, or this version of vcli, would change.

    Where the values alone take no restart, and only this version of vcli does, a control plane whose data
    would be lost stays as it is.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: as they are to be.
        stored: as they are.
        steps: is warned of what will not work.
        waits: the upgrade waits until the new control plane is ready, and may remove what it replaces.
        may_lose_data: a control plane is replaced even so.

    Raises:
        NotFoundError: there is no such virtual cluster.
        ConflictError: the store or the Kubernetes version can't be changed in this way.
        PreflightError: the host lacks something, or we lack rights.
    """
    bundle = await load_bundle(values)
    preflight = await run_preflight(client, names, values, bundle=bundle, replaces=True)
    service = _service(names, preflight)
    raise_for(preflight, names)

    live = preflight.workload

    async def objects_of(values: Values, steps: Steps) -> list[Object]:
        objects = await rendered(
            client,
            names,
            values,
            preflight,
            service,
            bundle=bundle,
            steps=steps,
        )
        if live is None:
            return objects
        objects = [with_user_of(live, obj) for obj in objects]
        if _below(values.given, _PERSISTENCE) == _below(stored.data, _PERSISTENCE):
            return [with_claims_of(live, obj) for obj in objects]
        return objects

    objects = await objects_of(values, steps)
    _check_versions(names, values, live, objects[-1], steps)
    check_change(names, live, objects[-1])
    _check_members(names, live, objects[-1])
    planned, found = await asyncio.gather(
        plan_objects(client, names, objects), find_surplus(client, names, values, objects)
    )

    was_ready = live is not None and (await recounted(client, cluster_of(live, kind="StatefulSet"))).ready > 0

    def plan(planned: Sequence[Planned], surplus: Sequence[Object]) -> Plan:
        changes = compare(names, stored=stored.data, values=values.given, planned=planned, surplus=surplus)
        return Plan(planned=tuple(planned), surplus=tuple(surplus), changes=changes, was_ready=was_ready)

    whole = plan(planned, found)
    if whole.changes.loses_data and not may_lose_data and values.given != stored.data:
        with suppress(UsageError):  # stored values that this version does not understand
            before = await objects_of(Given().values(over=stored), NoSteps())
            partial = plan(changed_by_values(planned, before), ())
            if not partial.changes.restarts:
                return partial.with_consequence(
                    "the control plane stays as it is, without what is new in this vcli: replacing it would"
                    " lose all data (--yes does it)"
                )
    # The pod from before is wanted until the new one is ready: without waiting, the next upgrade removes it.
    return whole if waits or not whole.changes.restarts else plan(planned, ())


def changed_by_values(planned: Sequence[Planned], before: Sequence[Object]) -> list[Planned]:
    """Those of the planned objects that are rendered in another way from the values of before."""
    known = {(obj["kind"], obj["metadata"]["name"]): obj for obj in before}
    return [
        each
        for each in planned
        if known.get((each.wanted["kind"], each.wanted["metadata"]["name"])) != each.wanted
    ]


def _service(names: Names, preflight: PreflightResult) -> Object:
    if not is_there(preflight.service, preflight.workload, names) or preflight.service is None:
        raise NotFoundError(
            f"there is no virtual cluster {names.cluster!r} in namespace {names.namespace!r}",
            hint=f"{vcli('list')} shows what there is",
        )
    return preflight.service


def _check_versions(names: Names, values: Values, live: Object | None, wanted: Object, steps: Steps) -> None:
    if live is None:
        return
    made_by = annotations(live).get(VERSION)
    if is_older(__version__, made_by):
        steps.warn(
            f"virtual cluster {names.cluster!r} was made by vcli {made_by}, this is {__version__}: what only"
            " the newer one knows is lost"
        )
    check_distro(names, live, wanted)
    check_step(
        running_version(live),
        running_version(wanted) or values.control_plane.distro.k8s.version,
        command=vcli("upgrade", names.cluster, namespace=names.namespace),
    )


def _check_members(names: Names, live: Object | None, wanted: Object) -> None:
    """See that the store keeps its members.

    Raises:
        ConflictError: it would get others.
    """
    if live is None or members_of(live) == members_of(wanted):
        return
    raise ConflictError(
        f"virtual cluster {names.cluster!r} in namespace {names.namespace!r} can't get another number of"
        f" control-plane pods, as each has a member of the store: {members_of(live)} → {members_of(wanted)}",
        hint="leave controlPlane.statefulSet.highAvailability.replicas as it was at its creation; for another"
        " number create a second virtual cluster and apply your manifests there",
    )


async def plan_objects(client: Client, names: Names, objects: Sequence[Object]) -> list[Planned]:
    """Compare objects with what is there, by applying them as a dry run.

    So what the host fills in by itself is no difference, and what it refuses is known beforehand.

    Raises:
        ConflictError: the volumes of the store would have to be others.
        ApiError: the host refuses an object, or reading it.
    """
    return await together(_plan(client, names, obj) for obj in objects)


async def _plan(client: Client, names: Names, obj: Object) -> Planned:
    resource, metadata = Resource.of(obj), obj["metadata"]
    if obj.get("immutable"):  # its name is made from its content, and it is large
        found = await find_metadata(client, resource, obj)
        return Planned(wanted=obj, live=found, after=found)
    try:
        live = await client.get(resource, metadata["name"], namespace=metadata.get("namespace"))
    except NotFound:
        return Planned(wanted=obj, live=None, after=None)
    if obj["kind"] == "StatefulSet" and is_paused(live):
        obj = {**obj, "spec": {**obj["spec"], "replicas": 0}}
    try:
        after = await client.apply(resource, obj, field_manager=FIELD_MANAGER, dry_run=True)
    except (Invalid, Forbidden) as error:
        if obj["kind"] == "StatefulSet" and "updates to statefulset spec" in error.message:
            raise _other_volumes(names, live, obj) from error
        raise
    return Planned(wanted=obj, live=live, after=after)


def _other_volumes(names: Names, live: Object, wanted: Object) -> ConflictError:
    changed = ", ".join(volume_changes(live, wanted)) or "size, class and number of its volumes"
    claim = f"{_claim_of(live)['metadata']['name']}-{names.pod}"
    return ConflictError(
        f"virtual cluster {names.cluster!r} in namespace {names.namespace!r}: its store's volume can't be"
        f" changed: {changed}",
        hint="leave controlPlane.statefulSet.persistence as it was at its creation; where the StorageClass"
        f" allows it, {kubectl('edit', 'pvc', claim, namespace=names.namespace)} makes the volume larger; for"
        " another store create a second virtual cluster and apply your manifests there",
    )


def with_claims_of(live: Object, obj: Object) -> Object:
    """A StatefulSet with the claims that are there; other objects as they are.

    Claims can't be changed. Where no others are asked for, another default is no reason to refuse an upgrade.
    """
    if obj["kind"] != "StatefulSet" or "volumeClaimTemplates" not in live["spec"]:
        return obj
    claims = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {key: each["metadata"][key] for key in ("name", "labels") if key in each["metadata"]},
            "spec": each["spec"],
        }
        for each in live["spec"]["volumeClaimTemplates"]
    ]
    return {**obj, "spec": {**obj["spec"], "volumeClaimTemplates": claims}}


def with_user_of(live: Object, obj: Object) -> Object:
    """A StatefulSet whose store runs as the user that it has run as; other objects as they are.

    The files on its volume are that user's: earlier versions ran it as root on volumes that were root's.
    """
    user = {
        key: value
        for each in in_role(Role.STORE, containers_of(live["spec"].get("template", {}).get("spec", {})))
        for key, value in (each.get("securityContext") or {}).items()
        if key in {"runAsUser", "runAsNonRoot"}
    }
    if obj["kind"] != "StatefulSet" or "runAsUser" not in user:
        return obj
    pod = obj["spec"]["template"]["spec"]
    containers = [
        {**each, "securityContext": {**each.get("securityContext", {}), **user}}
        if Role.STORE in roles_of(each["name"])
        else each
        for each in pod["containers"]
    ]
    template = {**obj["spec"]["template"], "spec": {**pod, "containers": containers}}
    return {**obj, "spec": {**obj["spec"], "template": template}}


def _below(tree: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def volume_changes(live: Object, wanted: Object) -> Iterator[str]:
    """In which way the claims of two StatefulSets differ, in words."""
    (before, after) = (_claim(each) for each in (live, wanted))
    for title, old, new in zip(("size", "StorageClass", "access modes"), before, after, strict=True):
        if old != new:
            yield f"{title} {old or '(default)'} → {new or '(default)'}"


def _claim(workload: Object) -> tuple[str, str, str]:
    spec = _claim_of(workload)["spec"]
    size = spec.get("resources", {}).get("requests", {}).get("storage", "")
    return str(size), str(spec.get("storageClassName", "")), ", ".join(spec.get("accessModes", ()))


def _claim_of(workload: Object) -> Object:
    """The first volume claim template of a StatefulSet; one without anything if it has none."""
    claims = workload["spec"].get("volumeClaimTemplates") or [{"metadata": {"name": "data"}, "spec": {}}]
    found: Object = claims[0]
    return found

"""An upgrade against a real API server without controllers: what is written, in which order, and put back."""

import asyncio
import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_tunnel_process import kubeconfig_of

from vcli.config import Values, load, read
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.names import Names
from vcli.errors import ConflictError, TimedOutError, UsageError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import CONFIGMAPS, ROLES, SECRETS, SERVICES, STATEFULSETS, STORAGECLASSES
from vcli.operations import create, planning, upgrade
from vcli.operations.changes import Changes
from vcli.operations.steps import NoSteps, Step
from vcli.operations.stored import Stored, read_values

Object = dict[str, Any]

# Restarts the pod, and touches Service, certificates, settings and StatefulSet.
MANY = (
    "controlPlane.proxy.extraSANs={a.example}",
    "controlPlane.service.annotations.a=b",
    "controlPlane.coredns.enabled=false",
)


class Interrupted(NoSteps):
    """Steps, at one of which something happens."""

    def __init__(
        self, title: str, error: BaseException, *, then: tuple[str, BaseException] | None = None
    ) -> None:
        self._errors = dict([(title, error), *([then] if then else [])])
        self.warnings: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        for beginning, error in self._errors.items():
            if title.startswith(beginning):
                raise error
        with super().step(title) as step:
            yield step

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def kubeconfig(access: Access, tmp_path: Path) -> str:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig_of(access))
    return str(file)


@pytest.fixture
async def demo(client: Client, namespace: str, kubeconfig: str) -> Names:
    """A virtual cluster with a claim, of which nothing runs."""
    slow: Object = {"metadata": {"name": "slow"}, "provisioner": "example.com/slow"}
    with suppress(AlreadyExists):
        await client.create(STORAGECLASSES, slow)
    return await created(kubeconfig, namespace, "storageClass=slow")


async def created(kubeconfig: str, namespace: str, claim: str) -> Names:
    values = load([], [f"controlPlane.statefulSet.persistence.volumeClaim.{claim}"])
    await create.create_cluster(
        create.Options(name="demo", namespace=namespace, values=values, kubeconfig=kubeconfig, wait=False)
    )
    return Names("demo", namespace)


def options(names: Names, kubeconfig: str, *sets: str, **more: Any) -> upgrade.Options:
    return upgrade.Options(
        name=names.cluster, namespace=names.namespace, given=read([], sets), kubeconfig=kubeconfig, **more
    )


async def state(client: Client, names: Names) -> dict[str, Object]:
    """All objects, and who applied which of their fields; without what each write counts up."""
    lists = [
        (await client.list(resource, namespace=names.namespace))["items"]
        for resource in (SERVICES, SECRETS, CONFIGMAPS, ROLES, STATEFULSETS)
    ]
    return {
        f"{each['kind']}/{each['metadata']['name']}": counted_off(each) for some in lists for each in some
    }


def counted_off(obj: Object) -> Object:
    metadata = {k: v for k, v in obj["metadata"].items() if k not in {"resourceVersion", "generation"}}
    metadata["managedFields"] = [
        {key: value for key, value in entry.items() if key != "time"} for entry in metadata["managedFields"]
    ]
    return {**obj, "metadata": metadata}


async def values_object(client: Client, names: Names) -> str:
    """The object that has the values, ``Secret/vc-config-demo``."""
    return next(name for name in await state(client, names) if name.endswith(f"/{names.values}"))


async def test_what_would_change_is_what_changes(client: Client, demo: Names, kubeconfig: str):
    before = await state(client, demo)
    planned = await upgrade.upgrade_cluster(options(demo, kubeconfig, *MANY, dry_run=True))
    assert await state(client, demo) == before
    done = await upgrade.upgrade_cluster(options(demo, kubeconfig, *MANY, wait=False))
    assert done.changes == planned.changes
    after = await state(client, demo)
    changed = {name.lower() for name in after if after[name] != before.get(name)}
    assert changed == {each.title for each in done.changes.objects}
    assert [each.key for each in done.changes.values] == [
        "controlPlane.coredns.enabled",
        "controlPlane.proxy.extraSANs",
        "controlPlane.service.annotations.a",
    ]
    again = await upgrade.upgrade_cluster(options(demo, kubeconfig, *MANY, wait=False))
    assert not again.changes
    assert await state(client, demo) == after


@pytest.mark.parametrize("error", [TimedOutError("too slow"), asyncio.CancelledError()])
async def test_all_is_put_back(client: Client, demo: Names, kubeconfig: str, error: BaseException):
    before = await state(client, demo)
    steps = Interrupted("Wait until it is ready", error)
    with pytest.raises(type(error)):
        await upgrade.upgrade_cluster(options(demo, kubeconfig, *MANY), steps=steps)
    # Down to who owns which field: what a later upgrade leaves out is removed.
    assert await state(client, demo) == before
    said = "rolled back: it has the objects and values from before"
    assert said in (error.message if isinstance(error, TimedOutError) else "".join(steps.warnings))


async def test_what_is_created_goes_when_it_is_put_back(client: Client, demo: Names, kubeconfig: str):
    old = await read_values(client, demo)
    for bundle in [name for name in await state(client, demo) if "vc-bundle-" in name]:
        await client.delete(CONFIGMAPS, bundle.partition("/")[2], namespace=demo.namespace)
    before = await state(client, demo)
    steps = Interrupted("Wait until it is ready", TimedOutError("too slow"))
    with pytest.raises(TimedOutError):
        await upgrade.upgrade_cluster(options(demo, kubeconfig, *MANY), steps=steps)
    assert await state(client, demo) == before
    assert await read_values(client, demo) == old


async def test_kept_on_failure(client: Client, demo: Names, kubeconfig: str):
    steps = Interrupted("Wait until it is ready", TimedOutError("too slow"))
    with pytest.raises(TimedOutError, match=r"^too slow$"):
        await upgrade.upgrade_cluster(options(demo, kubeconfig, *MANY, keep_on_failure=True), steps=steps)
    assert steps.warnings == ["the objects and values stay as the upgrade has left them"]
    assert not (await upgrade.upgrade_cluster(options(demo, kubeconfig, wait=False))).changes


async def yes(_: Changes) -> bool:
    return True


async def test_of_two_at_once_the_later_undoes_nothing(client: Client, demo: Names, kubeconfig: str):
    async def meanwhile(_: Changes) -> bool:
        # While one is asked, another one is quicker.
        quicker = upgrade.upgrade_cluster(options(demo, kubeconfig, MANY[1], wait=False))
        await quicker
        return True

    slow = options(demo, kubeconfig, MANY[2], wait=False)
    with pytest.raises(ConflictError, match="was changed by another client meanwhile"):
        await upgrade.upgrade_cluster(slow, review=meanwhile)
    kept = await read_values(client, demo)
    assert kept is not None
    assert kept.document().data["controlPlane"].keys() == {"statefulSet", "service"}


async def test_a_store_in_the_pod_only_takes_consent(client: Client, namespace: str, kubeconfig: str):
    names = await created(kubeconfig, namespace, "enabled=false")
    before = await state(client, names)
    asked: list[Changes] = []

    async def no(changes: Changes) -> bool:
        asked.append(changes)
        return False

    with pytest.raises(ConflictError, match="keeps its data in that pod only"):
        await upgrade.upgrade_cluster(options(names, kubeconfig, *MANY), review=no)
    assert await state(client, names) == before
    # Without a restart there is nothing to ask.
    await upgrade.upgrade_cluster(options(names, kubeconfig, MANY[1]), review=no)
    assert [each.loses_data for each in asked] == [True, False]
    await upgrade.upgrade_cluster(options(names, kubeconfig, *MANY, wait=False), review=yes)
    workload = await client.get(STATEFULSETS, "demo", namespace=namespace)
    assert workload["metadata"]["generation"] == 2


async def test_a_mistake_in_the_stored_values_names_their_object(
    client: Client, demo: Names, kubeconfig: str
):
    kept = await values_object(client, demo)
    resource = SECRETS if kept.startswith("Secret/") else CONFIGMAPS
    wrong = "controlPlane:\n  nonsense: 1\n"
    text = base64.b64encode(wrong.encode()).decode() if resource is SECRETS else wrong
    await client.patch(resource, demo.values, {"data": {"config.yaml": text}}, namespace=demo.namespace)
    said = f"{kept.lower()}:2: controlPlane.nonsense: unknown key"
    with pytest.raises(UsageError, match=re.escape(said)):
        await upgrade.upgrade_cluster(options(demo, kubeconfig))


async def test_values_are_read_from_the_configmap_first(client: Client, namespace: str):
    names, text = Names("demo", namespace), "controlPlane: {coredns: {enabled: false}}\n"
    assert await read_values(client, names) is None
    encoded = base64.b64encode(b"controlPlane: {}\n").decode()
    for resource, data, said in ((SECRETS, encoded, "controlPlane: {}\n"), (CONFIGMAPS, text, text)):
        body: Object = {"metadata": {"name": names.values}, "data": {"config.yaml": data}}
        await client.create(resource, body, namespace=namespace)
        assert await read_values(client, names) == Stored(f"{resource.kind.lower()}/{names.values}", said)


async def test_without_secrets_there_the_authority_is_named_as_new(
    client: Client, demo: Names, kubeconfig: str
):
    await client.delete(SECRETS, demo.certificates, namespace=demo.namespace)
    done = await upgrade.upgrade_cluster(options(demo, kubeconfig, dry_run=True))
    assert "makes a new certificate authority: every kubeconfig and token from before becomes invalid" in (
        done.changes.consequences
    )


async def test_a_newer_vcli_alone_does_not_stand_in_the_way_of_a_change_without_restart(
    client: Client, namespace: str, kubeconfig: str, monkeypatch: pytest.MonkeyPatch
):
    names = await created(kubeconfig, namespace, "enabled=false")
    before = await state(client, names)

    original = planning.load_bundle

    async def newer(values: Values) -> Bundle | None:
        bundle = await original(values)
        return replace(bundle, digest="0123456789") if bundle else None

    monkeypatch.setattr(planning, "load_bundle", newer)
    # The new version alone, or a change that takes a restart anyway: no.
    for sets in ((), MANY):
        with pytest.raises(ConflictError, match="keeps its data in that pod only"):
            await upgrade.upgrade_cluster(options(names, kubeconfig, *sets))
    assert await state(client, names) == before

    done = await upgrade.upgrade_cluster(options(names, kubeconfig, MANY[1]))
    kept = await values_object(client, names)
    assert {each.title for each in done.changes.objects} == {"service/demo", kept.lower()}
    assert "the control plane stays as it is" in done.changes.consequences[-1]
    after = await state(client, names)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"Service/demo", kept}

    agreed = options(
        names, kubeconfig, "controlPlane.service.annotations.a=c", may_lose_data=True, wait=False
    )
    done = await upgrade.upgrade_cluster(agreed, review=yes)
    assert "created configmap/vc-bundle-0123456789-" in "".join(done.changes.lines())
    assert done.changes.loses_data


async def test_an_interrupted_rollback_says_so(demo: Names, kubeconfig: str):
    error = asyncio.CancelledError()
    steps = Interrupted("Wait until it is ready", error, then=("Roll back", asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        await upgrade.upgrade_cluster(options(demo, kubeconfig, *MANY), steps=steps)
    assert len(steps.warnings) == 1
    assert steps.warnings[0].startswith("rolling back was interrupted: virtual cluster 'demo'")


async def test_another_default_of_the_volume_is_no_change_of_the_store(
    client: Client, demo: Names, kubeconfig: str, monkeypatch: pytest.MonkeyPatch
):
    original = planning.rendered

    async def with_another_default(*args: Any, **more: Any) -> list[Object]:
        objects: list[Object] = await original(*args, **more)
        claim = objects[-1]["spec"]["volumeClaimTemplates"][0]
        claim["spec"]["resources"]["requests"]["storage"] = "9Gi"
        return objects

    monkeypatch.setattr(planning, "rendered", with_another_default)
    assert not (await upgrade.upgrade_cluster(options(demo, kubeconfig))).changes
    await upgrade.upgrade_cluster(options(demo, kubeconfig, MANY[1], wait=False))
    workload = await client.get(STATEFULSETS, "demo", namespace=demo.namespace)
    assert workload["metadata"]["generation"] == 1
    # Asked for, it is refused.
    asked = "controlPlane.statefulSet.persistence.volumeClaim.size=9Gi"
    with pytest.raises(ConflictError, match="its store's volume can't be changed: size 5Gi → 9Gi"):
        await upgrade.upgrade_cluster(options(demo, kubeconfig, asked))

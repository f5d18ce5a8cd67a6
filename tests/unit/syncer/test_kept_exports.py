"""Exported kubeconfigs: written once, again when their source or somebody changes them, and deleted."""

import asyncio
import base64
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from two_clusters import TwoClusters

from scripted_api import listed, ok, refused
from vcli.kube.resources import CLUSTERROLEBINDINGS, NAMESPACES, ROLES, SECRETS, SERVICEACCOUNTS
from vcli.syncer.exports import ACCESS, Exports, watch

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Work = Callable[["Lab"], Awaitable[None]]

ALL = SECRETS.path(namespace="team-a")
EXPORT = {"name": "ci", "context": "c", "server": "https://a.example", "insecure": False}
ACCOUNT = {"name": "robot", "namespace": "kube-system", "clusterRole": "view"}
BINDINGS = CLUSTERROLEBINDINGS.path()
BOUND = "vcli:exported:kube-system:robot:view"
TOKEN = f"{SERVICEACCOUNTS.path(namespace='kube-system', name='robot')}/token"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def access(key: str = "key", version: int = 1) -> Object:
    metadata = {"name": "vc-demo", "namespace": "team-a", "uid": "1", "resourceVersion": str(version)}
    data = {"certificate-authority": "ca", "client-certificate": "certificate", "client-key": key}
    return {"metadata": metadata, "data": {name: encoded(value) for name, value in data.items()}}


def exported(version: int = 5, *, ours: bool = True) -> Object:
    noted = {"vcli.dev/kind": "KubeConfig"} if ours else {}
    metadata = {"name": "ci", "namespace": "team-a", "uid": "2", "resourceVersion": str(version)}
    return {"metadata": {**metadata, "annotations": noted}}


class Lab:
    """A host with the administrator's Secret, and the controller."""

    def __init__(self, *exports: Object) -> None:
        self.clusters = TwoClusters(NAMESPACES)
        ctx = self.clusters.ctx
        self.ctx = dataclasses.replace(ctx, settings=dataclasses.replace(ctx.settings, exports=list(exports)))
        self.host, self.virtual = self.clusters.host, self.clusters.virtual
        self.host.on("GET", NAMESPACES.path(), listed())
        self.virtual.on(
            "GET", NAMESPACES.path(), listed({"metadata": {"name": "kube-system", "resourceVersion": "1"}})
        )
        self.host.on("GET", ALL, listed(access()))
        self.host.on("POST", ALL, ok(exported()))
        self.host.on("PATCH", f"{ALL}/ci", ok(exported(version=6)))
        self.host.on("DELETE", f"{ALL}/ci", ok({}))
        expires = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        self.virtual.on("PATCH", SERVICEACCOUNTS.path(namespace="kube-system", name="robot"), ok(access()))
        self.virtual.on("POST", TOKEN, ok({"status": {"token": "a.b", "expirationTimestamp": expires}}))
        self.virtual.on("PATCH", f"{BINDINGS}/{BOUND.replace(':', '%3A')}", ok(access()))
        self.virtual.on("GET", BINDINGS, listed())

    def run(self, in_fake_time: InFakeTime, work: Work | None = None) -> list[str]:
        """What the host was sent; `work` is done after five seconds."""

        async def simulate() -> None:
            self.ctx.host.watch(SECRETS, namespace="team-a", label_selector="vcli.dev/managed-by=demo")
            watch(self.ctx)
            running = (self.ctx.host, self.ctx.virtual, Exports(self.ctx).controller)
            tasks = [asyncio.create_task(each.run()) for each in running]
            await asyncio.sleep(5)
            if work is not None:
                await work(self)
                await asyncio.sleep(5)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        in_fake_time(simulate)
        return [each.method for each in self.host.requests if each.method != "GET"]

    @property
    def sent(self) -> Object:
        """The body of the last write on the host."""
        body: Object = [each for each in self.host.requests if each.body][-1].body
        return body


def decoded(lab: Lab, key: str) -> str:
    return base64.b64decode(lab.sent["data"][key]).decode()


def test_it_is_made_once_and_owned_by_the_service(in_fake_time: InFakeTime) -> None:
    lab = Lab(EXPORT)
    assert lab.run(in_fake_time) == ["POST"]
    assert lab.sent["metadata"]["labels"] == {"vcli.dev/managed-by": "demo"}
    assert lab.sent["metadata"]["ownerReferences"][0]["uid"] == "uid-of-service"
    assert "server: https://a.example" in decoded(lab, "config")
    assert "server: https://demo.team-a.svc" in decoded(lab, "value")
    assert decoded(lab, "client-key") == "key"


ROLE = "vcli:team-a:demo:ci"
THERE = SECRETS.path(namespace="tools")
ELSEWHERE = {**EXPORT, "namespace": "tools", "role": ROLE}


def lab_elsewhere(*secrets: Object) -> Lab:
    """One whose Secret is to be in another namespace, with what is there already."""
    lab = Lab(ELSEWHERE)
    lab.host.on("GET", THERE, listed(*secrets))
    role = ROLES.path(namespace="tools", name=ROLE).replace(":", "%3A")
    lab.host.on("GET", role, ok({"metadata": {"name": ROLE, "uid": "uid-of-role"}}))
    for method, path in (("POST", THERE), ("PATCH", f"{THERE}/ci")):
        lab.host.on(method, path, ok(there(version=6)))
    return lab


def there(version: int = 5, *, of: str = "team-a") -> Object:
    obj = exported(version)
    ours = {"vcli.dev/managed-by": "demo", "vcli.dev/host-namespace": of}
    return {"metadata": {**obj["metadata"], "namespace": "tools", "labels": ours}}


def test_in_another_namespace_the_role_there_owns_it(in_fake_time: InFakeTime) -> None:
    async def change(lab: Lab) -> None:
        lab.ctx.host["kubeconfig tools/ci"].store(there(version=9))

    lab = lab_elsewhere()
    assert lab.run(in_fake_time, change) == ["POST", "PATCH"]
    metadata = lab.sent["metadata"]
    assert metadata["namespace"] == "tools"
    assert metadata["labels"] == there()["metadata"]["labels"]
    [owner] = metadata["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Role", ROLE, "uid-of-role")
    assert "server: https://demo.team-a.svc" in decoded(lab, "value")


def test_in_another_namespace_the_one_of_another_cluster_of_that_name_is_left_alone(
    in_fake_time: InFakeTime,
) -> None:
    assert lab_elsewhere(there()).run(in_fake_time) == ["PATCH"]
    lab = lab_elsewhere(there(of="team-b"))
    lab.host.on("POST", THERE, refused(409, "AlreadyExists", 'secrets "ci" already exists'))
    assert set(lab.run(in_fake_time)) == {"POST"}
    assert "host secret for kubeconfig 1" in lab.ctx.host.availability.unavailable


def test_a_key_that_is_renewed_and_a_change_of_somebody_are_followed(in_fake_time: InFakeTime) -> None:
    async def renew(lab: Lab) -> None:
        lab.ctx.host[ACCESS].store(access(key="new", version=7))

    async def change(lab: Lab) -> None:
        lab.ctx.host.store(SECRETS, exported(version=9))

    lab = Lab(EXPORT)
    assert lab.run(in_fake_time, renew) == ["POST", "PATCH"]
    assert decoded(lab, "client-key") == "new"
    assert Lab(EXPORT).run(in_fake_time, change) == ["POST", "PATCH"]


def test_a_secret_that_is_not_ours_is_left_alone_and_that_is_said(in_fake_time: InFakeTime) -> None:
    lab = Lab(EXPORT)
    lab.host.on("POST", ALL, refused(409, "AlreadyExists", 'secrets "ci" already exists'))
    assert set(lab.run(in_fake_time)) == {"POST"}
    unavailable = lab.ctx.host.availability.unavailable
    assert unavailable == {"host secret for kubeconfig 1": 'secrets "ci" already exists'}


def test_one_that_is_named_no_more_is_deleted_and_no_other(in_fake_time: InFakeTime) -> None:
    lab = Lab()
    lab.host.on("GET", ALL, listed(exported()))
    assert lab.run(in_fake_time) == ["DELETE"]
    lab = Lab()
    lab.host.on("GET", ALL, listed(exported(ours=False)))
    assert lab.run(in_fake_time) == []


def test_with_a_service_account_it_has_a_token_and_no_key(in_fake_time: InFakeTime) -> None:
    lab = Lab({**EXPORT, "serviceAccount": ACCOUNT})
    other = {"metadata": {"name": "other", "uid": "3", "resourceVersion": "1"}}
    lab.virtual.on("GET", BINDINGS, listed(other))
    lab.virtual.on("DELETE", f"{BINDINGS}/other", ok({}))
    assert lab.run(in_fake_time) == ["POST"]
    assert decoded(lab, "token") == "a.b"
    assert set(lab.sent["data"]) == {"config", "value", "certificate-authority", "token"}
    assert [each.path for each in lab.virtual.asked("DELETE")] == [f"{BINDINGS}/other"]
    [binding] = [each.body for each in lab.virtual.asked("PATCH") if "roleRef" in each.body]
    assert binding["roleRef"]["name"] == "view"

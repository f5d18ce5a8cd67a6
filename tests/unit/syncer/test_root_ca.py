"""`kube-root-ca.crt`: in every namespace, as the file is, whoever changes it."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from two_clusters import TwoClusters

from scripted_api import listed, ok
from vcli.kube.resources import CONFIGMAPS, NAMESPACES
from vcli.syncer.root_ca import NAME, RootCa

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
OF_TEAM = CONFIGMAPS.path(namespace="team")


def namespace(name: str, **metadata: Any) -> Object:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": "1", **metadata}}


def published(content: str, version: int = 1, name: str = NAME) -> Object:
    metadata = {"name": name, "namespace": "team", "uid": "1", "resourceVersion": str(version)}
    return {"metadata": metadata, "data": {"ca.crt": content}}


class Lab:
    """A virtual cluster with the namespace ``team``."""

    def __init__(self, folder: Path, *objects: Object, namespaces: tuple[Object, ...] = ()) -> None:
        self.file = folder / "ca.crt"
        self.file.write_text("old")
        clusters = TwoClusters(NAMESPACES)
        settings = dataclasses.replace(clusters.ctx.settings, pki=folder)
        self.ctx = dataclasses.replace(clusters.ctx, settings=settings)
        self.virtual = clusters.virtual
        self.virtual.on("GET", NAMESPACES.path(), listed(*(namespaces or (namespace("team"),))))
        self.virtual.on("GET", CONFIGMAPS.path(), listed(*objects))
        self.virtual.on("POST", OF_TEAM, ok(published("old", 2)))
        self.virtual.on("PUT", f"{OF_TEAM}/{NAME}", ok(published("new", 3)))

    def run(self, in_fake_time: InFakeTime, work: Callable[[], object] = lambda: None) -> list[Object]:
        """What was written; `work` is done meanwhile."""

        async def simulate() -> None:
            self.ctx.virtual.watch(CONFIGMAPS)
            root_ca = RootCa(self.ctx)
            running = (self.ctx.virtual, root_ca, root_ca.controller)
            tasks = [asyncio.create_task(each.run()) for each in running]
            await asyncio.sleep(8)
            work()
            await asyncio.sleep(8)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        in_fake_time(simulate)
        return [each.body for each in self.virtual.requests if each.method in {"POST", "PUT", "PATCH"}]


def test_it_is_created_where_it_is_missing(tmp_path: Path, in_fake_time: InFakeTime):
    [body] = Lab(tmp_path).run(in_fake_time)
    assert (body["metadata"]["name"], body["metadata"]["namespace"]) == (NAME, "team")
    assert body["data"] == {"ca.crt": "old"}


def test_one_that_is_right_and_one_of_another_name_are_left_alone(tmp_path: Path, in_fake_time: InFakeTime):
    assert Lab(tmp_path, published("old"), published("x", name="mine")).run(in_fake_time) == []


def test_another_ca_is_published(tmp_path: Path, in_fake_time: InFakeTime):
    lab = Lab(tmp_path, published("old"))
    [body] = lab.run(in_fake_time, lambda: lab.file.write_text("new"))
    assert body["data"] == {"ca.crt": "new"}
    assert body["metadata"]["resourceVersion"] == "1"


def test_what_somebody_changes_is_put_right(tmp_path: Path, in_fake_time: InFakeTime):
    lab = Lab(tmp_path, published("old"))
    lab.virtual.on("PUT", f"{OF_TEAM}/{NAME}", ok(published("old", 9)))
    [body] = lab.run(in_fake_time, lambda: lab.ctx.virtual.store(CONFIGMAPS, published("theirs", 7)))
    assert body["data"] == {"ca.crt": "old"}


def test_a_namespace_that_is_deleted_gets_none(tmp_path: Path, in_fake_time: InFakeTime):
    ending = namespace("team", deletionTimestamp="2026-01-01T00:00:00Z")
    assert Lab(tmp_path, namespaces=(ending,)).run(in_fake_time) == []

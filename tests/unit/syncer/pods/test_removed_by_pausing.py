"""Which pods run again under their names after the virtual cluster was paused."""

from types import SimpleNamespace
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, ok, refused
from vcli.syncer.kinds.pods.paused import Paused

SERVICE = f"/api/v1/namespaces/{NAMESPACE}/services/demo"
EARLIER, AT, LATER = "2026-11-30T06:00:00Z", "2026-11-30T07:00:00Z", "2026-11-30T07:00:01Z"


def pod(started: str | None = EARLIER, *, restart: str = "Always", owners: Any = ()) -> Any:
    status = {} if started is None else {"startTime": started}
    return {"metadata": {"ownerReferences": owners}, "spec": {"restartPolicy": restart}, "status": status}


async def paused(api: ScriptedApi) -> Paused:
    context: Any = SimpleNamespace(
        host=SimpleNamespace(client=api.client()),
        settings=SimpleNamespace(service="demo", namespace=NAMESPACE),
    )
    found = Paused()
    await found.read(context)
    return found


@pytest.mark.parametrize(
    ("virtual", "again"),
    [
        (pod(), True),
        (pod(owners=[{"kind": "ConfigMap"}]), True),
        (pod(owners=[{"kind": "ReplicaSet", "controller": True}]), False),
        (pod(restart="Never"), False),
        (pod(restart="OnFailure"), False),
        (pod(LATER), False),  # somebody has removed its host pod since
        (pod(None), False),
    ],
)
async def test_only_what_nobody_makes_again_and_may_run_twice(virtual: Any, *, again: bool) -> None:
    api = ScriptedApi()
    api.on("GET", SERVICE, ok({"metadata": {"annotations": {"vcli.dev/paused-at": AT}}}))
    assert (await paused(api)).removed(virtual) is again


@pytest.mark.parametrize("answer", [ok({"metadata": {}}), refused(403, "Forbidden")])
async def test_one_that_was_never_paused_has_no_such_pods(answer: Any) -> None:
    api = ScriptedApi()
    api.on("GET", SERVICE, answer)
    assert not (await paused(api)).removed(pod())

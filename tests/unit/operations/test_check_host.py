"""What ``vcli check`` makes of a host's answers."""

from typing import Any

import pytest

from scripted_api import ScriptedApi, ok, refused
from vcli.errors import NotReadyError, VcliError
from vcli.kube.transport import Response
from vcli.operations.check import enforcement
from vcli.operations.check.model import Check, Status
from vcli.operations.check.pod_security import HONOURED, LABELLED, check_pod_security
from vcli.operations.check.run import Checked
from vcli.operations.steps import NoSteps

NAMESPACE = "/api/v1/namespaces/team-a"
PODS = f"{NAMESPACE}/pods"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/team-a/networkpolicies"


class Api(ScriptedApi):
    """Names of what is made have a part by chance; it is left out of the paths."""

    def _next(self, method: str, path: str) -> Response:
        for name in ("vcli-check-server", "vcli-check-client", "vcli-check"):
            head, found, tail = path.partition(f"/{name}-")
            if found:
                path = f"{head}/{name}" + (tail[6:] if len(tail) >= 6 else "")
                break
        return super()._next(method, path)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Two pods that run at once; what the client's log says is for the test."""
    monkeypatch.setattr(enforcement, "_SETTLES", 0.2)
    monkeypatch.setattr(enforcement, "_PAUSE", 0.01)
    api = Api()
    running = ok({"status": {"phase": "Running", "podIP": "10.0.0.7"}})
    api.on("POST", PODS, ok({}, 201))
    api.on("POST", POLICIES, ok({}, 201))
    api.on("DELETE", f"{POLICIES}/vcli-check", ok({}))
    for name in ("vcli-check-server", "vcli-check-client"):
        api.on("GET", f"{PODS}/{name}", running)
        api.on("DELETE", f"{PODS}/{name}", ok({}))
    return api


def log(api: Api, *texts: str) -> None:
    answers = [Response(200, {}, "\n".join([text] * 3).encode()) for text in texts]
    api.on("GET", f"{PODS}/vcli-check-client/log", *answers)


async def enforced(api: Api, *, needed: bool = True) -> Check:
    return await enforcement.check_enforcement(
        api.client(), "team-a", "python:3", needed=needed, steps=NoSteps()
    )


async def test_traffic_that_ends_with_the_policy_is_enforcement(host: Api):
    log(host, "open", "closed")
    assert (await enforced(host)).status is Status.OK
    assert len(host.asked("DELETE")) == len(host.asked("POST")) == 3


@pytest.mark.parametrize(("needed", "status"), [(True, Status.FAILED), (False, Status.WARNING)])
async def test_traffic_that_goes_on_is_none(host: Api, *, needed: bool, status: Status):
    log(host, "open")
    assert (await enforced(host, needed=needed)).status is status
    assert len(host.asked("DELETE")) == 3


async def test_no_traffic_at_all_proves_nothing(host: Api):
    log(host, "closed")
    assert (await enforced(host)).status is Status.UNKNOWN
    assert len(host.asked("DELETE")) == len(host.asked("POST")) == 2


async def test_pods_that_are_refused_prove_nothing(host: Api):
    host.on("POST", PODS, refused(403, "Forbidden", "exceeded quota"))
    found = await enforced(host)
    assert found.status is Status.UNKNOWN
    assert "exceeded quota" in found.message


def labelled(level: str) -> Response:
    labels = {"pod-security.kubernetes.io/enforce": level} if level else {}
    return ok({"metadata": {"name": "team-a", "labels": labels}})


async def security(api: ScriptedApi, level: str) -> dict[str, Status]:
    found = await check_pod_security(api.client(), "team-a", level, steps=NoSteps())
    return {each.name: each.status for each in found}


async def test_a_label_that_refuses_is_honoured():
    api = ScriptedApi()
    api.on("GET", NAMESPACE, labelled("baseline"))
    api.on("POST", PODS, refused(403, "Forbidden", "violates PodSecurity"))
    assert await security(api, "baseline") == {HONOURED: Status.OK, LABELLED: Status.OK}
    assert (await security(api, "restricted"))[LABELLED] is Status.WARNING


async def test_a_label_that_admits_is_not():
    api = ScriptedApi()
    api.on("GET", NAMESPACE, labelled("restricted"))
    api.on("POST", PODS, ok({}, 201))
    assert await security(api, "baseline") == {HONOURED: Status.FAILED, LABELLED: Status.OK}
    assert (await security(api, ""))[HONOURED] is Status.WARNING


async def test_who_may_not_make_a_namespace_does_not_know():
    api = Api()
    api.on("GET", NAMESPACE, labelled(""))
    api.on("POST", "/api/v1/namespaces", refused(403, "Forbidden"))
    api.on("DELETE", "/api/v1/namespaces/vcli-check", refused(403, "Forbidden"))
    assert await security(api, "baseline") == {HONOURED: Status.UNKNOWN, LABELLED: Status.WARNING}


def checked(*states: Status) -> Checked:
    checks = [Check(name=f"c{n}", status=each, message="m", hint="h") for n, each in enumerate(states)]
    return Checked(name=None, namespace="team-a", isolated=True, checks=checks)


def test_what_failed_outweighs_what_is_not_known():
    assert checked(Status.OK, Status.WARNING).error is None
    unsure = checked(Status.OK, Status.UNKNOWN).error
    failed = checked(Status.UNKNOWN, Status.FAILED).error
    assert isinstance(unsure, NotReadyError)
    assert type(failed) is VcliError
    assert (failed.exit_code, failed.hint, unsure.exit_code) == (1, "h", 4)
    assert "c1" in failed.message


def test_data_has_hints_where_there_are_some():
    data: Any = checked(Status.OK).data()
    assert data["checks"] == [{"name": "c0", "status": "ok", "message": "m", "hint": "h"}]

"""Which addresses the API server's certificate gets, by the Service on the host."""

from contextlib import aclosing
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, ok, refused
from vcli.config import load
from vcli.controlplane import render
from vcli.controlplane.names import Names
from vcli.syncer.reached_at import addresses

CORE = f"/api/v1/namespaces/{NAMESPACE}"
SPEC = render.spec(Names("demo", NAMESPACE), load())
BALANCED = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}, {"hostname": "lb.example.com"}]}}
NODE = {"metadata": {"name": "demo-0"}, "status": {"hostIPs": [{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]}}


def service(kind: str, version: str = "1", **status: Any) -> Any:
    metadata = {"name": "demo", "namespace": NAMESPACE, "resourceVersion": version}
    return {"metadata": metadata, "spec": {"type": kind}, "status": status}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (service("ClusterIP"), ()),
        (service("LoadBalancer", loadBalancer={}), ()),
        (service("LoadBalancer", **BALANCED), ("192.0.2.7", "lb.example.com")),
        (service("NodePort"), ("192.0.2.1", "2001:db8::1")),
    ],
)
async def test_of_each_type_of_service(found: Any, expected: tuple[str, ...]) -> None:
    api = ScriptedApi()
    api.on("GET", f"{CORE}/services", listed(found))
    api.on("GET", f"{CORE}/pods/demo-0", ok(NODE))
    async with aclosing(addresses(api.client(), SPEC)) as following:
        assert await anext(following) == expected


async def test_a_change_is_followed_and_a_failure_is_no_end() -> None:
    api = ScriptedApi()
    api.on("GET", f"{CORE}/services", listed(service("LoadBalancer", loadBalancer={})))
    api.on("GET", f"{CORE}/pods/demo-0", refused(403, "Forbidden"))
    async with aclosing(addresses(api.client(), SPEC)) as following:
        assert await anext(following) == ()
        api.send_event(f"{CORE}/services", "MODIFIED", service("LoadBalancer", "2", **BALANCED))
        assert await anext(following) == ("192.0.2.7", "lb.example.com")
        api.send_event(f"{CORE}/services", "MODIFIED", service("NodePort", "3"))
        assert await anext(following) == ()

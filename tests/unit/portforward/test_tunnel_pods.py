"""How long a tunnel waits for a pod before it tries another one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, ok
from vcli.kube.resources import PODS
from vcli.portforward import tunnel as module
from vcli.portforward.tunnel import Tunnel

OF_A_HANDSHAKE = 10  # seconds that clients in Go give a TLS handshake
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]


class Link:
    error = ""

    async def close(self) -> None:
        """Nothing is open."""


class Local:
    """A client that is content with any link."""

    committed = gone = False

    async def splice(self, link: object) -> None:  # noqa: ARG002
        self.committed = True


def running(name: str) -> dict[str, Any]:
    metadata = {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {
        "metadata": metadata,
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


@pytest.mark.parametrize("dead", [{"a"}, {"a", "b"}])
def test_a_dead_node_costs_less_than_a_handshake(
    in_fake_time: InFakeTime, monkeypatch: pytest.MonkeyPatch, dead: set[str]
) -> None:
    tried: list[str] = []

    async def open_link(client: object, *, pod: str, **_: object) -> Link:
        tried.append(pod)
        if pod in dead:
            await asyncio.Event().wait()
        return Link()

    async def connect() -> float:
        api = ScriptedApi()
        api.on("GET", PODS.path(namespace=NAMESPACE), ok(listed_pods))
        tunnel = Tunnel(api.client(), namespace=NAMESPACE, selector="app=vcluster")
        local: Any = Local()
        start = asyncio.get_running_loop().time()
        await tunnel._connect_and_splice(local)
        assert local.committed
        return asyncio.get_running_loop().time() - start

    listed_pods = {"items": [running(name) for name in "abc"]}
    monkeypatch.setattr(module, "open_link", open_link)
    assert in_fake_time(connect) < OF_A_HANDSHAKE
    assert tried == ["a", "b", "c"][: len(dead) + 1]

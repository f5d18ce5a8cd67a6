"""Requests without kubectl, for what each test does: to start kubectl takes a tenth of a second of a core."""

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

import yaml

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CONFIGMAPS, NAMESPACES, SERVICEACCOUNTS

_USUAL = ((SERVICEACCOUNTS, "default"), (CONFIGMAPS, "kube-root-ca.crt"))
_SECONDS = 110
_PAUSE = 0.05


def client_of(kubeconfig: Path, *, timeout: float = 30) -> Client:
    """Of whatever the file says; vcli itself goes through a virtual cluster's context to its host."""
    config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    access = Access(
        server=cluster["server"],
        ca=base64.b64decode(cluster["certificate-authority-data"]),
        client_certificate=base64.b64decode(user["client-certificate-data"]),
        client_key=base64.b64decode(user["client-key-data"]),
    )
    return Client(access, timeout=timeout)


def make_namespace(kubeconfig: Path, name: str) -> None:
    """Make a namespace, with what controllers put into it; before that it takes no pod."""

    async def make() -> None:
        async with client_of(kubeconfig) as client:
            await client.create(NAMESPACES, {"metadata": {"name": name}})
            until = time.monotonic() + _SECONDS
            for resource, usual in _USUAL:
                while not await _is_there(client, resource, usual, name):
                    assert time.monotonic() < until, f"namespace {name} has no {usual}"
                    await asyncio.sleep(_PAUSE)

    _run(make())


def end_namespace(kubeconfig: Path, name: str) -> None:
    """Have it deleted, unless it is gone already; without waiting."""

    async def end() -> None:
        async with client_of(kubeconfig) as client:
            try:
                await client.delete(NAMESPACES, name)
            except NotFound:
                return

    _run(end())


async def _is_there(client: Client, resource: Any, name: str, namespace: str) -> bool:
    try:
        await client.get(resource, name, namespace=namespace)
    except NotFound:
        return False
    return True


def _run(work: Any) -> None:
    # A loop of its own: asyncio.run would take away the one of a test that is asynchronous.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(work)

"""Operations refuse what can't be meant before they ask a host: a program has no command line to do so."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from vcli import AsyncVirtualCluster, VirtualCluster
from vcli.config import load
from vcli.errors import UsageError
from vcli.kubeconfig.auth import load_access
from vcli.kubeconfig.paths import sources
from vcli.operations import connect, create, delete
from vcli.operations.describe import describe_cluster
from vcli.operations.disconnect import disconnect
from vcli.operations.facts import choose_namespace
from vcli.operations.list import list_clusters
from vcli.operations.logs import copy_logs
from vcli.operations.template import template
from vcli.operations.token import credential

NAMES = ["", " ", "a,b", "a=b", "Demo", "a b", "\u00fc", "x" * 64]
Build = Callable[..., Any]
OPTIONS: list[Build] = [partial(create.Options, values=load()), delete.Options, connect.Options]
FACES: list[Build] = [
    each for face in (VirtualCluster, AsyncVirtualCluster) for each in (face.create, face.connect)
]
ASYNC: list[Build] = [
    describe_cluster,
    partial(copy_logs, write=print),
    partial(credential, environ={}),
    partial(template, values=load()),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("build", [*OPTIONS, *FACES])
def test_names_and_namespaces(build: Build, name: str) -> None:
    for given in ({"name": name}, {"name": "demo", "namespace": name}):
        with pytest.raises(UsageError):
            build(**given)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("work", ASYNC)
async def test_names_and_namespaces_of_what_runs(work: Build, name: str) -> None:
    for given in ({"name": name}, {"name": "demo", "namespace": name}):
        with pytest.raises(UsageError):
            await work(**given)


async def test_an_empty_namespace_is_not_all_of_them() -> None:
    with pytest.raises(UsageError, match="the namespace must not be empty"):
        await list_clusters(namespace="")
    with pytest.raises(UsageError, match="the namespace must not be empty"):
        await disconnect("demo", namespace="")
    with pytest.raises(UsageError, match="the name must not be empty"):
        await disconnect("")
    with pytest.raises(UsageError, match="the namespace must not be empty"):
        choose_namespace("demo", given="", of_context="team")


def test_an_empty_host_is_not_the_default_one() -> None:
    with pytest.raises(UsageError, match="the context must not be empty"):
        load_access(context="")
    with pytest.raises(UsageError, match="the path of the kubeconfig must not be empty"):
        load_access(kubeconfig="")
    with pytest.raises(UsageError, match="the path of the kubeconfig must not be empty"):
        sources("")
    for build in FACES:
        for given in ({"context": ""}, {"kubeconfig": ""}):
            with pytest.raises(UsageError, match="must not be empty"):
                build("demo", **given)


@pytest.mark.parametrize("timeout", [0, -1, math.nan, math.inf, 1e9])
def test_timeouts(timeout: float) -> None:
    for build in [*OPTIONS, *FACES]:
        with pytest.raises(UsageError, match="the timeout"):
            build(name="demo", timeout=timeout)


@pytest.mark.parametrize(
    "given",
    [
        {"local_port": 99999},
        {"local_port": -1},
        {"address": "nope"},
        {"address": ""},
        {"server": "ftp://x"},
        {"server": ""},
        {"service_account": "a/b/c"},
        {"service_account": ""},
        {"service_account": "a", "cluster_role": "a/b"},
        {"service_account": "a", "token_life": 10.0},
        {"service_account": "a", "token_life": 1e12},
        {"context_name": ""},
    ],
)
def test_connections(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        connect.Options(name="demo", **given)


def test_a_cluster_of_another_tool_may_have_a_longer_name() -> None:
    assert delete.Options(name="0" + "x" * 62).name
    with pytest.raises(UsageError, match="63 characters, 52 are the most"):
        create.Options(name="x" * 63, values=load())

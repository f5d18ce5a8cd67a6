"""Discovery, as far as errors, order and memory go; a real server is asked in tests/api."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from vcli.kube.discovery import find
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import Resource


class Answers:
    """In the place of a client; what is not there is a 404."""

    def __init__(self, **paths: Any) -> None:
        self.paths = {path.replace("__", "/"): answer for path, answer in paths.items()}
        self.asked: list[str] = []

    async def request(self, method: str, path: str) -> Any:
        assert method == "GET"
        self.asked.append(path)
        await asyncio.sleep(0)
        answer = self.paths.get(path.strip("/"))
        if answer is None:
            raise NotFound("404 page not found", status=404)
        if isinstance(answer, Exception):
            raise answer
        return Json(answer)


class Json:
    def __init__(self, data: Any) -> None:
        self._data = data

    def json(self) -> Any:
        return self._data


def group(*versions: str, preferred: str) -> Any:
    return {"versions": [{"version": each} for each in versions], "preferredVersion": {"version": preferred}}


def resources(*pairs: tuple[str, str]) -> Any:
    return {"resources": [{"name": name, "kind": kind, "namespaced": True} for name, kind in pairs]}


async def test_the_preferred_version_counts_and_others_if_it_lacks_the_kind():
    client: Any = Answers(
        apis__g=group("v1beta1", "v1", preferred="v1"),
        apis__g__v1=resources(("as", "A"), ("as/status", "B")),
        apis__g__v1beta1=resources(("as", "A"), ("bs", "B")),
    )
    assert await find(client, group="g", kind="A") == Resource("g", "v1", "as", "A")
    assert await find(client, group="g", kind="B") == Resource("g", "v1beta1", "bs", "B")


async def test_two_who_ask_at_once_ask_the_server_once():
    client: Any = Answers(api__v1=resources(("pods", "Pod")))
    found = await asyncio.gather(*(find(client, group="", kind="Pod") for _ in range(5)))
    assert len(set(found)) == 1
    assert client.asked == ["/api/v1"]


async def test_other_refusals_are_not_an_absence():
    client: Any = Answers(apis__g=Forbidden("no", status=403))
    with pytest.raises(Forbidden):
        await find(client, group="g", kind="A")


async def test_a_client_that_is_gone_is_forgotten():
    client: Any = Answers(api__v1=resources(("pods", "Pod")))
    await find(client, group="", kind="Pod")
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None

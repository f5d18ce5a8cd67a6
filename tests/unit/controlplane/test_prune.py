"""What is there and would not be made any more, by the kinds that are off."""

from typing import Any

from controlplane_builders import NAMES

from vcli.config import load
from vcli.controlplane.prune import find_surplus
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import PDBS


class Response:
    def __init__(self, *names: str) -> None:
        self.names = names

    def json(self) -> dict[str, Any]:
        found = [{"name": each, "namespace": "team-a", "uid": "1"} for each in self.names]
        return {"items": [{"metadata": each} for each in found]}


class Host:
    """Has a disruption budget that was synced, and nothing else."""

    def __init__(self, *, forbidden: bool = False) -> None:
        self.forbidden = forbidden
        self.selectors: list[str] = []

    async def get(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise NotFound("no", status=404)

    async def request(self, _: str, path: str, *, params: dict[str, str], **__: Any) -> Response:
        if path != PDBS.path(namespace="team-a"):
            return Response()
        if self.forbidden:
            raise Forbidden("no", status=403)
        self.selectors.append(params["labelSelector"])
        return Response("web-x-default-x-demo")


async def surplus(host: Host, *sets: str) -> list[tuple[str, str]]:
    found = await find_surplus(host, NAMES, load([], sets), [])  # type: ignore[arg-type]
    return [(each["kind"], each["metadata"]["name"]) for each in found]


async def test_what_a_kind_has_left_that_is_off() -> None:
    host = Host()
    assert await surplus(host) == [("PodDisruptionBudget", "web-x-default-x-demo")]
    assert host.selectors == ["vcli.dev/managed-by=demo"]


async def test_nothing_of_a_kind_that_is_on() -> None:
    assert await surplus(Host(), "sync.toHost.podDisruptionBudgets.enabled=true") == []


async def test_what_may_not_be_listed_was_not_made() -> None:
    assert await surplus(Host(forbidden=True)) == []

"""What is there and would not be made any more, by the kinds that are off."""

from typing import Any

from controlplane_builders import NAMES

from vcli.config import load
from vcli.controlplane.prune import find_surplus
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import PDBS, PRIORITYCLASSES, ROLES, Resource


class Response:
    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = items

    def json(self) -> dict[str, Any]:
        return {"items": [{"metadata": each} for each in self.items]}


OFF = "sync.toHost.podDisruptionBudgets.enabled=false"


class Host:
    """Has one object that was synced, and nothing else."""

    def __init__(self, resource: Resource = PDBS, *, forbidden: bool = False) -> None:
        self.resource = resource
        self.forbidden = forbidden
        self.selectors: list[str] = []

    async def get(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise NotFound("no", status=404)

    async def request(self, _: str, path: str, *, params: dict[str, str], **__: Any) -> Response:
        if path != self.resource.path(namespace="team-a"):
            return Response()
        if self.forbidden:
            raise Forbidden("no", status=403)
        self.selectors.append(params["labelSelector"])
        namespace = {"namespace": "team-a"} if self.resource.namespaced else {}
        return Response({"name": "web-x-default-x-demo", "uid": "1", **namespace})


async def surplus(host: Host, *sets: str) -> list[tuple[str, str]]:
    found = await find_surplus(host, NAMES, load([], sets), [])  # type: ignore[arg-type]
    return [(each["kind"], each["metadata"]["name"]) for each in found]


async def test_what_a_kind_has_left_that_is_off() -> None:
    host = Host()
    assert await surplus(host, OFF) == [("PodDisruptionBudget", "web-x-default-x-demo")]
    assert host.selectors == ["vcli.dev/managed-by=demo"]


async def test_what_is_in_no_namespace_is_found_by_that_of_its_cluster() -> None:
    host = Host(PRIORITYCLASSES)
    assert await surplus(host) == [("PriorityClass", "web-x-default-x-demo")]
    assert host.selectors == ["vcli.dev/managed-by=demo,vcli.dev/host-namespace=team-a"]


async def test_nothing_of_a_kind_that_is_on() -> None:
    assert await surplus(Host()) == []


async def test_what_may_not_be_listed_was_not_made() -> None:
    assert await surplus(Host(forbidden=True), OFF) == []


class HostWithCustomResource(Host):
    """Its syncer may write certificates, of which it has synced one."""

    def __init__(self) -> None:
        super().__init__(Resource("example.com", "v1", "certificates", "Certificate"))

    async def get(self, resource: Resource, *_: Any, **__: Any) -> dict[str, Any]:
        if resource is not ROLES:
            raise NotFound("no", status=404)
        return {"rules": [{"apiGroups": ["example.com"], "resources": ["certificates"], "verbs": ["delete"]}]}

    async def request(self, method: str, path: str, **more: Any) -> Any:
        if path == "/apis/example.com":
            return Document({"versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}})
        if path == "/apis/example.com/v1":
            kind = {"name": "certificates", "kind": "Certificate", "namespaced": True}
            return Document({"resources": [kind]})
        return await super().request(method, path, **more)


class Document:
    """The answer to a question about an API."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def json(self) -> dict[str, Any]:
        return self.content


async def test_a_custom_resource_that_is_named_no_more() -> None:
    assert await surplus(HostWithCustomResource()) == [("Certificate", "web-x-default-x-demo")]
    custom = r"sync.toHost.customResources.certificates\.example\.com.enabled=true"
    assert await surplus(HostWithCustomResource(), custom) == []

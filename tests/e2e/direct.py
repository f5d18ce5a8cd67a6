"""Requests without kubectl, for what each test does: to start kubectl takes a tenth of a second of a core."""

import asyncio
import base64
import contextlib
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vcli.errors import VcliError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CONFIGMAPS, NAMESPACES, PODMETRICS, SERVICEACCOUNTS, Resource

_FLAGS = {
    "-n": "namespace",
    "--namespace": "namespace",
    "-l": "label_selector",
    "--selector": "label_selector",
    "--field-selector": "field_selector",
    "--context": "context",
}
_SHORT = {"pvc": "persistentvolumeclaims", "pv": "persistentvolumes", "svc": "services", "cm": "configmaps"}
_USUAL = ((SERVICEACCOUNTS, "default"), (CONFIGMAPS, "kube-root-ca.crt"))
_SECONDS = 110
_PAUSE = 0.05


def client_of(kubeconfig: Path, *, timeout: float = 30) -> Client:
    """Of whatever the file says; vcli itself goes through a virtual cluster's context to its host."""
    config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    return Client(_access(config["clusters"][0]["cluster"], config["users"][0]["user"]), timeout=timeout)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What ``kubectl get`` is asked for, where it is a plain question.

    Attributes:
        resources: of which kinds.
        name: of one object, None for all.
        options: of `Client.list`, and the context.
    """

    resources: list[Resource]
    name: str | None
    options: dict[str, str]

    @classmethod
    def of(cls, args: Sequence[str]) -> "Question | None":
        """Of kubectl's arguments; None where kubectl has to understand them."""
        words: list[str] = []
        options: dict[str, str] = {}
        rest = iter(args)
        for each in rest:
            if each in _FLAGS:
                options[_FLAGS[each]] = next(rest)
            elif each.startswith("-"):
                return None
            else:
                words.append(each)
        kinds = words[0].split(",") if words else []
        known = _kinds()
        if len(words) not in (1, 2) or (len(words) == 2 and len(kinds) > 1) or not known.keys() >= set(kinds):
            return None
        return cls(resources=[known[x] for x in kinds], name=(*words, None)[1], options=options)

    async def asked(self, client: Client, namespace: str) -> Any:
        """The answer, as kubectl prints it."""
        if self.name is not None:
            (resource,) = self.resources
            return await client.get(resource, self.name, namespace=namespace)
        selectors = {key: value for key, value in self.options.items() if key.endswith("selector")}
        items = []
        for resource in self.resources:
            listed = await client.list(resource, namespace=namespace, **selectors)
            kind = {"apiVersion": resource.api_version, "kind": resource.kind}
            items += [{**kind, **each} for each in listed["items"]]
        return {"apiVersion": "v1", "kind": "List", "items": items}


def get(kubeconfig: Path, args: Sequence[str], *, namespace: str | None = None) -> Any:
    """What ``kubectl get ARGS -o json`` prints; None where only kubectl can say that.

    Args:
        kubeconfig: whose context has the keys of a user in it.
        args: after ``kubectl get``.
        namespace: by default, that of the context.

    Raises:
        AssertionError: the API server has no such object, or does not answer.
    """
    question = Question.of(args)
    if question is None or _is_in_loop():
        return None
    config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    name = question.options.get("context", config.get("current-context"))
    context = _named(config, "contexts", name)
    cluster, user = (_named(config, f"{each}s", context.get(each)) for each in ("cluster", "user"))
    if "client-key-data" not in user or "tls-server-name" in cluster or "proxy-url" in cluster:
        return None
    namespace = question.options.get("namespace") or namespace or context.get("namespace") or "default"

    async def ask() -> Any:
        async with Client(_access(cluster, user), timeout=30) as client:
            return await question.asked(client, namespace)

    with _as_assertion(args):
        return _run(ask())


@contextlib.contextmanager
def _as_assertion(args: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except VcliError as error:
        raise AssertionError(f"kubectl get {' '.join(args)}: {error}") from error


def _kinds() -> dict[str, Resource]:
    """Kinds by the names that kubectl takes for them."""
    found = {}
    for resource in Resource.known.values():
        if resource is not PODMETRICS:
            found |= dict.fromkeys((resource.plural, resource.kind.lower()), resource)
    return found | {short: found[plural] for short, plural in _SHORT.items()}


def _named(config: dict[str, Any], what: str, name: str | None) -> dict[str, Any]:
    return next((x[what.removesuffix("s")] for x in config.get(what) or () if x["name"] == name), {})


def _access(cluster: dict[str, Any], user: dict[str, Any]) -> Access:
    return Access(
        server=cluster["server"],
        ca=base64.b64decode(cluster["certificate-authority-data"]),
        client_certificate=base64.b64decode(user["client-certificate-data"]),
        client_key=base64.b64decode(user["client-key-data"]),
    )


def _is_in_loop() -> bool:
    with contextlib.suppress(RuntimeError):
        return asyncio.get_running_loop() is not None
    return False


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


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    # A loop of its own: asyncio.run would take away the one of a test that is asynchronous.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work)

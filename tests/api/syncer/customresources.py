"""Custom resources of a group of a test's own, in the shape of cert-manager's."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from testbed import Lab

from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CRDS, Resource

Object = dict[str, Any]

_TEXT = {"type": "string"}
_OBSERVED = {"type": "integer", "format": "int64"}
_CONDITION = {
    "type": "object",
    "required": ["type", "status"],
    "properties": {
        "type": _TEXT,
        "status": _TEXT,
        "reason": _TEXT,
        "message": _TEXT,
        "observedGeneration": _OBSERVED,
    },
}
_SCHEMA: Object = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["issuerRef", "secretName"],
            "properties": {
                "secretName": _TEXT,
                "dnsNames": {"type": "array", "items": _TEXT},
                "issuerRef": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": _TEXT, "kind": _TEXT, "group": _TEXT},
                },
                "keystores": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "passwordSecretRef": {"type": "object", "properties": {"name": _TEXT}}
                        },
                    },
                },
                "podSelector": {
                    "type": "object",
                    "properties": {
                        "matchLabels": {"type": "object", "additionalProperties": _TEXT},
                    },
                },
            },
        },
        "status": {
            "type": "object",
            "properties": {
                "observedGeneration": _OBSERVED,
                "conditions": {"type": "array", "items": _CONDITION},
                "secret": _TEXT,
            },
        },
    },
}


def version(name: str = "v1", *, storage: bool = True, status: bool = True) -> Object:
    """A version of a definition."""
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": _SCHEMA},
        **({"subresources": {"status": {}}} if status else {}),
    }


def definition(group: str, *versions: Object, kind: str = "Certificate", scope: str = "Namespaced") -> Object:
    """The definition of `kind`, of v1 by default."""
    plural = f"{kind.lower()}s"
    return {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": list(versions) or [version()],
        },
    }


def resource(group: str, *, kind: str = "Certificate", namespaced: bool = True) -> Resource:
    """The same, as the client wants it."""
    return Resource(group, "v1", f"{kind.lower()}s", kind, namespaced)


def custom_values(name: str, *patches: Object, direction: str = "toHost", **more: Any) -> tuple[str, str]:
    """A value for `--set-json`, that syncs it."""
    custom = {"enabled": True, **({"patches": list(patches)} if patches else {}), **more}
    escaped = name.replace(".", r"\.")
    return "--set-json", f"sync.{direction}.customResources.{escaped}={json.dumps(custom)}"


async def definition_becomes(
    lab: Lab, client: Client, name: str, when: Callable[[Object], Any] = lambda _: True
) -> Object:
    """Wait until a cluster has a definition that is established, and as wanted."""

    async def check() -> Object | None:
        try:
            found = await client.get(CRDS, name)
        except NotFound:
            return None
        conditions = (found.get("status") or {}).get("conditions") or ()
        established = any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
        return found if established and when(found) else None

    found = await lab.eventually(check)
    assert found is not None
    return found


async def define(lab: Lab, client: Client, kind: Resource, definition: Object) -> None:
    """Give a cluster a definition; returns when it is served."""
    await client.create(CRDS, definition)

    async def is_served() -> bool:
        with suppress(NotFound):
            await client.list(kind)
            return True
        return False

    await lab.eventually(is_served)


async def create_when_served(lab: Lab, kind: Resource, body: Object, *, namespaced: bool = True) -> Object:
    """Create an object in the virtual cluster, as soon as its definition is served there."""

    async def create() -> Object | None:
        try:
            return await lab.virtual.create(kind, body, namespace=lab.space if namespaced else None)
        except NotFound:
            return None

    made = await lab.eventually(create)
    assert made is not None
    return made

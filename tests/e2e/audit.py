"""What an account asked of a host, by its audit log, and what its roles allow it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from embedded import Host

Object = dict[str, Any]

_UPGRADES = ("pods/exec", "pods/attach", "pods/portforward")


class Use(NamedTuple):
    """A verb on a resource: asked for, or allowed."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}.{self.group}".rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that was answered, or is being answered.

    Attributes:
        user: whose.
        use: what was asked for.
        namespace: empty for what is in none.
        code: of the answer.
    """

    user: str
    use: Use
    namespace: str
    code: int

    def uses(self) -> Iterator[Use]:
        """All that it takes."""
        yield self.use
        # The API server asks for the right to create where a patch finds nothing, and where a connection is
        # upgraded by a GET.
        created = self.use.verb == "patch" and self.code == 201
        if created or (self.use.resource in _UPGRADES and self.use.verb == "get"):
            yield self.use._replace(verb="create")


def log_of(host: Host) -> Path:
    """Where the host writes its audit log."""
    status = json.loads(host.vcli("host", "status", "--name", host.name, "--output", "json").stdout)
    return Path(status["auditLog"])


def requests(log: Path) -> Iterator[Request]:
    """Those for resources, in order."""
    with log.open() as lines:
        for line in lines:
            if not line.endswith("\n"):  # being written
                return
            event = json.loads(line)
            ref = event.get("objectRef")
            if ref is None or "resource" not in ref:
                continue
            resource = "/".join(ref[key] for key in ("resource", "subresource") if ref.get(key))
            yield Request(
                user=event["user"]["username"],
                use=Use(ref.get("apiGroup", ""), resource, event["verb"]),
                namespace=ref.get("namespace", ""),
                code=event.get("responseStatus", {}).get("code", 0),
            )


def account(namespace: str, name: str) -> str:
    """The user that a ServiceAccount is."""
    return f"system:serviceaccount:{namespace}:{name}"


def allowed(host: Host, *, namespace: str, name: str) -> set[Use]:
    """What the Role and the ClusterRole of a virtual cluster's syncer allow."""
    role = host.get("role", f"vc-{name}", "--namespace", namespace)
    cluster_roles = host.get("clusterroles", "--field-selector", f"metadata.name=vcli:{namespace}:{name}")
    return set(_uses_of([role, *cluster_roles["items"]]))


def refused(asked: Iterable[Request]) -> set[Use]:
    """What was forbidden and never allowed: a right takes effect a moment after it is given."""
    found = list(asked)
    forbidden = {(each.use, each.namespace) for each in found if each.code == 403}
    return {use for use, _ in forbidden - {(each.use, each.namespace) for each in found if each.code != 403}}


def _uses_of(roles: Iterable[Object]) -> Iterator[Use]:
    for role in roles:
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    yield from (Use(group, resource, verb) for verb in rule["verbs"])

"""Kubeconfig entries of ours that lead through a tunnel. Pure: data in, data out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcli.kube.types import Object
from vcli.kubeconfig.model import Mark, entries, mark_of


def contexts_through(config: Mapping[str, Any], *, name: str, namespace: str, server: str) -> list[str]:
    """The contexts that lead to a virtual cluster by this URL; also those that a user made or renamed.

    An entry of ours that no context uses counts by its own name.

    Args:
        config: the content of a kubeconfig.
        name: of the virtual cluster.
        namespace: on the host.
        server: URL of the tunnel.
    """
    clusters = {
        key
        for key, body in entries(config, "clusters")
        if body.get("server") == server and _is_of(mark_of(body), name, namespace)
    }
    contexts = [(key, str(body.get("cluster"))) for key, body in entries(config, "contexts")]
    unused = clusters - {cluster for _, cluster in contexts}
    return [*(key for key, cluster in contexts if cluster in clusters), *sorted(unused)]


def relocate(
    files: Mapping[Path, Object],
    *,
    name: str,
    namespace: str,
    servers: tuple[str, str],
    tunnels: tuple[str, str],
) -> dict[Path, Object]:
    """Lead entries of ours through another tunnel.

    Args:
        files: path → content; untouched.
        name: of the virtual cluster.
        namespace: on the host.
        servers: the URL of the old tunnel, and of the new one.
        tunnels: what ``vcli token`` gets for the old one (``--tunnel``), and for the new one.
    """
    result = dict(files)
    for path, config in files.items():
        changed = dict(config)
        if "clusters" in config:
            changed["clusters"] = [
                _cluster(item, name, namespace, servers) for item in config["clusters"] or ()
            ]
        if "users" in config:
            changed["users"] = [_user(item, name, namespace, tunnels) for item in config["users"] or ()]
        if changed != config:
            result[path] = changed
    return result


def _cluster(item: Object, name: str, namespace: str, servers: tuple[str, str]) -> Object:
    body = item.get("cluster") or {}
    if body.get("server") != servers[0] or not _is_of(mark_of(body), name, namespace):
        return item
    return {**item, "cluster": {**body, "server": servers[1]}}


def _user(item: Object, name: str, namespace: str, tunnels: tuple[str, str]) -> Object:
    body = item.get("user") or {}
    plugin = body.get("exec")
    if not isinstance(plugin, dict) or not _is_of(mark_of(body), name, namespace):
        return item
    arguments = [tunnels[1] if each == tunnels[0] else each for each in plugin.get("args") or ()]
    if arguments == plugin.get("args"):
        return item
    return {**item, "user": {**body, "exec": {**plugin, "args": arguments}}}


def _is_of(mark: Mark | None, name: str, namespace: str) -> bool:
    return mark is not None and (mark.name, mark.namespace) == (name, namespace)

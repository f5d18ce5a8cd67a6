"""Applying manifests of any kind, custom resources included, by the official client's discovery."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Object = dict[str, Any]


def objects_of(source: str | Path | Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[Object]:
    """The objects of a YAML file, of a folder of them, or given as such; Lists are taken apart."""
    if isinstance(source, str | Path):
        import yaml  # noqa: PLC0415

        from vcli.kubeconfig.yaml import Loader  # noqa: PLC0415  leaves dates as they are

        path = Path(source)
        files = sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")]) if path.is_dir() else [path]
        found: list[Any] = [
            document for file in files for document in yaml.load_all(file.read_text("utf-8"), Loader)
        ]
    elif isinstance(source, Mapping):
        found = [source]
    else:
        found = list(source)
    flat: list[Object] = []
    for each in found:
        if each:
            flat += (
                each["items"] if str(each.get("kind", "")).endswith("List") and "items" in each else [each]
            )
    return flat


def apply_objects(api: Any, objects: Iterable[Object], *, namespace: str) -> list[Object]:
    """Apply objects one after the other, by server-side apply.

    Args:
        api: a ``kubernetes.client.ApiClient``.
        objects: in the order in which they need each other.
        namespace: for those that name none.

    Returns:
        What the API server answered.
    """
    from kubernetes.dynamic import DynamicClient  # noqa: PLC0415  takes a second to import

    dynamic = DynamicClient(api)  # type: ignore[no-untyped-call]
    return [_apply(dynamic, each, namespace) for each in objects]


def _apply(dynamic: Any, each: Object, namespace: str) -> Object:
    resource = dynamic.resources.get(api_version=each["apiVersion"], kind=each["kind"])
    place = each["metadata"].get("namespace", namespace) if resource.namespaced else None
    answer: Object = dynamic.server_side_apply(
        resource,
        body=each,
        name=each["metadata"]["name"],
        namespace=place,
        field_manager="vcli-sdk",
        force_conflicts=True,
    ).to_dict()
    return answer

"""Applying manifests of any kind, custom resources included, by the official client's discovery."""

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vcli.errors import NotFoundError, UnreachableError, UsageError, VcliError
from vcli.kube.types import Object


def objects_of(source: str | Path | Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[Object]:
    """The objects of a YAML file, of a folder of them, or given as such; Lists are taken apart.

    Raises:
        UsageError: a file can't be read, or is not YAML.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        files = sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")]) if path.is_dir() else [path]
        found: list[Any] = [document for file in files for document in _documents(file)]
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


def _documents(file: Path) -> list[Any]:
    from vcli import yaml  # noqa: PLC0415

    try:
        return yaml.load_all(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read {file}: {error}") from error
    except yaml.Error as error:
        raise UsageError(f"can't parse {file}{yaml.explain(error)}") from error


def client_of(kubeconfig: Path) -> Any:
    """A ``kubernetes.client.ApiClient`` for the current context of a kubeconfig."""
    from kubernetes import config  # noqa: PLC0415  takes a second to import

    return config.new_client_from_config(str(kubeconfig), persist_config=False)  # type: ignore[no-untyped-call]


def apply_objects(
    kubeconfig: Path, objects: Iterable[Object], *, namespace: str, stop: threading.Event | None = None
) -> list[Object]:
    """Apply objects one after the other, by server-side apply.

    Args:
        kubeconfig: of the API server.
        objects: in the order in which they need each other.
        namespace: for those that name none.
        stop: ends it before the next object, when it is set.

    Returns:
        What the API server answered.

    Raises:
        NotFoundError: the API server has no such kind.
        ApiError: the API server rejected one.
        UnreachableError: it does not answer.
    """
    from kubernetes.dynamic import DynamicClient  # noqa: PLC0415

    with client_of(kubeconfig) as api, _translated():
        dynamic = DynamicClient(api)  # type: ignore[no-untyped-call]
        applied: list[Object] = []
        for each in objects:
            if stop is not None and stop.is_set():
                break
            applied.append(_apply(dynamic, each, namespace))
        return applied


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """A block in which the official client's errors become ours."""
    from kubernetes.client import ApiException  # noqa: PLC0415
    from kubernetes.dynamic.exceptions import ResourceNotFoundError  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    try:
        yield
    except ResourceNotFoundError as error:
        raise NotFoundError(f"the virtual cluster has no such kind: {error}") from error
    except ApiException as error:
        raise error_of(error) from error
    except HTTPError as error:
        raise UnreachableError(f"the virtual cluster does not answer: {error}") from error


def error_of(error: Any) -> VcliError:
    """Our error for an ``ApiException`` of the official client."""
    from vcli.kube.answers import error_from  # noqa: PLC0415

    original = getattr(error, "original_exception", error)
    body: Any = original.body
    with contextlib.suppress(ValueError, TypeError):
        body = json.loads(body)
    return error_from(body, status=int(original.status or 0), path="apply")


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

"""The tenant's own words that a kubelet repeats in what it says of a pod."""

from collections.abc import Iterator
from urllib.parse import quote

from vcli.syncer.translate.objects import Object

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def own_words(pod: Object) -> set[str]:
    """Names of containers, and images with the parts that messages about a pull are made of.

    None of them is a host name, though they may look like one, or hold the name of the host namespace.
    """
    return {word for word in _words(pod) if word}


def _words(pod: Object) -> Iterator[str]:
    for group in _CONTAINERS:
        for container in pod["spec"].get(group) or ():
            yield container["name"]
            yield from _of_image(container.get("image") or "")
    for volume in pod["spec"].get("volumes") or ():
        yield from _of_image((volume.get("image") or {}).get("reference") or "")


def _of_image(image: str) -> Iterator[str]:
    """An image, and what of it is in the URLs of a registry: ``PATH/manifests/TAG``, ``scope=...PATH``."""
    name, _, _ = image.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # the port of a registry
        repository, tag = name, ""
    first, slash, rest = repository.partition("/")
    has_registry = bool(slash) and (first == "localhost" or "." in first or ":" in first)
    path = rest if has_registry else repository
    yield from (image, name, path, quote(path, safe=""))
    if has_registry:
        yield first
    if tag:
        yield f"manifests/{tag}"

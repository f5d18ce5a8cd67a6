"""Images in somebody else's values: what they say of the version, and which are never run here."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from vcli.config.image import image

_K8S: Final = "controlPlane.distro.k8s"
_OWN: Final = ("loft-sh/", "loftsh/")


def parts(value: Any) -> dict[str, Any]:
    """An image as a mapping of registry, repository and tag, those that are given.

    Raises:
        ValueError: it is neither that nor a string.
    """
    if isinstance(value, str):
        found = image(value)
        given = {"registry": found.registry, "repository": found.repository, "tag": found.tag}
        return {key: text for key, text in given.items() if text}
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        return dict(value)
    raise ValueError("must be an image, registry/repository:tag")


def readable(tag: str) -> str:
    """The version of Kubernetes that a tag names, ``v1.36.3``; empty where it names none."""
    form = re.match(r"v?(1\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?)(?![\d.])", tag)
    return f"v{form[1]}" if form else ""


def image_of_distribution(value: Any) -> Mapping[str, Any]:
    """``distro.k8s.image``: the tag is the version, the registry is that of each program."""
    given = parts(value)
    if "repository" in given and given["repository"] != "loft-sh/kubernetes":
        raise ValueError(
            "each program has an image of its own here: name them in"
            f" {_K8S}.apiServer.image and {_K8S}.controllerManager.image"
        )
    found: dict[str, Any] = {}
    if "tag" in given:
        if not readable(given["tag"]):
            raise ValueError(
                f"its tag, {given['tag']}, names no version: write {_K8S}.version, such as v1.36.3"
            )
        found[f"{_K8S}.version"] = readable(given["tag"])
    if "registry" in given and given["registry"] != "ghcr.io":
        for program in ("apiServer", "controllerManager"):
            found[f"{_K8S}.{program}.image.registry"] = given["registry"]
    return found


def image_of_vcluster(value: Any) -> Mapping[str, Any]:
    """``vcluster.image`` of 2023: it says which distribution, and its version."""
    given = parts(value)
    name = f"{given.get('repository', '').rpartition('/')[2]}:{given.get('tag', '')}"
    for distro in ("k3s", "k0s"):
        # Also a mirror's copy under another name: its tag is v1.32.5-k3s1.
        if distro in name:
            if given.get("tag") and not readable(given["tag"]):
                raise ValueError(
                    f"its tag, {given['tag']}, names no version: write controlPlane.distro.{distro}.image,"
                    f" and the version in {_K8S}.version"
                )
            return {
                f"controlPlane.distro.{distro}.enabled": True,
                f"controlPlane.distro.{distro}.image": value,
            }
    return of_program("apiServer")(value)


def of_program(program: str) -> Callable[[Any], Mapping[str, Any]]:
    """A program's image of 2023; the tag of the API server's is also the version."""

    def convert(value: Any) -> Mapping[str, Any]:
        given = parts(value)
        found: dict[str, Any] = {f"{_K8S}.{program}.image": value}
        tag = given.get("tag", "")
        if program == "apiServer" and tag and not readable(tag):
            raise ValueError(
                f"its tag, {tag}, names no version: write {_K8S}.apiServer.image, and the version in"
                f" {_K8S}.version"
            )
        return found

    return convert


def is_foreign_syncer(value: Any) -> bool:
    """Whether an image is another product's syncer, which can't run vcli's."""
    try:
        return str(parts(value).get("repository", "")).startswith(_OWN)
    except ValueError:
        return False

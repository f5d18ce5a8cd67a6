"""Which distribution runs, and of which version; a part of `vcli.config.checks`."""

import re
from dataclasses import replace
from typing import Any, Final

from vcli.config.distros import chosen, release, tag
from vcli.config.document import Document, Keys
from vcli.config.known.images import readable
from vcli.config.parse import fail
from vcli.config.schema import KUBERNETES, ControlPlane, Distro, EmbeddedEtcd, Etcd, K8s, Values
from vcli.config.schema_database import Database
from vcli.config.schema_distros import K3s

_OLDEST_MINOR: Final = 30
_DISTRO: Final[Keys] = ("controlPlane", "distro")
_VERSION: Final[Keys] = (*_DISTRO, "k8s", "version")
_TAG: Final[Keys] = (*_DISTRO, "k3s", "image", "tag")
_API_TAG: Final[Keys] = (*_DISTRO, "k8s", "apiServer", "image", "tag")
_RELEASE: Final = re.compile(r"v?1\.[0-9]+\.[0-9]+([-+].+)?")


def check_distro(plane: ControlPlane, document: Document) -> Distro:
    """Complain, and write the version in full: ``v1.36.3``, ``v1.36.3+k3s1``.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    distro = plane.distro
    if distro.k0s.enabled:
        raise fail(
            document,
            (*_DISTRO, "k0s", "enabled"),
            "k0s can't be run: it has to start as root, and no container of a virtual cluster does",
            hint="k3s is as small: --distro k3s; upstream Kubernetes (k8s) is the default",
        )
    if distro.k3s.enabled:
        _check_k3s(plane, document)
    elif distro.k3s != K3s():
        hint = "enable it (--distro k3s), or leave these keys out"
        raise fail(document, (*_DISTRO, "k3s"), "of no use while k3s is not enabled", hint=hint)
    return replace(distro, k8s=replace(distro.k8s, version=_version(distro, document)))


def without_version(values: Values, document: Document) -> Keys:
    """The tag of an image that names no version while none is given beside it; empty if there is none."""
    distro = values.control_plane.distro
    keys, named = (_TAG, _without_digest(distro.k3s.image.tag))
    is_read = bool(_RELEASE.fullmatch(named))
    if chosen(distro) == "k8s":
        keys, named = _API_TAG, distro.k8s.api_server.image.tag
        is_read = bool(readable(named))
    return keys if named and not is_read and not _given(document, _VERSION) else ()


def _check_k3s(plane: ControlPlane, document: Document) -> None:
    k8s = plane.distro.k8s
    if k8s.enabled is True:
        text = "k8s and k3s are both enabled: one of them can run"
        raise fail(document, (*_DISTRO, "k3s", "enabled"), text, hint="leave distro.k8s.enabled out")
    if k8s.scheduler.enabled:
        text = "k3s runs without a scheduler of its own: the host schedules"
        hint = "leave it out, or use upstream Kubernetes (--distro k8s)"
        raise fail(document, (*_DISTRO, "k8s", "scheduler", "enabled"), text, hint=hint)
    if replace(k8s, enabled=K8s().enabled, version=KUBERNETES) != K8s():
        text = "of no use with k3s, but for its version"
        hint = "the keys of controlPlane.distro.k3s are for it"
        raise fail(document, (*_DISTRO, "k8s"), text, hint=hint)
    store = plane.backing_store
    etcd = store.etcd
    if etcd.embedded.enabled is False:  # so it is
        etcd = replace(etcd, embedded=replace(etcd.embedded, enabled=EmbeddedEtcd().enabled))
    for key, is_given in (("etcd", etcd != Etcd()), ("database", store.database != Database())):
        if is_given:
            text = "of no use with k3s, which keeps its objects in a store of its own"
            raise fail(document, ("controlPlane", "backingStore", key), text, hint="leave it out")


def _version(distro: Distro, document: Document) -> str:
    """The release that runs: of k3s, the tag of its image says it too."""
    name, named = chosen(distro), _without_digest(distro.k3s.image.tag)
    if name == "k8s":
        return _version_of_k8s(distro, document)
    if not _RELEASE.fullmatch(named):
        return release(name, _full_version(distro.k8s.version, document, _VERSION, name=name))
    version = release(name, _full_version(named, document, _TAG, name=name))
    if _given(document, _VERSION):
        wanted = release(name, _full_version(distro.k8s.version, document, _VERSION, name=name))
        if wanted != version:
            text = f"{named} is not {tag(wanted)}, which controlPlane.distro.k8s.version asks for"
            raise fail(document, _TAG, text, hint="name the version in one place: leave the tag out")
    return version


def _without_digest(tag: str) -> str:
    return tag.partition("@")[0]


def _version_of_k8s(distro: Distro, document: Document) -> str:
    """The version that the tag of kube-apiserver names wins over the default one."""
    tagged = readable(distro.k8s.api_server.image.tag)
    if not tagged:
        return _full_version(distro.k8s.version, document, _VERSION, name="k8s")
    version = _full_version(tagged, document, _API_TAG, name="k8s")
    if _given(document, _VERSION):
        wanted = _full_version(distro.k8s.version, document, _VERSION, name="k8s")
        if wanted != version:
            text = f"{version} is not {wanted}, which controlPlane.distro.k8s.version asks for"
            raise fail(document, _API_TAG, text, hint="name the version in one place: leave the tag out")
    return version


def _full_version(given: str, document: Document, keys: Keys, *, name: str) -> str:
    version = "v" + given.removeprefix("v")
    if other := re.search(r"[-+](k[03]s)", version):
        if other[1] != name:
            hint = f"write {version[: other.start()]}, or choose that distribution: --distro {other[1]}"
            raise fail(document, keys, f"{version} is a release of {other[1]}, not of {name}", hint=hint)
    elif "+" in version:
        raise fail(document, keys, f"{version} is no version of {name}")
    parts = re.findall(r"[0-9]+", version)
    if int(parts[1]) < _OLDEST_MINOR:
        hint = f"name a newer one, or none, which is {KUBERNETES}"
        text = f"{version} is older than 1.{_OLDEST_MINOR}, the oldest that can be run"
        raise fail(document, keys, text, hint=hint)
    if version.count(".") > 1:
        return version
    if KUBERNETES.startswith(version + "."):
        return KUBERNETES
    raise fail(
        document,
        keys,
        f"{version} names no patch release",
        hint=f"name one of its releases, as in {version}.1; for an embedded host,"
        f" 'vcli host load-image --kubernetes {version.removeprefix('v')}' gets one and names it",
    )


def _given(document: Document, keys: Keys) -> bool:
    found: Any = document.data
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True

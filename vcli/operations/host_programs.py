"""What hosts boot from: programs and images in the cache, and where they come from."""

import os
from collections.abc import Sequence
from pathlib import Path

from vcli.errors import UsageError
from vcli.host import addons as known_addons
from vcli.host import image_store, images, in_use
from vcli.host import up as booting
from vcli.host.addons.addon import Addon
from vcli.host.binaries import Binaries, Source, ensure, mark_used, prune
from vcli.host.go_source import GoSource
from vcli.host.instance import cache_dir
from vcli.host.products import Product, products
from vcli.host.versions import KUBERNETES, release
from vcli.operations.steps import NoSteps, Steps


def build(*, addons: Sequence[str] = (), kubernetes: str | None = None, steps: Steps | None = None) -> Path:
    """Fill the cache with all that hosts are made of, so that the next `up` takes seconds.

    Args:
        addons: names of `host.addons.OPTIONAL`, to have those ready as well.
        kubernetes: version, as `host.versions.release` takes it; the newest when not given.
        steps: shows what happens.

    Returns:
        The kubectl among the programs.

    Raises:
        UsageError: there is no such add-on or version.
        NotAllowedError: not root, or programs of the machine are missing.
        VcliError: see `host.binaries`, `host.image_store`.
    """
    version = KUBERNETES if kubernetes is None else release(kubernetes)
    wanted = known_addons.chosen(addons)
    binaries, _, _ = prepare(booting.check(wanted), wanted, version, steps or NoSteps())
    return binaries["kubectl"]


def sources() -> list[Source]:
    """Where programs come from: releases if their site answers, else Go; or as `VCLI_HOST_SOURCE` says."""
    from vcli.host.release_source import ReleaseSource  # noqa: PLC0415  imports httpx, 100 ms that only a build needs

    match os.environ.get("VCLI_HOST_SOURCE", "auto"):
        case "auto":
            return [ReleaseSource(), GoSource()]
        case "go":
            return [GoSource()]
        case "release":
            return [ReleaseSource()]
        case other:
            raise UsageError(f"VCLI_HOST_SOURCE={other} is not one of auto, go, release")


def get(wanted: Sequence[Product], what: str, steps: Steps) -> Binaries:
    """Programs from the cache, or built or downloaded now.

    Args:
        wanted: what they belong to.
        what: they are, for the step's text.
        steps: shows what happens.

    Raises:
        VcliError: see `host.binaries`.
    """
    cache = cache_dir()
    binaries = Binaries(cache, wanted)
    if binaries.missing():
        with steps.step(f"Get {what}, once") as step:
            binaries = ensure(cache, sources(), step.detail, products=wanted)
    return binaries


def prepare(
    have: booting.Prerequisites, addons: Sequence[Addon], version: str, steps: Steps
) -> tuple[Binaries, Path, list[Path]]:
    """The programs, the image store and archives of the add-ons' images, from the cache or made now.

    Args:
        have: of the machine.
        addons: those wanted.
        version: one of `host.versions.KUBERNETES_RELEASES`.
        steps: shows what happens.
    """
    cache = cache_dir()
    binaries = get([*products(version), *_products(addons)], "the host's programs", steps)
    store = image_store.path(cache, binaries, have.busybox)
    if not store.is_dir():
        with steps.step("Pack the host's images, once") as step:
            image_store.ensure(cache, binaries, have.busybox, step.detail)
    archives = _archives(addons, binaries)
    _tidy([store], binaries)
    return binaries, store, archives


def prepare_addons(addons: Sequence[Addon], steps: Steps) -> tuple[Binaries, list[Path]]:
    """The programs of add-ons and archives of their images, for a host that is up, of any version."""
    binaries = get(_products(addons), "the add-ons' programs", steps)
    archives = _archives(addons, binaries)
    _tidy([], binaries)
    return binaries, archives


def _products(addons: Sequence[Addon]) -> list[Product]:
    return [y for x in addons for y in x.products]


def _archives(addons: Sequence[Addon], binaries: Binaries) -> list[Path]:
    found = (images.archive(y, cache_dir(), lambda _: None) for x in addons for y in x.images(binaries))
    return list(dict.fromkeys(found))  # add-ons may have images in common


def _tidy(used: Sequence[Path], binaries: Binaries) -> None:
    """Note what is in use, and remove what is not for long."""
    cache = cache_dir()
    mark_used([*used, *(Path(x).parent for x in binaries.folders()), *in_use.folders(cache)])
    prune(cache)

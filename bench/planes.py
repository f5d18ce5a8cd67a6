"""Control planes side by side: what each takes to be there, to be kept, and how quick pods come.

A plane is a distribution, a store and how they are put into pods. Those whose images the host may lack are
measured where an image is named.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bench.containers import spent, total, use
from bench.measure import Row, run, seconds
from bench.sizes import Sizes
from bench.stage import Object, Stage, pods_of, stage
from bench.wave import wave

_NAME = "bench-plane"
_SETTLE = 15.0


@dataclass(frozen=True, slots=True)
class Plane:
    """One of them.

    Attributes:
        title: in the rows.
        options: of ``vcli create``.
    """

    title: str
    options: tuple[str, ...]


PLANES = (
    Plane("k8s, etcd, one pod", ("--ephemeral",)),
    Plane("k8s, etcd, one pod, on a claim", ()),
    Plane("k8s, etcd, one pod, profile ci", ("--profile", "ci")),
    Plane("k8s, etcd, three pods", ("--ha",)),
)
"""Those that any host can have."""


def with_images(images: Sequence[str]) -> tuple[Plane, ...]:
    """All of them, with those of distributions whose images are named.

    Args:
        images: ``DISTRO=VERSION`` each, such as ``k3s=v1.36.3+k3s1``.

    Raises:
        ValueError: something else.
    """
    more = []
    for each in images:
        distro, found, version = each.partition("=")
        if not found or not distro or not version:
            raise ValueError(f"{each!r} is not DISTRO=VERSION, such as k3s=v1.36.3+k3s1")
        options = ("--distro", distro, "--kubernetes-version", version, "--ephemeral")
        more.append(Plane(f"{distro}, its own store, one pod", options))
    return (*PLANES, *more)


async def planes(sizes: Sizes) -> AsyncIterator[Row]:
    """Each by itself, one after the other."""
    for plane in with_images(sizes.images):
        try:
            taken = await asyncio.to_thread(seconds, partial(_create, plane))
            async with stage(_NAME, made=True) as on:
                async for row in _rows(plane, on, sizes, taken):
                    yield row
        finally:
            await asyncio.to_thread(run, "vcli", "delete", _NAME, "--delete-namespace", "--ignore-not-found")


async def _rows(plane: Plane, on: Stage, sizes: Sizes, taken: float) -> AsyncIterator[Row]:
    yield Row(what=f"{plane.title}: create to first kubectl get ns", ours=taken, judged="own")
    pods = await pods_of(on.host, on.name)
    used = await asyncio.gather(*(spent(on.host, pod) for pod in pods))
    what = f"{plane.title}: CPU until the kubelet looks at it, ready"
    yield Row(what=what, ours=sum(used), unit="CPU s", judged="own")
    await asyncio.sleep(min(_SETTLE, sizes.window))
    for row in _idle(plane, [await _use(on, pod, sizes.window) for pod in pods]):
        yield row
    took = []
    for side in (on.direct, on.ours):
        async with wave(side) as made:
            await made.make(sizes.plane_pods)
            took.append(made.duration)
    direct, ours = (sizes.plane_pods / each for each in took)
    yield Row(
        what=f"{plane.title}: {sizes.plane_pods} pods at once",
        ours=ours,
        direct=direct,
        direct_is="on the host",
        unit="pods/s",
        judged="own",
    )


async def _use(on: Stage, pod: Object, window: float) -> tuple[float, float]:
    found = total(await use(on.host, pod, window=window))
    return found.memory, found.cpu


def _idle(plane: Plane, uses: Sequence[tuple[float, float]]) -> Iterator[Row]:
    memory, cpu = (sum(each) for each in zip(*uses, strict=True))
    yield Row(what=f"{plane.title}: memory, idle", ours=memory, unit="MiB", judged="own")
    yield Row(what=f"{plane.title}: CPU, idle", ours=cpu, unit="m", judged="own")


def _create(plane: Plane) -> None:
    run("vcli", "create", _NAME, "--no-connect", *plane.options)
    found = run("vcli", "connect", _NAME, "--", "kubectl", "get", "ns", "-o", "name")
    if not re.search("^namespace/default$", found, re.MULTILINE):
        raise RuntimeError(f"{plane.title}: no namespace default in: {found}")

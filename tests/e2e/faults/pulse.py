"""How long nothing got through: a small change all the time, in each direction, and when it arrived."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Self

from direct import client_of
from polling import eventually
from space import Object, Space, pod

from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import PODS

_NAME = "pulse"
_MARK = "example.com/pulse"
_PAUSE = 0.1
_PATIENCE = 2.0


class Pulse:
    """Annotates a virtual pod and looks for it on the host; sets a condition on the host pod and looks for
    it in the virtual cluster; again and again, in a thread. For use in a with block.

    Args:
        space: gets the pod.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._stop = threading.Event()
        self._beats = {"there": [0.0], "back": [0.0]}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name=_NAME, daemon=True)

    def __enter__(self) -> Self:
        self._space.apply(pod(_NAME))
        self._space.wait("condition=Ready", f"pod/{_NAME}")
        self._thread.start()
        try:
            self.beats()
        except BaseException:
            self.__exit__()
            raise
        for times in self._beats.values():
            del times[:-1]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._space.kubectl("delete", "pod", _NAME, "--wait=false", check=False)

    def beats(self) -> bool:
        """Whether a change gets through now, in both directions; waits for it."""
        before = {way: len(times) for way, times in self._beats.items()}
        # Two: the first one may have begun before.
        return bool(eventually(lambda: all(len(t) > before[way] + 1 for way, t in self._beats.items())))

    @property
    def gaps(self) -> dict[str, float]:
        """The longest time without an arrival in each direction, in seconds."""
        now = time.monotonic()
        return {
            way: max(b - a for a, b in zip(times, [*times[1:], now], strict=True))
            for way, times in self._beats.items()
        }

    @property
    def longest(self) -> float:
        """The longest time without an arrival, in seconds."""
        return max(self.gaps.values())

    async def _run(self) -> None:
        space = self._space
        async with (
            client_of(space.cluster.kubeconfig, timeout=_PATIENCE) as virtual,
            client_of(space.host.kubeconfig, timeout=_PATIENCE) as host,
        ):
            inside = (virtual, space.name, _NAME)
            outside = (host, space.cluster.namespace, space.host_name(_NAME))
            await asyncio.gather(
                self._beat("there", lambda n: _annotate(*inside, n), lambda: _annotation(*outside)),
                self._beat("back", lambda n: _set_condition(*outside, n), lambda: _condition(*inside)),
            )

    async def _beat(
        self, way: str, send: Callable[[str], Awaitable[None]], received: Callable[[], Awaitable[str]]
    ) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                await send(str(number))
                while await received() != str(number) and not self._stop.is_set():  # noqa: ASYNC110  it is elsewhere
                    await asyncio.sleep(_PAUSE / 2)
            except (ApiError, Unreachable):
                number -= 1
            else:
                self._beats[way].append(time.monotonic())
            await asyncio.sleep(_PAUSE)


async def _annotate(client: Client, namespace: str, name: str, text: str) -> None:
    await client.patch(PODS, name, {"metadata": {"annotations": {_MARK: text}}}, namespace=namespace)


async def _annotation(client: Client, namespace: str, name: str) -> str:
    found = await client.get(PODS, name, namespace=namespace)
    return str((found["metadata"].get("annotations") or {}).get(_MARK))


async def _set_condition(client: Client, namespace: str, name: str, text: str) -> None:
    condition: Object = {"type": _MARK, "status": "True", "message": text}
    await client.patch(
        PODS,
        name,
        {"status": {"conditions": [condition]}},
        namespace=namespace,
        subresource="status",
        strategy="strategic",
    )


async def _condition(client: Client, namespace: str, name: str) -> str:
    found = await client.get(PODS, name, namespace=namespace)
    conditions = found["status"].get("conditions") or ()
    return next((str(each.get("message")) for each in conditions if each["type"] == _MARK), "")

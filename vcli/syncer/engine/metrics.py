"""What the syncer reports of itself, as Prometheus reads it: no names of objects, namespaces or clusters."""

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from vcli.kube.client import Client
from vcli.syncer.engine.availability import Availability
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.prometheus import Sample, exposition

_STATM: Final = Path("/proc/self/statm")
_OBJECT: Final = 2
"""Of ``NAME`` and what comes after it: a subresource."""


class Metrics:
    """Counts what passes through the clients; controllers count their own work.

    Args:
        clients: by the API that they speak to, ``host`` and ``virtual``.
        availability: knows which kinds are unavailable.

    Attributes:
        store: gives the metrics of the store.
    """

    def __init__(self, clients: Mapping[str, Client], availability: Availability) -> None:
        self._requests: Counter[tuple[str, str, str, int]] = Counter()
        self._controllers: Iterable[Controller[Any]] = ()
        self._availability = availability
        self.store: Callable[[], Iterable[Sample]] = tuple
        for api, client in clients.items():
            client.on_answer = partial(self._answered, api)

    def watch_controllers(self, controllers: Iterable[Controller[Any]]) -> None:
        """Tell of these from now on."""
        self._controllers = controllers

    def _answered(self, api: str, method: str, path: str, status: int) -> None:
        self._requests[api, method, kind_of(path), status] += 1

    def text(self) -> str:
        """All of them, in the text format."""
        return exposition(self._samples())

    def _samples(self) -> Iterator[Sample]:
        for (api, method, kind, status), count in sorted(self._requests.items()):
            labels = f'{{api="{api}",method="{method}",resource="{kind}",code="{status}"}}'
            yield "vcli_syncer_requests_total", labels, count, None
        for each in self._controllers:
            labels = f'{{controller="{each.name}"}}'
            yield "vcli_syncer_queue_depth", labels, len(each.queue), None
            yield "vcli_syncer_queue_latency_seconds_total", labels, each.queue.waited, None
            yield "vcli_syncer_reconcile_total", labels, each.reconciles, None
            yield "vcli_syncer_reconcile_errors_total", labels, each.errors, None
            yield "vcli_syncer_reconcile_seconds_total", labels, each.seconds, None
        for kind in self._availability.unavailable:
            api, _, plural = kind.partition(" ")
            yield "vcli_syncer_unavailable", f'{{api="{api}",resource="{plural}"}}', 1, None
        yield from self.store()
        yield "process_cpu_seconds_total", "", time.process_time(), None
        yield "process_resident_memory_bytes", "", resident(), None


def kind_of(path: str) -> str:
    """The resource that a path is about, with its subresource: ``pods``, ``pods/status``; else the path."""
    parts = path.split("/")
    # /api/v1/…, /apis/GROUP/VERSION/…
    rest = parts[3:] if parts[1:2] == ["api"] else parts[4:] if parts[1:2] == ["apis"] else []
    if rest[:1] == ["namespaces"] and len(rest) > _OBJECT:
        rest = rest[2:]
    if not rest:
        return path.partition("?")[0]
    return "/".join([rest[0], *rest[2:3]])


def resident() -> int:
    """Bytes of memory that the process has; its peak where there is no /proc."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

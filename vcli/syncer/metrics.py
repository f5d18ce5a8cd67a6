"""What the syncer tells of itself, as Prometheus reads it: no names of objects, namespaces or clusters."""

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from vcli.kube.client import Client
from vcli.syncer.engine.controller import Controller

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_STATM: Final = Path("/proc/self/statm")
_OBJECT: Final = 2
"""Of ``NAME`` and what comes after it: a subresource."""


class Metrics:
    """Counts what passes through the clients; the queues tell their own length.

    Args:
        clients: by the API that they speak to, ``host`` and ``virtual``.
    """

    def __init__(self, clients: Mapping[str, Client]) -> None:
        self._requests: Counter[tuple[str, str, str, int]] = Counter()
        self._controllers: Iterable[Controller[object]] = ()
        for api, client in clients.items():
            client.on_answer = partial(self._answered, api)

    def watch_queues(self, controllers: Iterable[Controller[object]]) -> None:
        """Tell the queues of these from now on."""
        self._controllers = controllers

    def _answered(self, api: str, method: str, path: str, status: int) -> None:
        self._requests[api, method, kind_of(path), status] += 1

    def text(self) -> str:
        """All of them, in the text format."""
        lines = ["# TYPE vcli_syncer_requests_total counter"]
        lines += [
            f'vcli_syncer_requests_total{{api="{api}",method="{method}",resource="{kind}",code="{status}"}}'
            f" {count}"
            for (api, method, kind, status), count in sorted(self._requests.items())
        ]
        lines.append("# TYPE vcli_syncer_queue_depth gauge")
        lines += [
            f'vcli_syncer_queue_depth{{controller="{each.name}"}} {len(each.queue)}'
            for each in self._controllers
        ]
        lines += [
            "# TYPE process_cpu_seconds_total counter",
            f"process_cpu_seconds_total {time.process_time():.3f}",
            "# TYPE process_resident_memory_bytes gauge",
            f"process_resident_memory_bytes {resident()}",
        ]
        return "\n".join(lines) + "\n"


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

"""`kube-root-ca.crt` in every virtual namespace: what pods inside verify their API server with.

kube-controller-manager would publish it as well, but it reads the CA only when it starts. We read the file
again, so pods learn of another CA while everything runs.
"""

import asyncio
from collections.abc import Iterator
from typing import Final

from vcli.kube.errors import AlreadyExists, Conflict, NotFound
from vcli.kube.resources import CONFIGMAPS, NAMESPACES
from vcli.kube.types import is_terminating
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on
from vcli.syncer.engine.log import Log

log = Log(__name__)

NAME: Final = "kube-root-ca.crt"
_LOOK_EVERY: Final = 5.0
_NOTE: Final = {
    "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when"
    " using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is"
    " guaranteed across distributions of Kubernetes clusters."
}


class RootCa:
    """Publishes the CAs that are trusted.

    Args:
        ctx: both clusters.

    Attributes:
        controller: its keys are names of virtual namespaces.
    """

    name = "root CA"
    needs_leadership = True

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._file = ctx.settings.pki / "ca.crt"
        self._content = ""
        self.controller: Controller[str] = Controller("root-ca", self._reconcile, workers=2)
        queue = self.controller.queue
        enqueue_on(ctx.virtual[NAMESPACES], queue, _names, predicate=created_or_deleted)
        enqueue_on(ctx.virtual[CONFIGMAPS], queue, _namespaces)

    async def run(self) -> None:
        """Follow the file, until cancelled."""
        while True:
            try:
                content = self._file.read_text()
            except OSError as error:
                log.warning("the CA is not readable", error=error)
            else:
                if content != self._content:
                    self._content = content
                    for namespace in self._ctx.virtual[NAMESPACES].items():
                        self.controller.queue.add(namespace["metadata"]["name"])
            await asyncio.sleep(_LOOK_EVERY)

    async def _reconcile(self, name: str) -> RequeueAfter | None:
        virtual = self._ctx.virtual
        namespace = virtual[NAMESPACES].get(None, name)
        if namespace is None or is_terminating(namespace) or not self._content:
            return None
        data = {"ca.crt": self._content}
        current = virtual[CONFIGMAPS].get(name, NAME)
        if current is not None and current.get("data") == data:
            return None
        metadata = {"name": NAME, "namespace": name, "annotations": _NOTE}
        try:
            if current is None:
                await virtual.writer.create(CONFIGMAPS, {"metadata": metadata, "data": data})
            else:
                await virtual.writer.create_or_replace(CONFIGMAPS, {**current, "data": data}, current=current)
        except (AlreadyExists, Conflict, NotFound):
            return RequeueAfter(1.0)  # the watch is a moment behind
        return None


def _names(namespace: Object) -> Iterator[str]:
    yield namespace["metadata"]["name"]


def _namespaces(config_map: Object) -> Iterator[str]:
    if config_map["metadata"]["name"] == NAME:
        yield config_map["metadata"]["namespace"]

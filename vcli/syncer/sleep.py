"""Sleep: an idle virtual cluster is paused by its own syncer.

Use is a request to the API by a person, or by a program that is no pod of the virtual cluster: it stands in
kube-apiserver's audit log. Pods ask all the time, and so do the control plane's own components.
"""

import asyncio
import json
import os
import time
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Final

from vcli.contract.labels import MANAGED_BY, PAUSED, PAUSED_AT, PAUSED_REPLICAS, SLEEPING_SINCE
from vcli.contract.settings import Settings
from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, NotFound
from vcli.kube.resources import PODS, SERVICES, STATEFULSETS
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object
from vcli.syncer.engine.log import Log

log = Log(__name__)

_LOOK_EVERY: Final = 10.0
_OF_POD: Final = "authentication.kubernetes.io/pod-name"
_ACCOUNT: Final = "system:serviceaccount:"
_FINISHED: Final = frozenset({"Succeeded", "Failed"})
_LONGEST_GRACE: Final = 90
"""Seconds that a pod gets to end, as when 'vcli pause' removes it."""


class SleepDueError(VcliError):
    """It has not been used for so long that it goes to sleep."""


def is_use(event: Object) -> bool:
    """Whether a request is use of the virtual cluster, as the audit log has it."""
    user = event.get("user") or {}
    name = str(user.get("username", ""))
    if name.startswith("system:") and not name.startswith(_ACCOUNT):
        return False
    # Its controllers have ServiceAccounts, without a pod.
    is_controller = str(event.get("userAgent", "")).startswith("kube-controller-manager/")
    return not is_controller and _OF_POD not in (user.get("extra") or {})


class AuditLog:
    """The audit log, as it grows and is rotated.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIOWrapper | None = None
        self._begun = ""

    def was_used(self) -> bool:
        """Whether there was any use since the last call.

        Raises:
            OSError: it can't be read.
        """
        used = False
        if self._file is not None:
            used = self._read(self._file)
            if os.fstat(self._file.fileno()).st_ino == self._path.stat().st_ino:
                return used
            self._file.close()
        self._file = self._path.open(encoding="utf-8")
        self._begun = ""
        return self._read(self._file) or used

    def close(self) -> None:
        """Read no more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, file: TextIOWrapper) -> bool:
        used = False
        for line in file:
            self._begun += line
            if line.endswith("\n"):
                with suppress(ValueError):
                    used = is_use(json.loads(self._begun)) or used
                self._begun = ""
        return used


class Inactivity:
    """Looks whether the virtual cluster is used.

    Args:
        after: seconds without use.
        audit: the audit log.
    """

    name = "inactivity"
    needs_leadership = True

    def __init__(self, after: int, audit: AuditLog) -> None:
        self._after = after
        self._audit = audit

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            SleepDueError: it has not been used for so long.
        """
        if self._after:
            try:
                await self._look()
            finally:
                self._audit.close()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(min(_LOOK_EVERY, self._after / 4))
            try:
                used = self._audit.was_used()
            except OSError as error:
                log.warning("the audit log is not readable: it stays awake", error=error)
                used = True
            if used:
                last = loop.time()
            elif loop.time() - last >= self._after:
                raise SleepDueError(f"not used for {self._after} seconds")


async def fall_asleep(client: Client, settings: Settings) -> None:
    """Remove the tenants' pods, mark the workload, and scale it to zero, which ends this process.

    Nothing else of the syncer may run: it would take a pod that goes for one that was deleted.

    Args:
        client: of the host.
        settings: of the virtual cluster.

    Raises:
        VcliError: the data would be lost, or the host rejected a request.
    """
    namespace = settings.namespace
    workload = await client.get(STATEFULSETS, settings.cluster, namespace=namespace)
    volumes = workload["spec"]["template"]["spec"].get("volumes") or ()
    if any(each["name"] == "data" and "emptyDir" in each for each in volumes):
        raise VcliError("its data is in its pod only, and would be lost: it stays awake")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    # With it those pods come back that have no controller; also when this is interrupted.
    paused: Object = {"metadata": {"annotations": {PAUSED_AT: now}}}
    await client.patch(SERVICES, settings.service, paused, namespace=namespace)
    found = await client.list(PODS, namespace=namespace, label_selector=f"{MANAGED_BY}={settings.cluster}")
    for pod in found["items"]:
        if not is_terminating(pod) and pod.get("status", {}).get("phase") not in _FINISHED:
            own = pod.get("spec", {}).get("terminationGracePeriodSeconds", _LONGEST_GRACE)
            grace = min(own, _LONGEST_GRACE)  # a tenant's may be a day
            with suppress(NotFound, Conflict):
                await client.delete(
                    PODS, pod["metadata"]["name"], namespace=namespace, uid=uid(pod), grace=grace
                )
    replicas = workload["spec"].get("replicas", 1)
    marks = {PAUSED: "true", PAUSED_REPLICAS: str(replicas), SLEEPING_SINCE: now}
    body: Object = {"metadata": {"annotations": marks}, "spec": {"replicas": 0}}
    await client.patch(STATEFULSETS, settings.cluster, body, namespace=namespace)
    log.info("asleep", pods=len(found["items"]))

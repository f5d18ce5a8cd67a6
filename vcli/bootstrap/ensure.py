"""What the control plane's pod does first: make what is missing of its keys and its facts about the host.

They are mounted from Secrets and a ConfigMap that may be missing. Where none is, nothing is asked and nothing
is written. What exists is not replaced, but for leaf certificates that end soon or lack a name.

The API server, controller manager and scheduler wait meanwhile: the kubelet does not create their containers
before the objects that they take their environment from exist. The facts are written last.
"""

import asyncio
import datetime as dt
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from vcli.bootstrap import certificate, layout, pki
from vcli.bootstrap import facts as host
from vcli.bootstrap.facts import HostFacts
from vcli.bootstrap.issue import PEERS_PUBLIC, PUBLIC, Signer, issue, problems
from vcli.bootstrap.openssl import OpenSsl
from vcli.bootstrap.spec import Spec
from vcli.errors import TimedOutError, VcliError
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists, ApiError, Conflict, Forbidden, NotFound, Unreachable
from vcli.kube.resources import CONFIGMAPS, PODS, SECRETS, SERVICES, Resource
from vcli.kube.types import Object, uid

T = TypeVar("T")
log = logging.getLogger("vcli.bootstrap")

NUDGE: Final = "vcli.dev/refreshed"
"""Annotation of the pod: the kubelet refreshes the volumes of a pod at once when its annotations change."""
WITHIN: Final = 75.0
"""Seconds. The liveness probe gives it a little more."""
_PAUSE: Final = 1.0
_LOOK: Final = 0.05


class Mounted:
    """The files as the kubelet shows them to the syncer.

    Args:
        keys: folder of the certificates, and of the keys that the syncer needs.
        facts: folder of the facts.
    """

    def __init__(self, keys: Path, facts: Path) -> None:
        self._keys = keys
        self._facts = facts

    def facts(self) -> HostFacts | None:
        """The facts, None while they are not all there."""
        try:
            return HostFacts.load({key: (self._facts / key).read_text() for key in host.KEYS})
        except (OSError, KeyError):
            return None

    def certificates(self) -> pki.Files:
        """The certificates that are there, and the public key of tokens."""
        found = {name: _read(self._keys / name) for name in PUBLIC | PEERS_PUBLIC}
        return {name: data for name, data in found.items() if data}


def lacking(spec: Spec, mounted: Mounted, *, now: dt.datetime | None = None) -> list[str]:
    """What of the mounted files has to be made; costs a few milliseconds."""
    facts, certificates = mounted.facts(), mounted.certificates()
    without_facts = [] if facts else ["there are no facts about the host"]
    if not certificates:
        return ["there are no keys and certificates", *without_facts]
    sans = pki.sans(spec, facts.service_ips) if facts else {}
    return [*problems(certificates, sans, now=now), *without_facts]


async def ensure(
    spec: Spec,
    mounted: Mounted,
    open_client: Callable[[], Client],
    *,
    signer: Signer | None = None,
    within: float = WITHIN,
) -> None:
    """See that keys and facts are there, and in the mounted files.

    Args:
        spec: of the virtual cluster.
        mounted: the files.
        open_client: makes a client of the host; called only if something is missing.
        signer: makes keys, `OpenSsl` unless given.
        within: seconds.

    Raises:
        VcliError: they can't be made; the message says why.
    """
    missing = lacking(spec, mounted)
    if not missing:
        return
    log.info("keys and facts of the control plane have to be made: %s", "; ".join(missing))
    work = _Work(spec, mounted, signer or OpenSsl())
    try:
        async with asyncio.timeout(within), open_client() as client:
            await work.run(client)
    except TimeoutError as error:
        raise TimedOutError(
            f"keys and facts are not there after {within:g} seconds: {work.awaited}"
        ) from error
    log.info("keys and facts of the control plane are there")


class _Work:
    def __init__(self, spec: Spec, mounted: Mounted, signer: Signer) -> None:
        self._spec = spec
        self._mounted = mounted
        self._signer = signer
        # The manifest says which it is where there are several.
        self._pod = os.environ.get("POD_NAME", spec.pod)
        self.awaited = ""

    async def run(self, client: Client) -> None:
        spec = self._spec
        self.awaited = f"Service {spec.service}"
        service = await self._patiently(lambda: self._service(client))
        facts = await self._patiently(lambda: self._facts(client, service))
        await self._patiently(lambda: self._keys(client, facts))
        wanted = pki.sans(spec, facts.service_ips)
        self.awaited = f"the kubelet has not mounted the new content of Secret {spec.certificates}"
        await self._until_mounted(client, lambda: not problems(self._mounted.certificates(), wanted))
        # The last one: with it kube-apiserver may start.
        await self._patiently(lambda: self._write_facts(client, facts))
        self.awaited = f"the kubelet has not mounted the new content of ConfigMap {spec.facts}"
        await self._until_mounted(client, lambda: self._mounted.facts() == facts)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Objects of one file are applied one after another, and rights take effect a moment later."""
        while True:
            try:
                return await work()
            except (Forbidden, NotFound, Conflict, Unreachable) as error:
                self.awaited = error.message
                log.warning("not yet: %s", error.message)
                await asyncio.sleep(_PAUSE)

    async def _service(self, client: Client) -> Object:
        return await client.get(SERVICES, self._spec.service, namespace=self._spec.namespace)

    async def _facts(self, client: Client, service: Object) -> HostFacts:
        """Those that were found before, if they are about this very Service."""
        found = await _find(client, CONFIGMAPS, self._spec.facts, self._spec.namespace)
        if found is not None:
            try:
                facts = HostFacts.load(found.get("data") or {})
            except KeyError:
                facts = None
            if facts is not None and facts.service_uid == uid(service):
                return facts
        facts = await host.find(client, service, cidrs=self._spec.service_cidrs)
        log.info(
            "range of Service IPs: %s, of node ports: %s", ",".join(facts.service_cidrs), facts.node_ports
        )
        return facts

    async def _keys(self, client: Client, facts: HostFacts) -> None:
        spec, owner = self._spec, facts.service_uid
        names = (spec.certificates, spec.access)
        found = [await _find(client, SECRETS, name, spec.namespace) for name in names]
        data = [(each or {}).get("data") or {} for each in found]
        existing = layout.files_of(*data)
        sans = pki.sans(spec, facts.service_ips)
        self._check_authorities(existing, pki.authorities(sans))
        files = await asyncio.to_thread(issue, self._signer, sans, existing=existing)
        wanted = layout.secrets(spec, files, owner=owner)
        for name, now, then, secret in zip(names, found, data, wanted, strict=True):
            changed = {key: value for key, value in secret["data"].items() if then.get(key) != value}
            if now is None:
                await _create(client, SECRETS, secret)
                log.info("made Secret %s", name)
            elif changed:
                await _change(client, SECRETS, now, changed)
                log.info("changed Secret %s: %s", name, ", ".join(sorted(changed)))

    def _check_authorities(self, existing: pki.Files, authorities: Iterable[str]) -> None:
        """A CA that is half there is not replaced: all that trusts it would be cut off."""
        for name in authorities:
            broken = [file for file in (f"{name}.crt", f"{name}.key") if file not in existing]
            if broken == []:
                with suppress(ValueError):
                    certificate.parse(existing[f"{name}.crt"])
                    continue
                broken = [f"{name}.crt"]
            if len(broken) == 1:
                secret = self._spec.certificates
                raise VcliError(
                    f"Secret {secret} has no good {broken[0]}, but the other half of that CA",
                    hint=f"restore it; or delete Secret {secret} and then pod {self._spec.pod}, for new keys",
                )

    async def _write_facts(self, client: Client, facts: HostFacts) -> None:
        wanted = host.config_map(self._spec, facts)
        found = await _find(client, CONFIGMAPS, self._spec.facts, self._spec.namespace)
        if found is None:
            await _create(client, CONFIGMAPS, wanted)
            log.info("made ConfigMap %s", self._spec.facts)
        elif (found.get("data") or {}) != wanted["data"]:
            await _change(client, CONFIGMAPS, found, wanted["data"])
            log.info("changed ConfigMap %s", self._spec.facts)

    async def _until_mounted(self, client: Client, done: Callable[[], bool]) -> None:
        """Wait for the kubelet, and remind it each second."""
        loop = asyncio.get_running_loop()
        due = 0.0
        while not done():  # files give no signal
            if loop.time() >= due:
                await self._remind(client)
                due = loop.time() + _PAUSE
            await asyncio.sleep(_LOOK)

    async def _remind(self, client: Client) -> None:
        stamp = dt.datetime.now(dt.UTC).isoformat()
        body: Object = {"metadata": {"annotations": {NUDGE: stamp}}}
        try:
            await client.patch(PODS, self._pod, body, namespace=self._spec.namespace)
        except (ApiError, Unreachable) as error:
            # It would look by itself, within a minute or two.
            log.warning("can't annotate pod %s: %s", self._pod, error.message)


async def _find(client: Client, resource: Resource, name: str, namespace: str) -> Object | None:
    try:
        return await client.get(resource, name, namespace=namespace)
    except NotFound:
        return None


async def _create(client: Client, resource: Resource, obj: Object) -> None:
    try:
        await client.create(resource, obj)
    except AlreadyExists as error:
        # Another pod of this control plane, or `vcli create`: theirs are as good. Read them, and look again.
        raise Conflict(error.message, status=error.status) from error


async def _change(client: Client, resource: Resource, found: Object, data: Object) -> None:
    """Change keys of an object, unless it changed meanwhile."""
    metadata = found["metadata"]
    body: Object = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "data": data}
    await client.patch(resource, metadata["name"], body, namespace=metadata["namespace"])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""

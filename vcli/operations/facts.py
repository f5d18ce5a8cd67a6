"""What is to be known before a control plane is rendered: where it goes, its code, the network, its PKI."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from vcli import inputs
from vcli.bootstrap import facts as host_facts
from vcli.bootstrap import layout, pki
from vcli.bootstrap.pki import Files
from vcli.config.schema import Values
from vcli.controlplane import bundle as bundles
from vcli.controlplane import render
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.names import Names
from vcli.controlplane.packing import RENEWED
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import SECRETS
from vcli.kube.types import Object, annotations


def choose_namespace(name: str, *, given: str | None, of_context: str | None) -> str:
    """``-n``, else the context's unless that is ``default``, else ``vcluster-NAME``.

    Raises:
        UsageError: the given one can't be a namespace.
    """
    if given is not None:
        return inputs.namespace(given)
    return of_context if of_context and of_context != "default" else f"vcluster-{name}"


async def load_bundle(values: Values) -> Bundle | None:
    """The syncer's code, packed; None if an image has it."""
    if values.control_plane.stateful_set.image.repository:
        return None
    return await asyncio.to_thread(bundles.load)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the pod would otherwise make itself.

    Attributes:
        objects: the ConfigMap with the facts, the Secrets with keys and kubeconfig.
        renewed: that a running component had other certificates before.
    """

    objects: list[Object] = field(repr=False)
    renewed: bool

    def renewal(self, workload: Object | None) -> str:
        """The annotation that restarts the pod if it has to; else the one that it has.

        Args:
            workload: the StatefulSet as it is on the host.
        """
        if self.renewed:
            return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        template = (workload or {}).get("spec", {}).get("template", {})
        return annotations(template).get(RENEWED, "")


async def make_keys(
    client: Client, names: Names, values: Values, service: Object, *, fresh: Files | None = None
) -> Keys:
    """Find the facts about the host, and issue what is missing of the PKI.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
        service: the control plane's, as the host answered it.
        fresh: files of a cluster that has none yet; None to read those that are on the host.

    Raises:
        NoServiceCidrError: the range of Service IPs can't be found out.
    """
    from vcli.controlplane.certificates import issue  # noqa: PLC0415  takes 40 ms to import

    async def existing() -> Files:
        return await read_files(client, names) if fresh is None else fresh

    spec = render.spec(names, values)
    found = host_facts.find(client, service, cidrs=spec.service_cidrs)
    facts, files = await asyncio.gather(found, existing())
    issued = await asyncio.to_thread(issue, pki.sans(spec, facts.service_ips), existing=files)
    objects = [
        host_facts.config_map(spec, facts),
        *layout.secrets(spec, issued, owner=facts.service_uid),
    ]
    return Keys(objects=objects, renewed=fresh is None and bool(files) and issued != files)


async def read_files(client: Client, names: Names) -> Files:
    """The PKI as it is kept on the host; empty where nothing is."""

    async def content(name: str) -> Mapping[str, str]:
        try:
            found = await client.get(SECRETS, name, namespace=names.namespace)
        except NotFound:
            return {}
        return found.get("data") or {}

    return layout.files_of(*await asyncio.gather(content(names.certificates), content(names.access)))

"""``vcli list``."""

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from vcli.cli.options import Common, command
from vcli.cli.peers import Driver, asks_for_compatible, note_driver, row_of_list
from vcli.console import Output
from vcli.invocation import vcli
from vcli.result import Column, Result


def _connected(row: Mapping[str, Any]) -> str:
    """Whether the current context leads there, and can: the next kubectl starts a tunnel that has ended."""
    if not row["connected"]:
        return "no"
    return "tunnel stopped" if row["tunnel"] == "stopped" else "yes"


COLUMNS = (
    Column("NAME", "name"),
    Column("NAMESPACE", "namespace"),
    Column("STATUS", "status"),
    Column("VERSION", "version"),
    Column("DISTRO", "distro"),
    Column("CONNECTED", _connected),
    Column("AGE", "age"),
    Column("KIND", "kind", wide=True),
    Column("READY", lambda row: f"{row['ready']}/{row['replicas']}", wide=True),
    Column("EXPOSED", lambda row: row["exposed"] or "", wide=True),
    Column("MANAGED BY", "managedBy", wide=True),
    Column("CERTIFICATES UNTIL", "certificatesEnd", wide=True),
)


@command
async def list_(
    *,
    all_namespaces: Annotated[
        bool,
        typer.Option("--all-namespaces", "-A", help="Of all namespaces, which is the default without -n."),
    ] = False,
    compat: Annotated[
        bool,
        typer.Option(
            "--compat",
            help="With -o json or yaml, the keys of loft-sh's CLI: Name, Namespace, Status."
            " [VCLI_COMPAT=vcluster]",
        ),
    ] = False,
    driver: Driver = None,
    common: Common,
) -> Result:
    r"""List virtual clusters.

    Those of all namespaces, or of the current one where that is not allowed; -n asks for one
    namespace. Clusters that loft-sh's vcluster CLI made are listed as well.

    \b
    Examples:
      vcli list
      vcli list -n team-a -o json
    """
    from vcli.operations.certificate_ends import warnings  # noqa: PLC0415
    from vcli.operations.list import age, list_clusters  # noqa: PLC0415  imported when it runs

    note_driver(driver, common.console)
    compatible = asks_for_compatible(os.environ) or compat
    structured = common.output in (Output.JSON, Output.YAML)
    if compat and not structured:
        common.console.warn("--compat has no effect without -o json or -o yaml")
    namespace = None if all_namespaces else common.namespace
    looked_at: list[str] = []
    found = await list_clusters(
        kubeconfig=common.kubeconfig,
        context=common.context,
        namespace=namespace,
        timeout=common.timeout,
        limited=looked_at.extend,
        certificates=common.output is Output.WIDE,
    )
    data = [
        {
            "name": each.cluster.name,
            "namespace": each.cluster.namespace,
            "status": each.cluster.status,
            "version": each.cluster.version,
            "distro": each.cluster.distro,
            "connected": each.connected,
            "tunnel": each.tunnel,
            "exposed": each.exposed,
            "age": age(each.cluster.created),
            "created": each.cluster.created,
            "kind": each.cluster.kind,
            "replicas": each.cluster.replicas,
            "ready": each.cluster.ready,
            "managedBy": "vcli" if each.cluster.ours else "loft-sh",
            # Only -o wide asks for it.
            **({"certificatesEnd": f"{min(each.ends.values()):%Y-%m-%d}"} if each.ends else {}),
        }
        for each in found
    ]
    if compatible and structured:
        data = list(map(row_of_list, data))
    messages = _said(namespace, looked_at, found=bool(data))
    for each in found:
        if each.ends and each.cluster.ours:
            messages += tuple(warnings(each.cluster.name, each.cluster.namespace, each.ends))
    return Result(data=data, columns=COLUMNS, messages=messages)


def _said(namespace: str | None, looked_at: list[str], *, found: bool) -> tuple[str, ...]:
    places = [namespace] if namespace else looked_at
    where = f" in namespace {', '.join(places)}" if places else ""
    limited = (
        (f"you may not list all namespaces, so only {', '.join(looked_at)} is shown",) if looked_at else ()
    )
    if found:
        return limited
    create = vcli("create", "NAME", namespace=places[0] if places else None)
    return (*limited, f"no virtual clusters{where}; {create} creates one")

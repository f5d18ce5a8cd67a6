"""``vcli host``: the embedded Kubernetes."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from vcli import inputs
from vcli.cli.completing import complete_addons, complete_files, complete_kubernetes
from vcli.cli.groups import Group
from vcli.cli.options import Common
from vcli.cli.readers import file_to_read
from vcli.commands.host_node import node
from vcli.console import table
from vcli.errors import UsageError
from vcli.result import Column, Result

host = Group(
    "Run the embedded Kubernetes host.\n\n"
    "A real Kubernetes in Linux namespaces of its own, of one node or several, for when no cluster is at "
    "hand. It needs Linux and root."
)

HostName = Annotated[
    str,
    typer.Option(
        "--name", metavar="NAME", envvar="VCLI_HOST_NAME", help="Which host, when there are several."
    ),
]
_NAME = "vcli-host"
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="ADDONS",
        help="Add-ons, with commas between them: network-policy, load-balancer, ingress, gateway-api,"
        " metrics, kine.",
        autocompletion=complete_addons,
    ),
]
Kubernetes = Annotated[
    str | None,
    typer.Option(
        "--kubernetes",
        metavar="VERSION",
        help="Its version of Kubernetes, such as 1.35. [default: the newest]",
        autocompletion=complete_kubernetes,
    ),
]

host.group("node", node)


@host.command("up")
def up(
    *,
    name: HostName = _NAME,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            parser=inputs.port,
            help="Port of its API server on 127.0.0.1; 0 takes a free one. [default: 16443]",
        ),
    ] = None,
    egress: Annotated[
        Literal["none", "public", "all"] | None,
        typer.Option(
            "--egress",
            metavar="WHAT",
            help="What it may reach beyond itself, through slirp4netns: none, public addresses, or all. "
            "[default: public if slirp4netns is installed]",
        ),
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option(
            "--nodes", metavar="N", parser=inputs.nodes, help="How many nodes, from 1 to 9. [default: 1]"
        ),
    ] = None,
    addons: With = None,
    kubernetes: Kubernetes = None,
    audit: Annotated[
        bool,
        typer.Option(
            "--audit",
            help="Log each request of users and ServiceAccounts; 'vcli host status' says where.",
        ),
    ] = False,
    update_current: Annotated[
        bool, typer.Option(help="Add its context to your kubeconfig and make it current.")
    ] = True,
    common: Common,
) -> Result:
    r"""Boot the embedded host, or find it running.

    The first time its programs are built from pinned sources, or downloaded where the internet allows;
    that is kept, and from then on it takes seconds.

    A host that is up gets those of the add-ons that it lacks.

    \b
    Examples:
      sudo vcli host up
      sudo vcli host up --name second --port 16444
      sudo vcli host up --nodes 3
      sudo vcli host up --with ingress,metrics
      sudo vcli host up --kubernetes 1.35
      sudo vcli host up --audit
    """
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415  imported when it runs, so that --help is quick
    from vcli.operations import host as operation  # noqa: PLC0415

    with ended_by_signals():
        done = operation.up(
            name=name,
            port=port,
            timeout=common.timeout or operation.READY_WITHIN,
            steps=common.console,
            kubeconfig=common.kubeconfig,
            update_current=update_current,
            egress=egress,
            nodes=nodes,
            addons=_names(addons),
            kubernetes=kubernetes,
            audited=audit,
        )
    verb = "up" if done.created else "up already"
    return Result(
        data={
            "name": done.name,
            "server": done.server,
            "context": done.context,
            "kubeconfig": str(done.kubeconfig),
            "kubectl": str(done.kubectl),
            "version": done.version,
            "created": done.created,
            "seconds": round(done.seconds, 3),
        },
        columns=(
            Column("NAME", "name"),
            Column("VERSION", "version"),
            Column("SERVER", "server"),
            Column("KUBECTL", "kubectl"),
        ),
        messages=(
            f"host {done.name} is {verb}, with Kubernetes {done.version} ({done.seconds:.1f}s)",
            *_about_images(done.name, done.version, created=done.created),
        ),
    )


@host.command("build")
def build(*, addons: With = None, kubernetes: Kubernetes = None, common: Common) -> Result:
    """Make the programs and images that hosts boot from, without booting one.

    'vcli host up' does the same when they are not in the cache yet: this is for machine images and CI.
    """
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415
    from vcli.operations import host_programs as operation  # noqa: PLC0415

    with ended_by_signals():
        kubectl = operation.build(addons=_names(addons), kubernetes=kubernetes, steps=common.console)
    return Result(
        data={"kubectl": str(kubectl)},
        names=(str(kubectl),),
        text="",
        messages=("the host's programs and images are in the cache",),
    )


@host.command("down")
def down(*, name: HostName = _NAME, common: Common) -> Result:
    """Remove the embedded host and everything on it.

    Only the cache stays, so that the next one is up in seconds. Running it twice is fine.
    """
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415
    from vcli.operations import host as operation  # noqa: PLC0415

    with ended_by_signals():
        removed = operation.down(name=name, steps=common.console, kubeconfig=common.kubeconfig)
    message = f"host {name} is removed" if removed else f"host {name} is not up, nothing to remove"
    return Result(data={"name": name, "removed": removed}, text="", messages=(message,))


@host.command("status")
def status(*, name: HostName = _NAME, common: Common) -> Result:  # noqa: ARG001
    """Show how the embedded host does, component by component.

    Exit code 0 when all is well, 4 when it is up but not ready, 3 when it is not up.
    """
    from vcli.operations import host as operation  # noqa: PLC0415

    found = operation.status(name=name)
    components = [
        {
            "name": x.name,
            "node": x.node,
            "pid": x.pid,
            "restarts": x.restarts,
            "lastExit": x.last_exit,
            "log": str(x.log),
        }
        for x in found.components
    ]
    nodes = [{"name": x.name, "state": x.state, "ready": x.ready} for x in found.nodes]
    data = {
        "name": found.name,
        "ready": found.ready,
        "nodeReady": found.node_ready,
        "version": found.version,
        "server": found.server,
        "port": found.port,
        "pid": found.pid,
        "kubeconfig": str(found.kubeconfig),
        "kubectl": str(found.kubectl),
        "components": components,
        "nodes": nodes,
        "addons": [{"name": x.name, "ready": x.ready} for x in found.addons],
        "auditLog": str(found.audit_log) if found.audit_log else None,
    }
    ready = "ready" if found.ready else "not ready"
    head = f"host {found.name}: {ready}, Kubernetes {found.version or 'not answering'}, {found.server}"
    if found.addons:
        names = (x.name if x.ready else f"{x.name} (not ready)" for x in found.addons)
        head += f"\nwith {', '.join(names)}"
    if found.audit_log:
        head += f"\naudit log: {found.audit_log}"
    several = len(found.nodes) > 1
    rows = table(
        (
            *((Column("NODE", "node"),) if several else ()),
            Column("COMPONENT", "name"),
            Column("PID", lambda row: row["pid"] or None),
            Column("RESTARTS", "restarts"),
            Column("LAST EXIT", lambda row: row["lastExit"] or None),
        ),
        components,
    )
    if several:
        states = (
            Column("NODE", "name"),
            Column("STATE", "state"),
            Column("READY", lambda row: "yes" if row["ready"] else "no"),
        )
        head += f"\n\n{table(states, nodes)}"
    return Result(data=data, text=f"{head}\n\n{rows}\n", exit_code=0 if found.ready else 4)


def _about_images(name: str, version: str, *, created: bool) -> list[str]:
    """Where images of virtual clusters come from on a host of another version than the default one."""
    from vcli.config.schema import KUBERNETES  # noqa: PLC0415
    from vcli.operations.host import command  # noqa: PLC0415

    if not created or version == KUBERNETES:
        return []
    minor = KUBERNETES.removeprefix("v").rpartition(".")[0]
    load = command(f"load-image --kubernetes {minor}", name)
    return [f"it has the images of virtual clusters of {version}; {load} adds those of the default version"]


def _names(given: list[str] | None) -> list[str]:
    """The names in ``a,b`` and in options given more than once."""
    return [inputs.not_empty(name, "--with").strip() for each in given or () for name in each.split(",")]


@host.command("kubeconfig")
def kubeconfig(*, name: HostName = _NAME, common: Common) -> Result:  # noqa: ARG001
    """Print the kubeconfig of the embedded host's administrator."""
    from vcli.operations import host as operation  # noqa: PLC0415

    text = operation.kubeconfig(name=name)
    from vcli import yaml  # noqa: PLC0415

    document = yaml.parse(text)
    contexts = tuple(str(each["name"]) for each in document["contexts"])
    return Result(data=document, names=contexts, text=text)


@host.command("load-image")
def load_image(
    archive: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="An OCI archive, or one of docker save.",
            parser=file_to_read,
            autocompletion=complete_files,
            show_default=False,
        ),
    ] = None,
    *,
    kubernetes: Annotated[
        str | None,
        typer.Option(
            "--kubernetes",
            metavar="VERSION",
            help="Instead of a file: what virtual clusters of this version run, such as 1.35.",
            autocompletion=complete_kubernetes,
        ),
    ] = None,
    name: HostName = _NAME,
    common: Common,
) -> Result:
    """Put the images of an archive into the embedded host, which has no registry; on all its nodes.

    It has the images of virtual clusters of its own version; --kubernetes adds those of another one.
    """
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415
    from vcli.operations import host_images as operation  # noqa: PLC0415

    if (archive is None) == (kubernetes is None):
        raise UsageError(
            "one of FILE and --kubernetes is needed, and not both",
            hint="vcli host load-image FILE, or vcli host load-image --kubernetes VERSION",
        )
    with ended_by_signals():
        loaded = (
            operation.load_image(archive, name=name, steps=common.console)
            if archive is not None
            else operation.load_kubernetes(str(kubernetes), name=name, steps=common.console)
        )
    return Result(
        data=[{"name": x} for x in loaded], columns=(Column("IMAGE", "name"),), messages=("images loaded",)
    )

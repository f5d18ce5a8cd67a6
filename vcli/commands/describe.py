"""``vcli describe``."""

from typing import Any

from vcli.cli.options import Common, Name, command
from vcli.console import fields, table
from vcli.result import Column, Result

_ALARMS = {"NOSPACE": "full (NOSPACE): writes are refused"}


@command
async def describe(name: Name, *, common: Common) -> Result:
    """Show all about one virtual cluster.

    Its versions, components with their restarts, volumes, ends of certificates, what is synced and what
    could be, recent warnings and values. Parts that you may not read are left out. Warnings are those of the
    control plane: nothing of what runs inside is among them.
    """
    from vcli.operations.describe import describe_cluster  # noqa: PLC0415  imported when it runs

    data = await describe_cluster(
        name,
        kubeconfig=common.kubeconfig,
        context=common.context,
        namespace=common.namespace,
        timeout=common.timeout,
    )
    return Result(data=data, text=_page(data), messages=_warnings(data))


def _warnings(data: dict[str, Any]) -> tuple[str, ...]:
    """What is to be done soon."""
    from datetime import datetime  # noqa: PLC0415  --help must be quick

    from vcli.operations.certificate_ends import warnings  # noqa: PLC0415

    if data["managedBy"] != "vcli":
        return ()
    ends = {key: datetime.fromisoformat(end) for key, end in (data["certificates"] or {}).items()}
    return tuple(warnings(data["name"], data["namespace"], ends))


def _page(data: dict[str, Any]) -> str:
    workload, service = data["workload"], data["service"] or {}
    facts = [
        ("Name", data["name"]),
        ("Namespace", data["namespace"]),
        ("Host", f"{data['host']['context']} ({data['host']['server']})"),
        ("Status", data["status"]),
        ("Version", f"{data['version'] or 'unknown'} ({data['distro'] or 'unknown distribution'})"),
        ("Created", f"{data['created']} by {data['managedBy']}"),
        ("Bundle", _bundle(data["bundle"]) if data["managedBy"] == "vcli" else ""),
        ("Workload", f"{workload['kind']}, {workload['ready']} of {workload['replicas']} ready"),
        ("Service", " ".join(_places(service))),
        ("Store", _store(data["store"] or {})),
        ("Exposed", _exposed(data["service"])),
    ]
    parts = [fields(facts)]
    components = [
        {"pod": pod["name"], **component} for pod in data["pods"] or () for component in pod["components"]
    ]
    for title, rows, columns in (
        (
            "Components",
            components,
            "POD=pod COMPONENT=name STATE=state READY=ready RESTARTS=restarts IMAGE=image",
        ),
        ("Volumes", data["claims"], "CLAIM=name PHASE=phase SIZE=size STORAGECLASS=storageClass"),
        ("Kinds", data["kinds"], "KIND=kind DIRECTION=direction STATE=state OBJECTS=objects KEY=key"),
        ("Certificates", _expires(data["certificates"]), "CERTIFICATE=name EXPIRES=end"),
        ("Warnings", data["warnings"], "TIME=time OBJECT=object REASON=reason COUNT=count MESSAGE=message"),
    ):
        pairs = (each.split("=") for each in columns.split())
        shown = table([Column(heading, key) for heading, key in pairs], rows or ())
        if shown:
            parts.append(f"{title}:\n" + _indented(shown))
    if (data["values"] or "{}").strip() != "{}":
        parts.append("Values:\n" + _indented(data["values"].rstrip()))
    return "\n\n".join(parts)


def _bundle(found: dict[str, Any] | None) -> str:
    """The syncer's code; that it is not this CLI's is nothing wrong, and good to know."""
    if found is None:
        return "in the syncer's image"
    if found["same"]:
        return f"{found['running']} (the one of this CLI)"
    return f"{found['running']} (not the one of this CLI, {found['own']}: an upgrade brings it)"


def _places(service: dict[str, Any]) -> list[str]:
    """Type and addresses of the Service in front of the API server."""
    ports = [f"nodePort {port['nodePort']}" for port in service.get("ports", ()) if "nodePort" in port]
    return [
        *filter(None, [service.get("type"), service.get("clusterIP")]),
        *ports,
        *service.get("addresses", ()),
    ]


def _store(store: dict[str, Any]) -> str:
    """What keeps the objects, and how full it is; empty where that is not known."""
    said = " ".join(filter(None, (store.get("kind"), store.get("endpoint"), store.get("prefix"))))
    if "size" in store:
        of = f" of {_mib(store['quota'])}" if store["quota"] else ""
        said += f": {_mib(store['size'])}{of}, {_mib(store['inUse'])} in use"
    alarms = [_ALARMS.get(each, each) for each in store.get("alarms", ())]
    return "; ".join([said, *alarms])


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"


def _exposed(service: dict[str, Any] | None) -> str:
    return "unknown" if service is None else service["exposed"] or "no, by a tunnel only"


def _expires(certificates: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"name": key, "end": end} for key, end in (certificates or {}).items()]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())

"""What create would apply, without applying it."""

from dataclasses import replace

from vcli.config.schema import Values
from vcli.controlplane import render
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names, check_name
from vcli.controlplane.rights import features
from vcli.kube.errors import Object
from vcli.operations.gather import choose_namespace, load_bundle

# Known only once the Service is there. The addresses are those of documentation (RFC 5737), so that nobody
# takes them for real.
UNKNOWN = Facts(service_cidrs=("192.0.2.0/24",), service_ips=("192.0.2.1",), service_uid="")


async def template(
    name: str, values: Values, *, namespace: str | None = None, storage: bool = True
) -> list[Object]:
    """The objects of a virtual cluster, no host asked: addresses are placeholders, secrets are left out.

    Args:
        name: of the virtual cluster.
        values: what the user chose.
        namespace: on the host.
        storage: whether to assume that the host has a default StorageClass.

    Raises:
        UsageError: the name makes no sense.
    """
    check_name(name)
    names = Names(name, choose_namespace(name, given=namespace, of_context=None))
    facts = replace(UNKNOWN, storage=Storage(name="") if storage else None, features=frozenset(features()))
    return planned(names, values, facts, bundle=await load_bundle(values))


def planned(names: Names, values: Values, facts: Facts, *, bundle: Bundle | None) -> list[Object]:
    """The objects, fit to be shown."""
    from vcli.controlplane.certificates import LEAVES  # noqa: PLC0415  takes 40 ms to import

    files = {f"{leaf.name}.{part}": b"" for leaf in LEAVES for part in ("crt", "key")}
    others = ("ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "sa.pub")
    objects = render.render(names, values, facts, files=files | dict.fromkeys(others, b""), bundle=bundle)
    return [render.redact(obj) for obj in objects]

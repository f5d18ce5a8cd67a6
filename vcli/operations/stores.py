"""What is seen about a store before anything is made or changed."""

from collections.abc import Iterator

from vcli.config.schema import Values
from vcli.controlplane.names import Names
from vcli.controlplane.stores import Place, place_of
from vcli.errors import ConflictError
from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import SECRETS
from vcli.kube.types import Object
from vcli.operations.remedies import Problem


async def store_problems(client: Client, names: Names, values: Values) -> list[Problem]:
    """Whether the files are there that the values name: without them the pod would wait for ever.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
    """
    external = values.control_plane.backing_store.etcd.external
    if not external.enabled or not external.tls.secret_name:
        return []
    tls, namespace = external.tls, names.namespace
    wanted = [key for key in (tls.ca_file, tls.cert_file, tls.key_file) if key]
    files = (f"--from-file={key}=FILE" for key in wanted)
    made = kubectl("create", "secret", "generic", tls.secret_name, *files, namespace=namespace)
    try:
        secret = await client.get(SECRETS, tls.secret_name, namespace=namespace)
    except NotFound:
        text = f"there is no Secret {tls.secret_name!r} with the files for TLS with the external etcd"
        return [Problem(text, f"in the namespace, which must be there before: {made}")]
    except Forbidden:
        return []
    missing = [key for key in wanted if key not in (secret.get("data") or {})]
    if not missing:
        return []
    text = f"the Secret {tls.secret_name!r} for TLS with the external etcd lacks {', '.join(missing)}"
    where = "controlPlane.backingStore.etcd.external.tls"
    return [Problem(text, f"caFile, certFile and keyFile in {where} are keys of the Secret")]


def check_change(names: Names, live: Object | None, wanted: Object) -> None:
    """See that an upgrade does not leave the objects behind in another store.

    Args:
        names: of the virtual cluster.
        live: the workload that is there.
        wanted: as it would be.

    Raises:
        ConflictError: it would.
    """
    before, after = (_place(each) for each in (live, wanted))
    if before is None or after is None:
        return
    if changed := ", ".join(_differences(before, after)):
        raise ConflictError(
            f"virtual cluster {names.cluster!r} in namespace {names.namespace!r} would lose its objects,"
            f" which stay in the store that it has: {changed}",
            hint="leave controlPlane.backingStore as it was at its creation; for another store create a"
            " second virtual cluster and apply your manifests there",
        )


def _differences(before: Place, after: Place) -> Iterator[str]:
    """In words. Another endpoint may well be the same etcd."""
    if before.kind != after.kind:
        yield f"store {before.kind} → {after.kind}"
    elif before.prefix != after.prefix:
        yield f"prefix {before.prefix or '(default)'} → {after.prefix or '(default)'}"


def _place(workload: Object | None) -> Place | None:
    return place_of(workload["spec"]["template"]["spec"]) if workload else None

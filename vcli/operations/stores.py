"""What is seen about a store before anything is made or changed."""

from collections.abc import Iterator

from vcli.config.data_source import KEY
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
    """Whether all is there that the values name of Secrets: without it the pod would wait for ever.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
    """
    store = values.control_plane.backing_store
    etcd, database = store.etcd.external, store.database.external
    if etcd.enabled and etcd.tls.secret_name:
        tls = etcd.tls
        wanted = [key for key in (tls.ca_file, tls.cert_file, tls.key_file) if key]
        text, where = "with the files for TLS with the external etcd", "etcd.external.tls"
        return await _problems(client, names, tls.secret_name, wanted, (text, where))
    if database.enabled and database.secret_name:
        files = (database.ca_file, database.cert_file, database.key_file)
        wanted = [key for key in (*files, "" if database.data_source else KEY) if key]
        text, where = "for the external database", "database.external"
        return await _problems(client, names, database.secret_name, wanted, (text, where))
    return []


async def _problems(
    client: Client, names: Names, name: str, wanted: list[str], words: tuple[str, str]
) -> list[Problem]:
    """Of one Secret; the words say what it is for, and where in the values it is named."""
    text, where = words
    given = (f"--from-file={key}=FILE" for key in wanted)
    made = kubectl("create", "secret", "generic", name, *given, namespace=names.namespace)
    try:
        secret = await client.get(SECRETS, name, namespace=names.namespace)
    except NotFound:
        return [
            Problem(
                f"there is no Secret {name!r} {text}", f"in the namespace, which must be there before: {made}"
            )
        ]
    except Forbidden:
        return []
    missing = [key for key in wanted if key not in (secret.get("data") or {})]
    if not missing:
        return []
    what = text.removeprefix("with the files ")
    return [
        Problem(
            f"the Secret {name!r} {what} lacks {', '.join(missing)}",
            f"caFile, certFile and keyFile in controlPlane.backingStore.{where} are keys of the Secret",
        )
    ]


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
    elif before.kind == "external-database" and _database(before) != _database(after):
        yield f"database {before.endpoint or '(of a Secret)'} → {after.endpoint or '(of a Secret)'}"
    elif before.prefix != after.prefix:
        yield f"prefix {before.prefix or '(default)'} → {after.prefix or '(default)'}"


def _database(place: Place) -> tuple[str, str]:
    """What is another one for sure: another kind of server, or another name. A host may have several."""
    return place.endpoint.partition(":")[0], place.endpoint.rpartition("/")[2]


def _place(workload: Object | None) -> Place | None:
    return place_of(workload["spec"]["template"]["spec"]) if workload else None

"""What proves to a virtual cluster who we are: its admin's certificate, or a ServiceAccount's token."""

import base64
import binascii
from dataclasses import dataclass, field

from vcli import inputs
from vcli.errors import NotFoundError, VcliError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists, NotFound
from vcli.kube.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, SECRETS, SERVICEACCOUNTS
from vcli.kube.types import Object
from vcli.operations.resolve import VirtualCluster

TOKEN_LIFE = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to get into a virtual cluster.

    Attributes:
        ca: PEM of its certificate authority.
        user: the user's body as a kubeconfig has it.
    """

    ca: bytes
    user: Object = field(repr=False)

    def cluster(self, server: str, tls_server_name: str | None) -> Object:
        """The cluster's body as a kubeconfig has it."""
        body = {"certificate-authority-data": base64.b64encode(self.ca).decode(), "server": server}
        if tls_server_name:
            body["tls-server-name"] = tls_server_name
        return body

    def access(self, server: str, tls_server_name: str | None) -> Access:
        """For a client of our own."""
        certificate, key = (self.user.get(f"client-{part}-data") for part in ("certificate", "key"))
        token = self.user.get("token")

        async def read() -> str:
            return str(token)

        return Access(
            server=server,
            ca=self.ca,
            tls_server_name=tls_server_name,
            client_certificate=base64.b64decode(certificate) if certificate else None,
            client_key=base64.b64decode(key) if key else None,
            token=read if token else None,
        )


async def admin(client: Client, cluster: VirtualCluster) -> Credentials:
    """The administrator's credentials, from Secret ``vc-NAME`` on the host.

    Args:
        client: of the host.
        cluster: the virtual cluster.

    Raises:
        NotFoundError: there is no such Secret (yet).
        VcliError: it holds no credentials.
    """
    return await of_secret(client, cluster.name, cluster.namespace)


async def of_secret(client: Client, cluster: str, namespace: str) -> Credentials:
    """As `admin`, for a virtual cluster of which only the name is known."""
    name = f"vc-{cluster}"
    try:
        secret = await client.get(SECRETS, name, namespace=namespace)
    except NotFound as error:
        raise NotFoundError(
            f"there is no Secret {name!r} in namespace {namespace!r} with the credentials of virtual "
            f"cluster {cluster!r}",
            hint="the control plane may still be starting: try again in a minute",
        ) from error
    return from_secret(secret)


def from_secret(secret: Object) -> Credentials:
    """The credentials in a Secret ``vc-NAME``.

    Raises:
        VcliError: it holds none.
    """
    name = secret["metadata"]["name"]
    data = secret.get("data") or {}
    if all(data.get(key) for key in ("certificate-authority", "client-certificate", "client-key")):
        user = {f"{key}-data": data[key] for key in ("client-certificate", "client-key")}
        return Credentials(ca=_decode(data["certificate-authority"], name), user=user)
    return _from_kubeconfig(_decode(data.get("config") or "", name).decode(), name)


def _from_kubeconfig(text: str, secret: str) -> Credentials:
    from vcli.kubeconfig.read import parse  # noqa: PLC0415  only for Secrets of odd shape

    config = parse(text, f"in Secret {secret}")
    users = [item.get("user") or {} for item in config.get("users") or ()]
    clusters = [item.get("cluster") or {} for item in config.get("clusters") or ()]
    if not users or not clusters or not clusters[0].get("certificate-authority-data"):
        raise VcliError(
            f"Secret {secret!r} holds no credentials: neither certificate-authority, client-certificate and"
            " client-key, nor a kubeconfig as 'config'"
        )
    kept = ("client-certificate-data", "client-key-data", "token")
    user = {key: users[0][key] for key in kept if users[0].get(key)}
    return Credentials(ca=_decode(clusters[0]["certificate-authority-data"], secret), user=user)


def _decode(text: str, secret: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise VcliError(f"Secret {secret!r} holds something that is not base64") from error


async def service_account(
    client: Client, account: str, *, cluster_role: str | None, life: float | None, ca: bytes
) -> Credentials:
    """A token of a ServiceAccount inside the virtual cluster, which is made if it does not exist.

    Args:
        client: of the virtual cluster, as its administrator.
        account: ``[NAMESPACE/]NAME``; namespace ``default`` if it has none.
        cluster_role: a ClusterRole to bind to it, for the whole virtual cluster.
        life: of the token, in seconds; a day when None.
        ca: PEM of the virtual cluster's certificate authority.

    Raises:
        UsageError: the token's life is too short, or the account's name makes no sense.
        NotFoundError: the namespace or the ClusterRole does not exist.
    """
    namespace, _, name = inputs.service_account(account).rpartition("/")
    namespace = namespace or "default"
    seconds = TOKEN_LIFE if life is None else inputs.token_life(life)
    await _ensure_account(client, namespace, name)
    if cluster_role:
        await _ensure_binding(client, namespace, name, cluster_role)
    body = {"spec": {"expirationSeconds": int(seconds)}}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", **body}
    answer = await client.create_subresource(SERVICEACCOUNTS, name, "token", request, namespace=namespace)
    return Credentials(ca=ca, user={"token": answer["status"]["token"]})


async def _ensure_account(client: Client, namespace: str, name: str) -> None:
    try:
        await client.get(SERVICEACCOUNTS, name, namespace=namespace)
    except NotFound:
        try:
            await client.create(SERVICEACCOUNTS, {"metadata": {"name": name, "namespace": namespace}})
        except AlreadyExists:
            return
        except NotFound as error:
            raise NotFoundError(
                f"can't create ServiceAccount {name!r}: the virtual cluster has no namespace {namespace!r}"
            ) from error


async def _ensure_binding(client: Client, namespace: str, name: str, cluster_role: str) -> None:
    await client.get(CLUSTERROLES, cluster_role)
    binding = f"vcli:{namespace}:{name}:{cluster_role}"
    body = {
        "metadata": {"name": binding},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": cluster_role},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
    }
    try:
        await client.create(CLUSTERROLEBINDINGS, body)
    except AlreadyExists:
        return

"""The values of ``exportKubeConfig``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc, required and section make fields

from dataclasses import dataclass

from vcli.config.fields import doc, required, section
from vcli.contract import ports
from vcli.contract.mappings import NAME, NAMESPACE

_NAME = {"pattern": rf"^({NAME})?$", "form": "the name of an object, such as my-kubeconfig"}
_NAMESPACE = {"pattern": rf"^({NAMESPACE})?$", "form": "the name of a namespace"}

_SERVER = (
    f"URL of the API server; empty means https://localhost:{ports.API}, or that of controlPlane.ingress."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """One more Secret on the host with the kubeconfig, by `context`, `server` and `insecure` above."""

    name: str = doc("", "Name of the Secret; empty for none.", **_NAME)
    namespace: str = doc("", "The host namespace; empty means that of the virtual cluster.", **_NAMESPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedAccount:
    """A ServiceAccount of the virtual cluster whose token is in it, in place of an administrator's key."""

    name: str = doc("", "Name of the ServiceAccount, made if it is missing; empty for none.", **_NAME)
    namespace: str = doc("", "Its namespace; empty means kube-system.", **_NAMESPACE)
    cluster_role: str = doc("", "A ClusterRole of the virtual cluster that it is bound to; empty for none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionalSecret:
    """A Secret on the host with a kubeconfig."""

    name: str = required("Name of the Secret.", pattern=rf"^{NAME}$", form=_NAME["form"])
    namespace: str = doc("", "The host namespace; empty means that of the virtual cluster.", **_NAMESPACE)
    context: str = doc("", "Name of the context; empty means my-vcluster.")
    server: str = doc("", _SERVER)
    insecure: bool = doc(False, "Do not verify the certificate of `server`.")
    service_account: ExportedAccount = section(ExportedAccount)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportKubeConfig:
    """The kubeconfig in Secret ``vc-NAME``, key ``config``; key ``value`` has one for pods of the host."""

    context: str = doc("", "Name of the context; empty means my-vcluster.")
    server: str = doc("", _SERVER)
    insecure: bool = doc(False, "Do not verify the certificate of `server`.")
    secret: SecretReference = section(SecretReference)
    additional_secrets: tuple[AdditionalSecret, ...] = doc(
        (), "More Secrets on the host with a kubeconfig; not together with `secret`."
    )

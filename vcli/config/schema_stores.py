"""The values of ``controlPlane.backingStore`` for stores outside the pod; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass
from typing import Final

from vcli.config.fields import doc, section

_URL: Final = r"https?://([-A-Za-z0-9.]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}"
_KEY: Final = {"pattern": r"^[-._A-Za-z0-9]*$", "form": "a key of that Secret, such as ca.crt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTls:
    """Files for TLS, in a Secret: what cert-manager and ``kubectl create secret tls`` make fits."""

    secret_name: str = doc(
        "",
        "Secret in the host namespace that has the files; needed for https.",
        pattern=r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$",
        form="the name of a Secret",
    )
    ca_file: str = doc("ca.crt", "Key in it of the certificate authority of the store.", **_KEY)
    cert_file: str = doc("tls.crt", "Key of the certificate to show to it; empty for none.", **_KEY)
    key_file: str = doc("tls.key", "Key of the private key that belongs to it; empty for none.", **_KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalEtcd:
    """An etcd outside the cluster, which its administrator backs up."""

    enabled: bool = doc(False, "Keep the objects there, and nothing in the control plane's pod.")
    endpoint: str = doc(
        "",
        "Its URL, or several with commas between: https://etcd.example.com:2379.",
        pattern=rf"^({_URL}(,{_URL})*)?$",
        form="a URL with a port, such as https://etcd.example.com:2379",
    )
    prefix: str = doc(
        "",
        "Below which the keys of this virtual cluster are, and of no other; empty: /vcli/NAMESPACE/NAME.",
        pattern=r"^(/[-._A-Za-z0-9]+)*$",
        form="a path, such as /vcli/team/demo",
    )
    tls: StoreTls = section(StoreTls)

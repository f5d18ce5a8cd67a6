"""The values of ``controlPlane.backingStore.database``: stores by kine; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass, field
from typing import Final

from vcli.config.fields import doc, section
from vcli.config.image import Image
from vcli.kube.types import Object

# Not the newest: from v0.17.3 on, a create that failed may be acknowledged (docs/designs/0041-stores.md).
KINE: Final = "v0.17.2"

_KEY: Final = {"pattern": r"^[-._A-Za-z0-9]*$", "form": "a key of that Secret, such as ca.crt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kine:
    """The container that is an etcd to the API server, and keeps what it gets in a database."""

    image: Image = field(
        default_factory=lambda: Image(registry="docker.io", repository="rancher/kine", tag=KINE)
    )
    extra_args: tuple[str, ...] = doc((), "More flags for kine; a flag given again wins.")
    resources: Object = doc({}, "Resources of the container, in place of the default ones.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedDatabase(Kine):
    """SQLite, in the control plane's pod."""

    enabled: bool = doc(False, "Keep the objects in SQLite, in the control plane's pod, in place of etcd.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalDatabase(Kine):
    """A database outside the cluster, which its administrator backs up."""

    enabled: bool = doc(False, "Keep the objects there: experimental, see docs/reference/stores.md.")
    data_source: str = doc(
        "",
        "Where it is: mysql://USER:PASSWORD@tcp(HOST:3306)/NAME or postgres://USER:PASSWORD@HOST:5432/NAME;"
        " empty: the key dataSource of the Secret says it.",
    )
    secret_name: str = doc(
        "",
        "Secret in the host namespace that has the files for TLS, and the data source if that is not above.",
        pattern=r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$",
        form="the name of a Secret",
    )
    ca_file: str = doc("", "Key in it of the certificate authority of the database; empty for none.", **_KEY)
    cert_file: str = doc("", "Key of the certificate to show to it; empty for none.", **_KEY)
    key_file: str = doc("", "Key of the private key that belongs to it; empty for none.", **_KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database in place of etcd, by way of kine."""

    embedded: EmbeddedDatabase = section(EmbeddedDatabase)
    external: ExternalDatabase = section(ExternalDatabase)

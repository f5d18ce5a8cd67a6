"""Values of stores that don't go together."""

from dataclasses import replace

from vcli.config.checks_database import check_database
from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.config.schema import EmbeddedEtcd, Values, VolumeClaim
from vcli.config.schema_stores import ExternalEtcd

_ETCD: Keys = ("controlPlane", "backingStore", "etcd")
_EXTERNAL: Keys = (*_ETCD, "external")
_CLAIM: Keys = ("controlPlane", "statefulSet", "persistence", "volumeClaim")


def check_stores(values: Values, document: Document) -> None:
    """See that there is one store, and that what is said of others has an effect.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    etcd = values.control_plane.backing_store.etcd
    check_database(values, document)
    if etcd.external.enabled:
        _check_external(values, document)
        return
    if etcd.external != ExternalEtcd():
        hint = "set controlPlane.backingStore.etcd.external.enabled to true"
        raise fail(document, _EXTERNAL, "of no use while it is off", hint=hint)


def _check_external(values: Values, document: Document) -> None:
    etcd, claim = (
        values.control_plane.backing_store.etcd,
        values.control_plane.stateful_set.persistence.volume_claim,
    )
    if etcd.embedded.enabled is True:
        raise fail(
            document,
            (*_ETCD, "embedded", "enabled"),
            "one store only, and the external etcd is enabled",
            hint="leave it at auto",
        )
    if replace(etcd.embedded, enabled="auto") != EmbeddedEtcd():
        raise fail(document, (*_ETCD, "embedded"), "of no use with an external etcd", hint="leave it out")
    if claim != VolumeClaim():
        hint = "leave it out (--ephemeral too): the external etcd keeps the data"
        raise fail(document, _CLAIM, "of no use with an external etcd", hint=hint)
    _check_endpoint(etcd.external, document)


def _check_endpoint(external: ExternalEtcd, document: Document) -> None:
    place, tls = (*_EXTERNAL, "endpoint"), external.tls
    if not external.endpoint:
        raise fail(document, place, "must be given", hint="such as https://etcd.example.com:2379")
    schemes = {url.partition(":")[0] for url in external.endpoint.split(",")}
    if len(schemes) > 1:
        raise fail(document, place, "all of them http, or all of them https")
    if schemes == {"https"} and not tls.secret_name:
        hint = "name a Secret of the host namespace that has ca.crt, tls.crt and tls.key"
        raise fail(document, (*_EXTERNAL, "tls", "secretName"), "must be given for https", hint=hint)
    if schemes == {"http"} and tls != type(tls)():
        raise fail(document, (*_EXTERNAL, "tls"), "of no use with http", hint="write https in endpoint")
    if not tls.ca_file:
        raise fail(document, (*_EXTERNAL, "tls", "caFile"), "must be given for https")
    if bool(tls.cert_file) != bool(tls.key_file):
        raise fail(document, (*_EXTERNAL, "tls", "certFile"), "certFile and keyFile: both, or none of them")

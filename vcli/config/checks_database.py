"""Values of databases that don't go together; a part of `vcli.config.checks_stores`."""

from dataclasses import replace
from typing import Final

from vcli.config.data_source import FORMS, place_of
from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.config.schema import EmbeddedEtcd, Values, VolumeClaim
from vcli.config.schema_database import Database, EmbeddedDatabase, ExternalDatabase

_STORE: Final[Keys] = ("controlPlane", "backingStore")
_DATABASE: Final[Keys] = (*_STORE, "database")
_EXTERNAL: Final[Keys] = (*_DATABASE, "external")
_EMBEDDED_ETCD: Final[Keys] = (*_STORE, "etcd", "embedded")
_CLAIM: Final[Keys] = ("controlPlane", "statefulSet", "persistence", "volumeClaim")


def check_database(values: Values, document: Document) -> bool:
    """See that what is said of databases has an effect.

    Returns:
        Whether a database is the store.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    store = values.control_plane.backing_store
    database, etcd = store.database, store.etcd
    for key, given, default in (
        ("embedded", database.embedded, EmbeddedDatabase()),
        ("external", database.external, ExternalDatabase()),
    ):
        if not given.enabled and given != default:
            hint = f"set controlPlane.backingStore.database.{key}.enabled to true"
            raise fail(document, (*_DATABASE, key), "of no use while it is off", hint=hint)
    if database == Database():
        return False
    others = {
        "database.embedded": database.embedded.enabled,
        "database.external": database.external.enabled,
        "etcd.external": etcd.external.enabled,
        "etcd.embedded": etcd.embedded.enabled is True,
    }
    enabled = [key for key, is_on in others.items() if is_on]
    if len(enabled) > 1:
        text = f"one store only, and {enabled[0]} and {enabled[1]} are enabled"
        hint = "leave one of them out" if enabled[1] != "etcd.embedded" else "leave etcd.embedded at auto"
        raise fail(document, (*_STORE, *enabled[1].split("."), "enabled"), text, hint=hint)
    if replace(etcd.embedded, enabled="auto") != EmbeddedEtcd():
        raise fail(document, _EMBEDDED_ETCD, "of no use with a database", hint="leave it out")
    if database.external.enabled:
        _check_external(values, document)
    return True


def _check_external(values: Values, document: Document) -> None:
    external = values.control_plane.backing_store.database.external
    if values.control_plane.stateful_set.persistence.volume_claim != VolumeClaim():
        hint = "leave it out (--ephemeral too): the external database keeps the data"
        raise fail(document, _CLAIM, "of no use with an external database", hint=hint)
    place = (*_EXTERNAL, "dataSource")
    if not external.data_source and not external.secret_name:
        hint = f"it is {FORMS}; or name a Secret with the key dataSource in secretName"
        raise fail(document, place, "must be given", hint=hint)
    # What was given is not said: it may have a password.
    if external.data_source and not place_of(external.data_source):
        raise fail(document, place, "is none of a database", hint=f"it is {FORMS}")
    files = {"caFile": external.ca_file, "certFile": external.cert_file, "keyFile": external.key_file}
    given = [key for key, value in files.items() if value]
    if given and not external.secret_name:
        hint = "put the files into a Secret of the host namespace, and name it in secretName"
        raise fail(document, (*_EXTERNAL, given[0]), "a key of a Secret, and none is named", hint=hint)
    if external.secret_name and external.data_source and not given:
        hint = "name keys of it in caFile, certFile and keyFile, or leave it out"
        raise fail(document, (*_EXTERNAL, "secretName"), "nothing of the Secret is used", hint=hint)
    if bool(external.cert_file) != bool(external.key_file):
        raise fail(document, (*_EXTERNAL, "certFile"), "certFile and keyFile: both, or none of them")

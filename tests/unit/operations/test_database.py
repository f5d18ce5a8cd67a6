"""Databases as stores: what the pod runs, what is a secret and stays one, and which changes are refused."""

import asyncio
import base64
import json
from typing import Any

import pytest

import value_examples_database
from value_examples import nested
from vcli.config.data_source import DOTTED, place_of
from vcli.config.document import Document
from vcli.config.load import from_mapping, read
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.controlplane.render import render, workload
from vcli.controlplane.stores import Place
from vcli.controlplane.stores import place_of as store_of
from vcli.errors import ConflictError, UsageError
from vcli.kube.errors import NotFound
from vcli.operations.changes import compare, keeps_data_in_pod
from vcli.operations.stored import Stored, completed
from vcli.operations.stores import check_change

NAMES = Names("demo", "team")
SQLITE = "controlPlane.backingStore.database.embedded"
EXTERNAL = "controlPlane.backingStore.database.external"
SOURCE = "mysql://vc:hush@tcp(db.example.com:3306)/vc?tls=true"
INSIDE = {f"{SQLITE}.enabled": True}
OUTSIDE = {f"{EXTERNAL}.enabled": True, DOTTED: SOURCE}


def rendered(flat: dict[str, Any], facts: Facts = Facts()) -> dict[str, Any]:  # noqa: B008  frozen
    return workload(NAMES, from_mapping(nested(flat), name="values"), facts, bundle=None, checksum="")


def pod(flat: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = rendered(flat)["spec"]["template"]["spec"]
    return found


def kine(flat: dict[str, Any]) -> dict[str, Any]:
    containers = {each["name"]: each for each in pod(flat)["containers"]}
    assert "etcd" not in containers
    return dict(containers["kine"])


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("mysql://vc:x@tcp(db:3306)/vc", "mysql://db:3306/vc"),
        ("mysql://vc:a@b/c:(@tcp([fd00::1]:3306)/vc?tls=true", "mysql://[fd00::1]:3306/vc"),
        ("postgres://vc:x%40@db:5432/vc?sslmode=disable", "postgres://db:5432/vc"),
        ("postgresql://one:1,two:2/vc", "postgres://one:1,two:2/vc"),
        ("postgres://vc:a@b@db/vc", ""),
        ("mysql://vc:x@unix(/run/mysql)/vc", ""),
        ("mysql://vc:x@tcp(db:3306)/", ""),
        ("sqlite:///data/x.db", ""),
    ],
)
def test_what_of_a_data_source_is_no_secret(source: str, place: str):
    assert place_of(source) == place


def test_sqlite_waits_for_the_disk_where_the_data_is_to_stay():
    on_claim = rendered(INSIDE, Facts(storage=Storage(name="")))
    [claim] = on_claim["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data"
    [endpoint] = [each for each in kine(INSIDE)["command"] if each.startswith("--endpoint=")]
    assert "_journal_mode=WAL" in endpoint
    assert "_synchronous=FULL" in endpoint
    ephemeral = {**INSIDE, "controlPlane.statefulSet.persistence.volumeClaim.enabled": False}
    assert any("_synchronous=OFF" in each for each in kine(ephemeral)["command"])
    assert {"name": "data", "emptyDir": {}} in pod(ephemeral)["volumes"]
    assert keeps_data_in_pod(rendered(ephemeral)["spec"])
    assert not keeps_data_in_pod(on_claim["spec"])


def test_kube_apiserver_alone_reaches_it():
    assert "--listen-address=127.0.0.1:2379" in kine(INSIDE)["command"]
    assert "--metrics-bind-address=0" in kine(INSIDE)["command"]


def test_the_data_source_is_in_a_secret_alone():
    values = from_mapping(nested(OUTSIDE), name="values")
    objects = render(NAMES, values, Facts(), bundle=None)
    [secret] = [each for each in objects if each["kind"] == "Secret"]
    assert base64.b64decode(secret["data"]["dataSource"]).decode() == SOURCE
    assert "hush" not in json.dumps([each for each in objects if each is not secret])
    [config] = [each for each in objects if each["metadata"]["name"] == NAMES.values]
    assert "enabled: true" in config["data"]["config.yaml"]
    reference = {"name": "vc-datasource-demo", "key": "dataSource"}
    first, *_ = kine(OUTSIDE)["env"]
    assert first == {"name": "KINE_ENDPOINT", "valueFrom": {"secretKeyRef": reference}}


def test_another_password_is_another_pod():
    other = {**OUTSIDE, DOTTED: SOURCE.replace("hush", "other")}
    assert kine(OUTSIDE)["env"] != kine(other)["env"]


def test_a_secret_of_the_user_may_have_all_of_it():
    named = {
        f"{EXTERNAL}.enabled": True,
        **{f"{EXTERNAL}.{key}": value for key, value in (("secretName", "db"), ("caFile", "ca.crt"))},
    }
    container = kine(named)
    assert [each["name"] for each in container["env"]] == ["KINE_ENDPOINT"]
    assert "--ca-file=/store-tls/ca.crt" in container["command"]
    assert not any(flag.startswith("--endpoint") for flag in container["command"])
    volume = {"name": "store-tls", "secret": {"secretName": "db", "defaultMode": 0o440}}
    assert volume in pod(named)["volumes"]
    values = from_mapping(nested(named), name="values")
    assert not [x for x in render(NAMES, values, Facts(), bundle=None) if x["kind"] == "Secret"]


def test_where_the_objects_are():
    local = "http://127.0.0.1:2379"
    assert store_of(pod(INSIDE)) == Place(kind="sqlite", endpoint=local, prefix="")
    assert store_of(pod(OUTSIDE)) == Place(
        kind="external-database", endpoint="mysql://db.example.com:3306/vc", prefix="/vcli/team/demo"
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, INSIDE, "store etcd → sqlite"),
        (INSIDE, {}, "store sqlite → etcd"),
        (INSIDE, OUTSIDE, "store sqlite → external-database"),
        (
            OUTSIDE,
            {**OUTSIDE, DOTTED: SOURCE.replace("/vc?", "/other?")},
            "database mysql://db.example.com:3306/vc → mysql://db.example.com:3306/other",
        ),
        (OUTSIDE, {**OUTSIDE, DOTTED: "postgres://db.example.com/vc"}, "→ postgres://db.example.com/vc"),
    ],
)
def test_another_store_is_refused(before: dict[str, Any], after: dict[str, Any], said: str):
    with pytest.raises(ConflictError, match=said) as caught:
        check_change(NAMES, rendered(before), rendered(after))
    assert "create a second virtual cluster" in (caught.value.hint or "")
    assert "hush" not in str(caught.value)


def test_another_name_or_password_of_the_same_database_is_not():
    moved = {**OUTSIDE, DOTTED: "mysql://vc:other@tcp(db2.example.com:3306)/vc"}
    check_change(NAMES, rendered(OUTSIDE), rendered(moved))
    check_change(NAMES, rendered(INSIDE), rendered(INSIDE))


@pytest.mark.parametrize(("flat", "said"), value_examples_database.REFUSED)
def test_what_does_not_go_together(flat: dict[str, Any], said: str):
    with pytest.raises(UsageError, match=said) as caught:
        from_mapping(nested(flat), name="values")
    assert "hush" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("flat", "said"),
    [(INSIDE, "SQLite is a file that one pod has"), (OUTSIDE, "reads would be of the past")],
)
def test_several_pods_are_refused(flat: dict[str, Any], said: str):
    with pytest.raises(UsageError, match=said):
        from_mapping(nested({**flat, "controlPlane.statefulSet.highAvailability.replicas": 3}), name="values")


@pytest.mark.parametrize(
    "expression",
    [
        f"{DOTTED}=mysql://me:hush@db",
        f"{EXTERNAL}.enabled=true,{DOTTED}=mysql://me:hush@db",
        f"{DOTTED}=mysql://me:hush@tcp(db:1)/x",
    ],
)
def test_the_place_of_a_mistake_has_no_password(expression: str):
    with pytest.raises(UsageError) as caught:
        read([], [expression]).values()
    assert "hush" not in f"{caught.value} {caught.value.hint}"
    assert str(caught.value).startswith("--set ")
    assert DOTTED in str(caught.value).partition(":")[0]


class Secrets:
    """The part of a client that gives Secrets."""

    def __init__(self, **data: str) -> None:
        self._data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}

    async def get(self, _: object, name: str, *, namespace: str) -> dict[str, Any]:
        assert (name, namespace) == ("vc-datasource-demo", "team")
        if not self._data:
            raise NotFound("not there", status=404)
        return {"data": self._data}


def stored(text: str, client: Any) -> Document:
    return asyncio.run(completed(client, NAMES, Stored("configmap/vc-config-demo", text)))


def test_an_upgrade_knows_the_data_source_and_does_not_show_it():
    text = "controlPlane: {backingStore: {database: {external: {enabled: true}}}}"
    before = stored(text, Secrets(dataSource=SOURCE))
    values = read([], [f"{DOTTED}={SOURCE.replace('hush', 'hush2')}"]).values(over=before)
    [change] = compare(NAMES, stored=before.data, values=values.given, planned=[], surplus=[]).values
    assert (change.key, change.before, change.after) == (DOTTED, "(hidden)", "(hidden)")
    kept = read([], []).values(over=before).control_plane.backing_store.database.external
    assert kept.data_source == SOURCE


def test_without_a_database_no_secret_is_read():
    assert stored("controlPlane: {}", None).data == {"controlPlane": {}}
    assert stored("", None).data == {}


def test_a_secret_that_is_lost_is_asked_for():
    text = "controlPlane: {backingStore: {database: {external: {enabled: true}}}}"
    with pytest.raises(UsageError, match="dataSource: must be given"):
        read([], []).values(over=stored(text, Secrets()))

"""What is said of a store, and which changes of it are refused."""

from typing import Any

import pytest

import value_examples_stores
from value_examples import nested
from vcli.config.load import from_mapping
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.render import workload
from vcli.controlplane.stores import Place, place_of
from vcli.errors import ConflictError, UsageError
from vcli.operations.describe_store import measured
from vcli.operations.stores import check_change

NAMES = Names("demo", "team")
EXTERNAL = "controlPlane.backingStore.etcd.external"
OUTSIDE = {f"{EXTERNAL}.enabled": True, f"{EXTERNAL}.endpoint": "http://etcd:2379"}


def rendered(**flat: Any) -> dict[str, Any]:
    values = from_mapping(nested(flat), name="values")
    return workload(NAMES, values, Facts(), bundle=None, checksum="")


def test_where_the_objects_are():
    inside, outside = (
        place_of(each["spec"]["template"]["spec"]) for each in (rendered(), rendered(**OUTSIDE))
    )
    assert inside == Place(kind="etcd", endpoint="http://127.0.0.1:2379", prefix="")
    assert outside == Place(kind="external-etcd", endpoint="http://etcd:2379", prefix="/vcli/team/demo")
    assert place_of({"containers": [{"name": "k3s", "command": ["k3s"]}]}) is None


def test_another_store_is_refused_another_name_of_it_is_not():
    inside, outside = rendered(), rendered(**OUTSIDE)
    for live, wanted in ((inside, outside), (outside, inside)):
        with pytest.raises(ConflictError, match="would lose its objects"):
            check_change(NAMES, live, wanted)
    with pytest.raises(ConflictError, match="prefix /vcli/team/demo → /b"):
        check_change(NAMES, outside, rendered(**OUTSIDE, **{f"{EXTERNAL}.prefix": "/b"}))
    check_change(NAMES, outside, rendered(**{**OUTSIDE, f"{EXTERNAL}.endpoint": "http://a:1,http://b:2"}))
    check_change(NAMES, inside, inside)
    check_change(NAMES, None, outside)


@pytest.mark.parametrize(("flat", "said"), value_examples_stores.REFUSED)
def test_what_does_not_go_together(flat: dict[str, Any], said: str):
    with pytest.raises(UsageError, match=said):
        from_mapping(nested(flat), name="values")


def test_metrics_of_the_syncer():
    text = 'vcli_store_size_bytes 3\nvcli_store_in_use_bytes 2\nvcli_store_quota_bytes 9\nother{a="b"} 1\n'
    assert measured(text) == {"size": 3, "inUse": 2, "quota": 9, "alarms": []}
    assert measured(text + 'vcli_store_alarm{alarm="NOSPACE"} 1\n')["alarms"] == ["NOSPACE"]
    assert measured("other 1\n") == {}

"""What is said about a virtual cluster that is paused."""

import pytest

from vcli.errors import ConflictError
from vcli.operations.resolve import VirtualCluster
from vcli.operations.usable import refuse_unusable


def cluster(*, paused=False, replicas=0, annotations=None, deleting=False):
    workload = {"metadata": {"name": "demo", "annotations": annotations or {}}}
    return VirtualCluster(
        name="demo",
        namespace="team",
        kind="StatefulSet",
        replicas=replicas,
        ready=0,
        version=None,
        distro=None,
        paused=paused,
        deleting=deleting,
        created="",
        ours=False,
        workload=workload,
    )


def test_one_that_was_scaled_down_is_scaled_up():
    with pytest.raises(ConflictError, match="is paused") as caught:
        refuse_unusable(cluster())
    assert caught.value.hint == "start it: kubectl scale statefulset/demo --replicas=1 -n team"


def test_one_that_another_cli_paused_gets_its_replicas_back_and_loses_the_marks():
    annotations = {"loft.sh/paused": "true", "loft.sh/paused-replicas": "3"}
    with pytest.raises(ConflictError) as caught:
        refuse_unusable(cluster(paused=True, annotations=annotations))
    scale, _, annotate = caught.value.hint.partition(" && ")
    assert scale == "start it: kubectl scale statefulset/demo --replicas=3 -n team"
    assert annotate == ("kubectl annotate statefulset/demo loft.sh/paused- loft.sh/paused-replicas- -n team")


def test_one_that_is_deleted_and_one_that_starts():
    with pytest.raises(ConflictError, match="is being deleted") as caught:
        refuse_unusable(cluster(deleting=True, replicas=1))
    assert "vcli list -n team" in caught.value.hint
    refuse_unusable(cluster(replicas=1))

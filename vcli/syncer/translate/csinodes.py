"""CSINodes of the host as tenants see them: which drivers a node has, and how many volumes it takes."""

from typing import Final

from vcli.syncer.translate.mirrors import mirrored, picked
from vcli.syncer.translate.objects import Object

_COPIED: Final = ("name", "nodeID", "topologyKeys", "allocatable")


def to_virtual(node: Object) -> Object:
    """The complete virtual CSINode for one of the host's."""
    drivers = [picked(driver, _COPIED) for driver in (node.get("spec") or {}).get("drivers") or ()]
    return mirrored(node, "storage.k8s.io/v1", "CSINode", {"spec": {"drivers": drivers}})


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a virtual CSINode can't become the desired one: a driver that is there takes no change."""
    before = {driver["name"]: driver for driver in (current.get("spec") or {}).get("drivers") or ()}
    return any(
        driver["name"] in before and picked(before[driver["name"]], _COPIED) != driver
        for driver in desired["spec"]["drivers"]
    )

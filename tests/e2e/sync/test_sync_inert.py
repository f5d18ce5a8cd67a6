"""What a default virtual cluster does not sync is said: on the object, and by `vcli describe`."""

import json

import pytest
from polling import eventually
from space import Space


def warning(space: Space, kind: str, name: str) -> str:
    """The message of the one Warning about an object."""
    about = f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"
    [event] = space.get("events", "--all-namespaces", "--field-selector", about)["items"]
    message: str = event["message"]
    return message


@pytest.mark.skew
def test_an_object_without_effect_says_which_value_gives_it_one(space: Space) -> None:
    name = f"urgent-{space.name}"
    space.kubectl("create", "priorityclass", name, "--value=1000")
    value = "sync.toHost.priorityClasses.enabled"
    assert f"{value}=true" in eventually(lambda: warning(space, "PriorityClass", name))
    assert value in space.kubectl("describe", "priorityclass", name)
    space.kubectl("delete", "priorityclass", name)
    cluster = space.cluster
    where = ("describe", cluster.name, "--namespace", cluster.namespace)
    found = json.loads(space.host.vcli(*where, "--output", "json").stdout)
    [kind] = [each for each in found["kinds"] if each["key"] == value]
    assert (kind["kind"], kind["state"]) == ("PriorityClass", "off")
    assert value in found["notEnabled"]
    lines = [" ".join(line.split()) for line in space.host.vcli(*where).stdout.splitlines()]
    assert f"PriorityClass toHost off 0 {value}" in lines
    states = {each["kind"]: each["state"] for each in found["kinds"]}
    assert states["Pod"] == states["PodDisruptionBudget"] == states["Event"] == "synced"
    assert states["NetworkPolicy"] == "off"

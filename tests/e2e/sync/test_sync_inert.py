"""What a default virtual cluster does not sync is said: on the object, and by `vcli describe`."""

import json

import pytest
from polling import eventually
from space import Space
from traffic import policy

DENY = policy("deny", podSelector={}, policyTypes=["Ingress"])


def warning(space: Space, kind: str, name: str) -> str:
    """The message of the one Warning about an object."""
    about = f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"
    [event] = space.get("events", "--field-selector", about)["items"]
    message: str = event["message"]
    return message


@pytest.mark.skew
def test_an_object_without_effect_says_which_value_gives_it_one(space: Space) -> None:
    space.apply(DENY)
    value = "sync.toHost.networkPolicies.enabled"
    assert f"{value}=true turns that on" in eventually(lambda: warning(space, "NetworkPolicy", "deny"))
    shown = space.kubectl("describe", "networkpolicy", "deny")
    assert space.name in shown
    cluster = space.cluster
    where = ("describe", cluster.name, "--namespace", cluster.namespace)
    found = json.loads(space.host.vcli(*where, "--output", "json").stdout)
    [kind] = [each for each in found["kinds"] if each["kind"] == "NetworkPolicy"]
    assert (kind["state"], kind["key"]) == ("off", value)
    assert value in found["notEnabled"]
    lines = [" ".join(line.split()) for line in space.host.vcli(*where).stdout.splitlines()]
    assert f"NetworkPolicy toHost off 0 {value}" in lines
    states = {each["kind"]: each["state"] for each in found["kinds"]}
    assert states["Pod"] == states["Event"] == "synced"

"""The attempts: each has a name, a group, and says what has to hold it back."""

import dataclasses
import re
from collections import Counter

import pytest

from vcli.config import Given
from vcli.config.isolate import isolated
from vcli.config.schema_policies import NetworkPolicyPolicy, Policies
from vcli.operations.verify import scene
from vcli.operations.verify.model import OF_POLICIES, Closed, parts_of, profile_of
from vcli.operations.verify.table import ATTEMPTS
from vcli.syncer.sync.rejections import REASON
from vcli.syncer.translate import keys

BY_NAME = {each.name: each for each in ATTEMPTS}


def test_names_are_unique_and_fit_into_pod_names():
    assert len(BY_NAME) == len(ATTEMPTS) >= 60
    assert [name for name in BY_NAME if not re.fullmatch(r"[a-z]([-a-z0-9]{0,50}[a-z0-9])?", name)] == []


def test_every_group_has_attempts_and_every_title_is_its_own():
    assert {each.group for each in ATTEMPTS} >= {
        "pods",
        "secrets",
        "services",
        "network",
        "api",
        "credentials",
    }
    assert [key for key, count in Counter((a.group, a.title) for a in ATTEMPTS).items() if count > 1] == []


@pytest.mark.parametrize(
    ("name", "default", "closed"),
    [
        ("volume-hostpath", False, True),
        ("kubelet", False, True),
        ("load-balancer", False, True),
        ("no-limits", False, True),
        ("external-ip", True, True),
        ("secret-volume", True, True),
        ("pod-annotations", False, False),
    ],
)
def test_what_the_profiles_close(name: str, *, default: bool, closed: bool):
    assert BY_NAME[name].is_closed(frozenset()) is default
    assert BY_NAME[name].is_closed(OF_POLICIES) is closed


def test_isolating_closes_more_and_opens_nothing():
    default = {each.name for each in ATTEMPTS if each.is_closed(frozenset())}
    closed = {each.name for each in ATTEMPTS if each.is_closed(OF_POLICIES)}
    assert default < closed
    assert {each.closed_by for each in ATTEMPTS} == set(Closed)


def test_the_profile_follows_from_the_values():
    assert profile_of(parts_of(Given().values().policies)) == "default"
    assert profile_of(parts_of(isolated(Given()).values().policies)) == "isolated"
    some = Policies(network_policy=NetworkPolicyPolicy(enabled=True))
    assert parts_of(some) == {Closed.NETWORK}
    assert profile_of(parts_of(some)) == "custom"
    assert parts_of(dataclasses.replace(some, pod_security_standard="restricted")) == {
        Closed.NETWORK,
        Closed.POD_SECURITY,
    }


def test_the_syncer_writes_what_attempts_look_for():
    assert (scene.NAMESPACE_LABEL, scene.NAME_ANNOTATION) == (keys.NAMESPACE, keys.NAME)
    assert REASON in scene.REFUSED

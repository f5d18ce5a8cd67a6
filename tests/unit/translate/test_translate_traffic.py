"""Values of ``trafficDistribution`` that a host may not have."""

import pytest

from vcli.syncer.translate.traffic import for_host, without_effect


def service(value):
    return {"spec": {"ports": [], **({"trafficDistribution": value} if value else {})}}


@pytest.mark.parametrize(
    ("wanted", "newer", "given", "told"),
    [
        (None, False, None, False),
        ("PreferClose", False, "PreferClose", False),
        ("PreferSameZone", False, "PreferClose", False),
        ("PreferSameNode", False, None, True),
        ("PreferSameZone", True, "PreferSameZone", False),
        ("PreferSameNode", True, "PreferSameNode", False),
    ],
)
def test_what_a_host_gets_of_it_and_what_is_reported(wanted, newer, given, told):
    virtual = service(wanted)
    assert for_host(virtual, newer=newer) == service(given)
    assert virtual == service(wanted)
    sentences = without_effect(virtual, newer=newer)
    assert bool(sentences) == told
    assert all("PreferSameNode" in x for x in sentences)

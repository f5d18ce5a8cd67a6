"""Values of ``trafficDistribution`` that a host may not have."""

import pytest

from vcli.syncer.translate.traffic import for_host, without_effect


def service(value):
    return {"spec": {"ports": [], **({"trafficDistribution": value} if value else {})}}


@pytest.mark.parametrize(
    ("wanted", "version", "given", "told"),
    [
        (None, (1, 33), None, False),
        ("PreferClose", (1, 33), "PreferClose", False),
        ("PreferSameZone", (1, 33), "PreferClose", False),
        ("PreferSameNode", (1, 33), None, True),
        ("PreferSameNode", (0, 0), None, True),
        ("PreferSameZone", (1, 34), "PreferSameZone", False),
        ("PreferSameNode", (1, 36), "PreferSameNode", False),
    ],
)
def test_what_a_host_gets_of_it_and_what_is_told(wanted, version, given, told):
    virtual = service(wanted)
    assert for_host(virtual, version) == service(given)
    assert virtual == service(wanted)
    sentences = without_effect(virtual, version)
    assert bool(sentences) == told
    assert all("PreferSameNode" in x for x in sentences)

import pytest
from translate_builders import service, unchanged

from vcli.syncer.translate.external_ips import Ranges, addresses, allowed, networks

SERVICES = networks(["10.96.0.0/16", "fd00:1::/108"])
NODE, POD = "203.0.113.1", "10.244.0.7"
EVERYTHING = networks(["0.0.0.0/0", "::/0"])


def of(*external_ips: str, ranges: Ranges) -> tuple[list[str], list[str]]:
    virtual = service(externalIPs=list(external_ips))
    with unchanged(virtual):
        return allowed(virtual, ranges)


def test_by_default_there_are_none() -> None:
    kept, sentences = of("203.0.113.7", "198.51.100.2", "10.96.3.4", ranges=Ranges(services=SERVICES))
    assert kept == []
    by_value, of_services = sentences
    assert "spec.externalIPs 203.0.113.7, 198.51.100.2 " in by_value
    assert "sync.toHost.services.externalIPs.allowedCIDRs" in by_value
    assert "spec.externalIPs 10.96.3.4 " in of_services
    assert "no value allows" in of_services


def test_a_service_without_any() -> None:
    assert allowed(service(), Ranges()) == ([], [])


def test_those_of_a_range_that_was_set_aside_are_kept() -> None:
    ranges = Ranges(allowed=networks(["203.0.113.0/28", "2001:db8::/64"]), services=SERVICES)
    kept, sentences = of("203.0.113.7", "203.0.113.77", "2001:db8::5", ranges=ranges)
    assert kept == ["203.0.113.7", "2001:db8::5"]
    assert len(sentences) == 1
    assert "spec.externalIPs 203.0.113.77 " in sentences[0]


@pytest.mark.parametrize(
    "address",
    [
        "10.96.0.1",
        "10.96.255.255",
        "fd00:1::a",
        "FD00:1:0::A",
        "::ffff:10.96.0.1",
        NODE,
        f"::ffff:{NODE}",
        POD,
        "no address",
        "010.096.0.1",
        "",
    ],
)
def test_no_range_allows_the_address_of_something_else(address: str) -> None:
    ranges = Ranges(allowed=EVERYTHING, services=SERVICES, in_use=addresses([NODE, POD, "", "nonsense"]))
    assert of("203.0.113.9", ranges=ranges) == (["203.0.113.9"], [])
    kept, sentences = of(address, ranges=ranges)
    assert kept == []
    assert len(sentences) == 1


def test_where_the_range_of_services_is_not_known_there_are_none() -> None:
    kept, [sentence] = of("203.0.113.9", ranges=Ranges(allowed=EVERYTHING))
    assert kept == []
    assert "not known" in sentence

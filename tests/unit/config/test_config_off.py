"""What stands beside ``enabled: false``: taken with a note, kept, and without an effect."""

from typing import Any

import pytest

from value_examples import nested
from value_examples_off import BY_CHOICE, OFF, SECTIONS, SILENT, UNSAID
from vcli.config import Values, from_mapping
from vcli.config.document import Document
from vcli.config.load import Given
from vcli.controlplane import render
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.errors import UsageError

FACTS = Facts(storage=Storage(name=""), features=frozenset())
ALL = SECTIONS | BY_CHOICE | SILENT


def read(flat: dict[str, Any], over: dict[str, Any] | None = None) -> Values:
    return Given(files=(Document(nested(flat)),)).values(over=Document(over) if over is not None else None)


def rendered(values: Values) -> list[Any]:
    objects = render.render(Names("demo", "team"), values, FACTS, bundle=None)
    return [each for each in objects if each["metadata"]["name"] != "vc-config-demo"]


@pytest.mark.parametrize("section", ALL)
def test_each_key_has_a_note_and_no_effect(section: str):
    flat = {f"{section}.{key}": value for key, value in ALL[section].items()}
    values = read({f"{section}.enabled": False, **flat})
    assert set(values.warnings) == {
        f"{section}.{key.partition('.')[0]}: has no effect while {section}.enabled is false"
        for key in ALL[section]
    }
    assert rendered(values) == rendered(read({f"{section}.enabled": False}))


@pytest.mark.parametrize("flat", OFF)
def test_it_is_kept_and_what_is_kept_is_right(flat: dict[str, Any]):
    values = read(flat)
    assert values.warnings
    again = Given().values(over=Document(values.given))
    assert (again.given, rendered(again)) == (values.given, rendered(values))
    assert rendered(from_mapping(values.given, name="kept")) == rendered(values)


def test_once_it_is_enabled_what_was_kept_works():
    kept = read({"policies.networkPolicy.enabled": False, "policies.networkPolicy.fallbackDns": "192.0.2.53"})
    values = read({"policies.networkPolicy.enabled": True}, over=kept.given)
    assert (values.policies.network_policy.fallback_dns, values.warnings) == ("192.0.2.53", ())


@pytest.mark.parametrize("flat", UNSAID)
def test_a_switch_that_was_forgotten_is_said(flat: dict[str, Any]):
    with pytest.raises(UsageError, match="of no use while"):
        read(flat)


@pytest.mark.parametrize(
    "flat",
    [
        {"policies.resourceQuota.enabled": False, "policies.resourceQuota.quota": {}},
        {"sync.fromHost.nodes.enabled": False, "sync.fromHost.nodes.clearImageStatus": True},
        {"controlPlane.distro.k3s.enabled": True, "controlPlane.backingStore.etcd.embedded.enabled": False},
        # It is a default for those below.
        {"sync.toHost.gatewayApi.enabled": False, "sync.toHost.gatewayApi.httpRoutes.enabled": True},
        {"controlPlane.distro.k8s.enabled": False, "controlPlane.distro.k8s.version": "1.35.2"},
        # No other store is enabled: it runs.
        {
            "controlPlane.backingStore.etcd.embedded.enabled": False,
            "controlPlane.backingStore.etcd.embedded.extraArgs": ["--x"],
        },
    ],
)
def test_defaults_and_what_has_an_effect_have_no_note(flat: dict[str, Any]):
    assert read(flat).warnings == ()


@pytest.mark.parametrize("said", [{"sync.fromHost.nodes.enabled": False}, {}])
def test_where_pods_run_is_never_dropped(said: dict[str, Any]):
    with pytest.raises(UsageError, match="of no use while Nodes are not synced") as refused:
        read({**said, "sync.fromHost.nodes.selector.labels": {"pool": "a"}})
    assert "then pods run on such Nodes alone" in (refused.value.hint or "")


@pytest.mark.parametrize(("key", "value"), [("odd", 1), ("fallbackDns", 1)])
def test_what_is_off_must_be_right_too(key: str, value: Any):
    with pytest.raises(UsageError, match=key):
        read({"policies.networkPolicy.enabled": False, f"policies.networkPolicy.{key}": value})


def test_a_custom_resource_that_is_off():
    values = read(
        {
            "sync.fromHost.customResources": {
                "widgets.example.com": {
                    "enabled": False,
                    "scope": "Cluster",
                    "selector": {"matchLabels": {"a": "b"}},
                }
            }
        }
    )
    key = "sync.fromHost.customResources.widgets.example.com"
    assert values.warnings == (f"{key}.selector: has no effect while {key}.enabled is false",)

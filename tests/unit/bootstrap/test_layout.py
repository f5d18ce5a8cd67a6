"""The Secrets and the ConfigMap: what clients see, and that all of it can be read back."""

import base64

import pytest
import yaml
from bootstrap_builders import FACTS, SIGNERS, SPEC, issued
from hypothesis import given
from hypothesis import strategies as st

from vcli.bootstrap import facts, kubeconfigs, layout, pki
from vcli.bootstrap.kubeconfigs import User


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_is_kept_can_be_read_back(signer: str):
    certificates, access = layout.secrets(SPEC, issued(signer), owner="uid")
    assert layout.files_of(certificates["data"], access["data"]) == issued(signer)
    assert layout.files_of({}, {}) == {}


def test_the_administrators_key_is_in_no_file_of_the_control_plane():
    certificates, access = layout.secrets(SPEC, issued("openssl"), owner="uid")
    assert not [key for key in certificates["data"] if key.startswith("admin")]
    parts = {"certificate-authority", "client-certificate", "client-key"}
    assert set(access["data"]) == {"config", "value", *parts}


def test_one_kubeconfig_is_for_clients_in_the_host_cluster():
    _, access = layout.secrets(SPEC, issued("openssl"), owner="uid")
    config, value = (yaml.safe_load(base64.b64decode(access["data"][key])) for key in ("config", "value"))
    assert config["clusters"][0]["cluster"].pop("server") == SPEC.server
    server = value["clusters"][0]["cluster"].pop("server")
    assert server == "https://demo.team-a.svc"
    assert server.removeprefix("https://") in pki.sans(SPEC, ())["apiserver-host"]
    assert value == config


def test_what_all_objects_have():
    for obj in [*layout.secrets(SPEC, issued("openssl"), owner="uid"), facts.config_map(SPEC, FACTS)]:
        metadata = obj["metadata"]
        assert metadata["namespace"] == "team-a"
        assert metadata["labels"] == {"app": "vcluster"}
        assert metadata["annotations"] == {"team": "a"}
        (owner,) = metadata["ownerReferences"]
        assert (owner["kind"], owner["name"]) == ("Service", "demo")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1))
def test_any_name_of_a_context_is_read_as_it_was_given(name: str):
    text = kubeconfigs.inline(
        server="https://a:1", authority=b"a", user=User(certificate=b"b", key=b"c"), context=name
    ).decode()
    config = yaml.safe_load(text)
    assert config["current-context"] == name
    assert config["contexts"] == [{"name": name, "context": {"cluster": name, "user": name}}]
    [cluster], [user] = config["clusters"], config["users"]
    assert cluster["cluster"] == {"certificate-authority-data": encoded(b"a"), "server": "https://a:1"}
    assert user["user"] == {"client-certificate-data": encoded(b"b"), "client-key-data": encoded(b"c")}


def test_a_kubeconfig_that_verifies_nothing_and_has_a_token() -> None:
    text = kubeconfigs.inline(server="https://a:1", authority=None, user=User(token="x.y"), context="a")
    config = yaml.safe_load(text)
    assert config["clusters"][0]["cluster"] == {"insecure-skip-tls-verify": True, "server": "https://a:1"}
    assert config["users"][0]["user"] == {"token": "x.y"}


def test_what_is_insecure_is_so_for_the_given_server_alone() -> None:
    user = User(certificate=b"b", key=b"c")
    files = layout.access(
        server="https://a:1", on_host="https://b:1", authority=b"a", user=user, context="a", insecure=True
    )
    assert set(files) == {"config", "value", "certificate-authority", "client-certificate", "client-key"}
    assert b"insecure-skip-tls-verify: true" in files["config"]
    assert b"insecure" not in files["value"]
    assert b"server: https://b:1" in files["value"]


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()

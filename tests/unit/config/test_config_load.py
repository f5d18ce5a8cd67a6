"""Values: from files and arguments to the dataclasses, and every mistake with its place."""

import copy
import io
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vcli.config import from_mapping, load, read
from vcli.config.document import Document, parse
from vcli.config.synced import differences
from vcli.errors import UsageError


def write(folder: Path, text: str, name: str = "values.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def complaint(*files: Path, sets: tuple[str, ...] = ()) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(files, sets)
    return caught.value


def test_nothing_given_is_the_defaults():
    values = load()
    assert values.given == {}
    assert values.control_plane.distro.k8s.version == "v1.36.3"
    assert values.control_plane.coredns.enabled
    assert values.control_plane.stateful_set.persistence.volume_claim.enabled == "auto"


def test_what_states_a_default_is_not_kept(tmp_path: Path):
    text = (
        "controlPlane:\n"
        "  distro: {k3s: {enabled: false}, k8s: {apiServer: {image: registry.k8s.io/kube-apiserver}}}\n"
        "  coredns: {deployment: {replicas: 1}}\n"
        "  statefulSet: {resources: {}, labels: {a: b}}\n"
        "sync: {toHost: {networkPolicies: {enabled: false}}}\n"
    )
    values = load([write(tmp_path, text)])
    assert values.given == {"controlPlane": {"statefulSet": {"labels": {"a": "b"}}}}


def test_a_default_over_what_was_kept_takes_it_away():
    over = Document({"controlPlane": {"coredns": {"deployment": {"replicas": 3}}}})
    values = read([], ["controlPlane.coredns.deployment.replicas=1"]).values(over=over)
    assert (values.given, values.control_plane.coredns.deployment.replicas) == ({}, 1)


def test_a_version_that_is_named_is_kept_also_where_it_is_the_default():
    version = load().control_plane.distro.k8s.version
    values = load([], [f"controlPlane.distro.k8s.version={version}"])
    assert values.given == {"controlPlane": {"distro": {"k8s": {"version": version}}}}


def test_later_wins_and_lists_replace(tmp_path: Path):
    first = write(
        tmp_path,
        "controlPlane: {proxy: {extraSANs: [a, b]}, statefulSet: {pods: {labels: {x: '1', y: '2'}}}}",
        "1.yaml",
    )
    second = write(
        tmp_path,
        "controlPlane: {proxy: {extraSANs: [c]}, statefulSet: {pods: {labels: {y: '3'}}}}",
        "2.yaml",
    )
    plane = load([first, second], ["controlPlane.coredns.enabled=false"]).control_plane
    assert plane.proxy.extra_sans == ("c",)
    assert plane.stateful_set.pods.labels == {"x": "1", "y": "3"}
    assert not plane.coredns.enabled


def test_null_goes_back_to_the_default(tmp_path: Path):
    first = write(tmp_path, "controlPlane: {coredns: {enabled: false}}", "1.yaml")
    second = write(tmp_path, "controlPlane: {coredns: {enabled: null}}", "2.yaml")
    assert load([first, second]).control_plane.coredns.enabled


def test_stdin(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("controlPlane: {coredns: {enabled: false}}"))
    assert not load(["-"]).control_plane.coredns.enabled


def test_an_empty_file_is_no_values(tmp_path: Path):
    assert load([write(tmp_path, "# nothing\n")]).given == {}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "controlPlane:\n  corends:\n    enabled: true\n",
            "values.yaml:2: controlPlane.corends: unknown key",
            "did you mean controlPlane.coredns?",
        ),
        (
            "coreDNS: {enabled: true}\n",
            "values.yaml:1: coreDNS: unknown key",
            "did you mean controlPlane.coredns?",
        ),
        (
            "controlPlane:\n  coredns:\n    enabled: 'yes'\n",
            "values.yaml:3: controlPlane.coredns.enabled: must be true or false, not 'yes'",
            None,
        ),
        (
            "sync:\n  toHost:\n    namespaces: {enabled: true}\n",
            "values.yaml:3: sync.toHost.namespaces: not supported yet",
            "leave it out",
        ),
        (
            "sync:\n  toHost:\n    services:\n      enabled: false\n",
            "values.yaml:4: sync.toHost.services.enabled: only the default can be had",
            "they are always synced",
        ),
        (
            "sync: {toHost: {services: {externalIPs: {allowedCIDRs: [203.0.113.7/24]}}}}\n",
            "values.yaml:1: sync.toHost.services.externalIPs.allowedCIDRs: 203.0.113.7/24 has host bits set",
            "write a range as 203.0.113.0/24, a single address as 203.0.113.7/32",
        ),
        (
            "controlPlane:\n  backingStore:\n    database: {external: {identityProvider: aws}}\n",
            "database.external.identityProvider: only the default can be had",
            "the password or a certificate says who the API server is",
        ),
        (
            "controlPlane: {}\ncontrolPlane: {}\n",
            "values.yaml:2: the key controlPlane is given twice, first in line 1",
            None,
        ),
        ("controlPlane: [\n", "values.yaml:2: not YAML: ", None),
        ("- a\n", "values.yaml: values must be a mapping", None),
        (
            "controlPlane: {distro: {k0s: {enabled: true}}}\n",
            "values.yaml:1: controlPlane.distro.k0s.enabled: k0s can't be run: it has to start as root",
            "--distro k3s",
        ),
        (
            "controlPlane:\n  service:\n    httpsNodePort: 30443\n",
            "values.yaml:3: controlPlane.service.httpsNodePort: a Service of type ClusterIP has no node port",
            "set controlPlane.service.spec.type to NodePort",
        ),
        (
            "controlPlane: {statefulSet: {persistence: {volumeClaim: {size: lots}}}}\n",
            "volumeClaim.size: 'lots' is not a quantity, such as 5Gi",
            None,
        ),
        (
            "controlPlane: {statefulSet: {pods: {labels: {a: 1}}}}\n",
            "labels: the value of a must be a string: put it in quotes",
            None,
        ),
        ("controlPlane: {proxy: {extraSANs: a}}\n", "extraSANs: must be a list, not 'a'", None),
        (
            "sync:\n  fromHost:\n    ingressClasses:\n      selector:\n        matchLabels: {a: b c}\n",
            "values.yaml:5: sync.fromHost.ingressClasses.selector.matchLabels.a: 'b c' is not a label's",
            None,
        ),
        (
            "sync: {fromHost: {storageClasses: {selector: {matchExpressions: [{key: a, operator: In}]}}}}\n",
            "selector.matchExpressions[0].values: must be given for In",
            None,
        ),
        ("controlPlane: {service: {spec: {type: Odd}}}\n", "type: must be 'ClusterIP' or ", None),
    ],
)
def test_mistakes_name_the_line_and_the_way_out(tmp_path: Path, text: str, message: str, hint: str | None):
    error = complaint(write(tmp_path, text))
    assert message in error.message
    if hint:
        assert hint in (error.hint or "")


def test_a_file_that_is_not_there(tmp_path: Path):
    assert "gone.yaml can't be read: No such file or directory" in complaint(tmp_path / "gone.yaml").message


def test_the_place_of_a_set(tmp_path: Path):
    path = write(tmp_path, "controlPlane: {coredns: {enabled: true}}")
    error = complaint(path, sets=("controlPlane.coredns.enabled=maybe",))
    assert error.message.startswith("--set controlPlane.coredns.enabled: controlPlane.coredns.enabled:")


def test_the_place_of_an_option():
    with pytest.raises(UsageError, match=r"^--distro: controlPlane\.distro\.k0s"):
        load(options={"--distro": {"controlPlane": {"distro": {"k0s": {"enabled": True}}}}})


@pytest.mark.parametrize(
    ("given_version", "full"), [("1.36", "v1.36.3"), ("v1.35.2", "v1.35.2"), ("1.34.1-rc.0", "v1.34.1-rc.0")]
)
def test_versions(given_version: str, full: str):
    values = load(options={"--kubernetes-version": version(given_version)})
    assert values.control_plane.distro.k8s.version == full


@pytest.mark.parametrize(
    ("given_version", "message"), [("1.35", "v1.35 names no patch release"), ("1.29.9", "older than")]
)
def test_versions_that_wont_do(given_version: str, message: str):
    with pytest.raises(UsageError) as caught:
        load(options={"--kubernetes-version": version(given_version)})
    assert message in caught.value.message


def version(text: str) -> dict[str, object]:
    return {"controlPlane": {"distro": {"k8s": {"version": text}}}}


def test_keys_of_2023(tmp_path: Path):
    values = load(
        [write(tmp_path, "syncer:\n  image: ghcr.io/me/syncer:1\nstorage:\n  persistence: false\n")]
    )
    image = values.control_plane.stateful_set.image
    assert (image.registry, image.repository, image.tag) == ("ghcr.io", "me/syncer", "1")
    assert values.control_plane.stateful_set.persistence.volume_claim.enabled is False
    assert values.warnings[0].endswith("values.yaml:2: syncer.image is now controlPlane.statefulSet.image")
    assert set(values.given) == {"controlPlane"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ingresses", "ingresses"),
        ("networkpolicies", "networkPolicies"),
        ("poddisruptionbudgets", "podDisruptionBudgets"),
        ("volumesnapshots", "volumeSnapshots"),
    ],
)
def test_old_kinds_are_those_to_the_host(tmp_path: Path, old: str, new: str):
    wanted = old in ("networkpolicies", "volumesnapshots")  # the other way than by default
    values = load([write(tmp_path, f"sync:\n  {old}:\n    enabled: {str(wanted).lower()}\n")])
    assert differences(values) == {f"toHost.{new}": wanted}
    assert values.warnings[0].endswith(f"values.yaml:2: sync.{old} is now sync.toHost.{new}")
    assert set(values.given) == {"sync"}


def test_an_old_key_does_not_override_the_new_one(tmp_path: Path):
    text = "syncer: {image: old:1}\ncontrolPlane: {statefulSet: {image: new:2}}\n"
    assert load([write(tmp_path, text)]).control_plane.stateful_set.image.tag == "2"


def test_what_is_kept_loads_to_the_same():
    values = load([], ["controlPlane.coredns.enabled=false", "controlPlane.proxy.extraSANs={a,b}"])
    kept = yaml.safe_load(yaml.safe_dump(values.given))
    assert from_mapping(kept, name="ConfigMap vc-config-demo") == values


TREES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


def merged(*trees: dict[str, object]) -> dict[str, object]:
    document = Document()
    for tree in trees:
        document.merge(Document(tree))
    return document.data


def leaves(tree: object, *above: str) -> dict[tuple[str, ...], object]:
    if not isinstance(tree, dict) or not tree:
        return {above: tree}
    found: dict[tuple[str, ...], object] = {}
    for key, value in tree.items():
        found |= leaves(value, *above, key)
    return found


@given(MAPPINGS, MAPPINGS)
def test_the_last_word_stands_and_what_it_does_not_touch_stays(a, b):
    said, before, after = leaves(b), leaves(a), leaves(merged(a, b))
    for path, value in said.items():
        assert value == {} or after[path] == value
    for path, value in before.items():
        related = [other for other in said if other[: len(path)] == path or path[: len(other)] == other]
        assert related or after[path] == value


@given(MAPPINGS, MAPPINGS)
def test_merging_again_changes_nothing(a, b):
    assert merged(a, b, b) == merged(a, b)


STORED = "controlPlane:\n  coredns: {enabled: false}\n  proxy: {extraSANs: [a, b]}\n"


def over(stored: str, *sets: str, options: dict[str, object] | None = None) -> dict[str, object]:
    document = parse(stored, "secret/vc-config-demo")
    before = copy.deepcopy(document)
    given = read([], sets, options=options).values(over=document).given
    assert document == before, "the stored values are compared with later"
    return given


def test_what_is_given_lies_over_what_is_stored():
    assert over(STORED) == yaml.safe_load(STORED)
    assert over(STORED, "controlPlane.coredns.deployment.replicas=2") == {
        "controlPlane": {
            "coredns": {"enabled": False, "deployment": {"replicas": 2}},
            "proxy": {"extraSANs": ["a", "b"]},
        }
    }
    # Lists are replaced, or changed in one place.
    assert over(STORED, "controlPlane.proxy.extraSANs={c}")["controlPlane"]["proxy"] == {"extraSANs": ["c"]}
    changed = over(STORED, "controlPlane.proxy.extraSANs[1]=c")["controlPlane"]
    assert changed["proxy"] == {"extraSANs": ["a", "c"]}


def test_null_removes_a_stored_key_and_leaves_nothing_empty():
    assert over(STORED, "controlPlane.coredns.enabled=null") == {
        "controlPlane": {"proxy": {"extraSANs": ["a", "b"]}}
    }
    assert over("{}", "controlPlane.coredns.enabled=null") == {}
    labels = "controlPlane: {service: {labels: {x: y}}}"
    assert over(labels, "controlPlane.service.labels.x=null") == {}
    requests = "controlPlane: {statefulSet: {resources: {requests: {cpu: 1}}}}"
    assert over(requests, "controlPlane.statefulSet.resources.requests.cpu=null") == {}
    refilled = "controlPlane.service.labels.x=null,controlPlane.service.labels.a=b"
    assert over(labels, refilled) == {"controlPlane": {"service": {"labels": {"a": "b"}}}}
    assert over("controlPlane: {gone: {x: 1}}", "controlPlane.gone.x=null") == {}


def test_an_empty_mapping_that_is_given_stays():
    affinity = "controlPlane: {statefulSet: {scheduling: {affinity: {podAffinity: {}}}}}"
    assert over(affinity) == yaml.safe_load(affinity)


def test_options_win_over_stored_values():
    option = {"--kubernetes-version": {"controlPlane": {"distro": {"k8s": {"version": "v1.36.9"}}}}}
    stored = "controlPlane: {distro: {k8s: {version: v1.36.1}}}"
    assert over(stored, options=option)["controlPlane"]["distro"]["k8s"] == {"version": "v1.36.9"}


def test_values_that_only_make_sense_together_are_checked_together():
    nodeport = "controlPlane: {service: {spec: {type: NodePort}}}"
    assert over(nodeport, "controlPlane.service.httpsNodePort=30001")
    with pytest.raises(UsageError, match="a Service of type ClusterIP has no node port"):
        over("{}", "controlPlane.service.httpsNodePort=30001")


def test_a_mistake_in_stored_values_names_their_object_and_can_be_removed():
    stored = "controlPlane:\n  gone: 1\n"
    with pytest.raises(UsageError, match=r"secret/vc-config-demo:2: controlPlane\.gone: unknown key"):
        over(stored)
    assert over(stored, "controlPlane.gone=null") == {}


def test_what_can_not_be_understood_is_said_before_it_is_merged():
    with pytest.raises(UsageError, match="no value for 'foo'"):
        read([], ["foo"])


def test_a_part_of_an_image_keeps_the_rest():
    values = load(
        [], ["controlPlane.distro.k8s.apiServer.image.tag=v9,controlPlane.distro.k8s.version=v1.36.3"]
    )
    image = values.control_plane.distro.k8s.api_server.image
    assert image.reference() == "registry.k8s.io/kube-apiserver:v9"
    whole = load(
        [], ["controlPlane.distro.k8s.apiServer.image=me/own:1,controlPlane.distro.k8s.version=v1.36.3"]
    )
    assert whole.control_plane.distro.k8s.api_server.image.reference() == "me/own:1"


def test_the_set_family_is_applied_in_the_order_given(tmp_path: Path):
    (tmp_path / "note").write_text("from a file")
    pods = "controlPlane.statefulSet.pods"
    values = load(
        (),
        [
            ("--set-json", f'{pods}={{"labels":{{"a":"1","b":"2"}}}}'),
            f"{pods}.labels.b=two",
            ("--set-string", f"{pods}.labels.c=true"),
            ("--set-file", f"{pods}.annotations.note={tmp_path}/note"),
        ],
    ).control_plane.stateful_set.pods
    assert values.labels == {"a": "1", "b": "two", "c": "true"}
    assert values.annotations == {"note": "from a file"}


def test_a_number_where_text_belongs_hints_at_set_string():
    error = complaint(sets=("controlPlane.statefulSet.pods.labels.a=1",))
    assert "must be a string" in error.message
    assert error.hint == "--set-string keeps it text"


def test_a_list_in_brackets_hints_at_braces():
    error = complaint(sets=("sync.toHost.services.externalIPs.allowedCIDRs=[203.0.113.0/24]",))
    assert "must be a list" in error.message
    assert error.hint == "write a list as KEY={a,b}"

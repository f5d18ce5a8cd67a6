"""/etc/hosts of pods with a subdomain."""

import re

import pytest
from translate_builders import context, pod

from vcli.syncer.translate.pods import resize_patch, to_host, with_full_name

IMAGE = "docker.io/library/python:3.11-slim"
FULL = "db-0.db.shop.svc.cluster.local"


def member(**spec):
    return pod("db-0", "shop", **{"hostname": "db-0", "subdomain": "db", **spec})


def translated(virtual, **changes):
    return created(virtual, **changes)["spec"]


def created(virtual, **changes):
    surroundings = context(**{"hosts_image": IMAGE, **changes})
    return with_full_name(to_host(virtual, surroundings), virtual, surroundings)


def completed(host, kubelets: str) -> str:
    """What the init container makes of the kubelet's file: its script, run on this text."""
    _, _, _, script, *words = host["initContainers"][0]["command"]
    wrote = {}

    class File:
        def __init__(self, path):
            self.path = path

        def read(self):
            assert self.path == "/etc/hosts"
            return kubelets

        def write(self, text):
            wrote[self.path] = text

    body = script.replace("import re, sys", "").replace("sys.argv[1:]", "words")
    exec(body, {"re": re, "words": words, "open": lambda path, *_: File(path)})  # noqa: S102
    return wrote["/vcli/hosts"]


def test_the_full_name_is_written_beside_the_short_one():
    host = translated(member())
    text = "127.0.0.1\tlocalhost\n10.1.2.3\tdb-0\nfd00::3\tdb-0\n10.1.2.4\tdb-01\n"
    assert completed(host, text) == (
        f"127.0.0.1\tlocalhost\n10.1.2.3\t{FULL}\tdb-0\nfd00::3\t{FULL}\tdb-0\n10.1.2.4\tdb-01\n"
    )


def test_a_host_name_that_is_the_full_one_gets_the_short_one_too():
    host = translated(member(setHostnameAsFQDN=True), hostname_override=True)
    assert completed(host, f"10.1.2.3\t{FULL}\n") == f"10.1.2.3\t{FULL}\tdb-0\n"


def test_every_container_gets_the_file_but_one_that_brings_its_own():
    own = {"name": "own", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/etc/hosts"}]}
    host = translated(member(initContainers=[{"name": "first", "image": "x"}, own]))
    assert [each["name"] for each in host["initContainers"]] == ["vcli-hosts", "first", "own"]
    mounts = {"name": "vcli-hosts", "mountPath": "/etc/hosts", "subPath": "hosts"}
    assert host["initContainers"][1]["volumeMounts"][-1] == mounts
    assert host["containers"][0]["volumeMounts"][-1] == mounts
    assert host["initContainers"][2]["volumeMounts"] == own["volumeMounts"]


def test_it_asks_for_what_the_first_container_has():
    some = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}
    main = {"name": "main", "image": "x", "resources": {**some, "claims": [{"name": "gpu"}]}}
    assert translated(member(containers=[main]))["initContainers"][0]["resources"] == some
    assert "resources" not in translated(member())["initContainers"][0]


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        ({"subdomain": None}, {}),
        ({"hostNetwork": True}, {}),
        ({"hostnameOverride": "other"}, {"hostname_override": True}),
        ({}, {"hosts_image": ""}),
    ],
)
def test_other_pods_stay_as_they_are(spec, changes):
    assert "initContainers" not in translated(member(**spec), **changes)


def test_a_later_change_leaves_it_alone():
    def asking(cpu: str):
        return {"name": "main", "image": "x", "resources": {"requests": {"cpu": cpu}}}

    host, then = created(member(containers=[asking("1")])), member(containers=[asking("2")])
    patch = resize_patch(host, to_host(then, context(hosts_image=IMAGE)))
    assert patch == {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "2"}}}]}}

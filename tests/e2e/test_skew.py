"""From one minor version of Kubernetes to the next.

Run by `skew`, with the versions of `kubernetes_versions`; the other tests that it runs are marked.
"""

import json

import pytest
from embedded import Host, vcli_host
from kubernetes_versions import HOST, VIRTUAL
from upgrading import CLAIM, inside
from upgrading import pod as on_host

from vcli.host.versions import KUBERNETES, KUBERNETES_RELEASES

pytestmark = pytest.mark.skew

LATER = KUBERNETES_RELEASES[KUBERNETES_RELEASES.index(VIRTUAL) + 1 :]


@pytest.mark.skipif(not LATER, reason="there is no later version to go to")
@pytest.mark.skipif(HOST != KUBERNETES, reason="one host is enough")
def test_a_cluster_goes_from_minor_to_minor_and_keeps_data_keys_and_pods(desk: Host, namespace: str) -> None:
    desk.vcli("create", "demo", "-n", namespace, *CLAIM)
    inside(desk, namespace, "create", "configmap", "precious")
    inside(desk, namespace, "run", "web", "--image=busybox:1.36", "--", "sleep", "1d")
    inside(desk, namespace, "wait", "pod/web", "--for=condition=Ready", "--timeout=90s")
    before = on_host(desk, namespace, "web-x-default-x-demo")["metadata"]["uid"]
    for version in LATER:
        vcli_host("load-image", "--kubernetes", version, "--name", desk.name, env=desk.env, timeout=3600)
        desk.vcli("upgrade", "demo", "-n", namespace, "--kubernetes-version", version)
        found = json.loads(inside(desk, namespace, "version", "-o", "json").stdout)
        assert found["serverVersion"]["gitVersion"] == version
        inside(desk, namespace, "get", "configmap", "precious")
        after = on_host(desk, namespace, "web-x-default-x-demo")
        assert after["metadata"]["uid"] == before
        assert after["status"]["containerStatuses"][0]["restartCount"] == 0
        inside(desk, namespace, "exec", "web", "--", "true")

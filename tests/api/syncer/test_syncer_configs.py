"""ConfigMaps, Secrets and tokens: there when a pod needs them, gone when none does."""

import base64
import json

from testbed import Lab, pod

from vcli.kube.resources import CONFIGMAPS, PODS, SECRETS, SERVICEACCOUNTS
from vcli.syncer.translate.names import VirtualName, derived_name


def with_config(name: str, config: str, *, optional: bool = False):
    source = {"configMapRef": {"name": config, "optional": optional}}
    return pod(name, container={"envFrom": [source]})


async def host_pods(lab: Lab):
    return [p["metadata"]["name"] for p in (await lab.host.list(PODS, namespace=lab.namespace))["items"]]


async def test_only_what_a_pod_refers_to_goes_to_the_host(lab: Lab) -> None:
    await lab.create(CONFIGMAPS, {"metadata": {"name": "used"}, "data": {"A": "1"}})
    await lab.create(CONFIGMAPS, {"metadata": {"name": "unused"}, "data": {"A": "1"}})
    await lab.create(SECRETS, {"metadata": {"name": "key"}, "stringData": {"B": "2"}})
    volume = {"name": "key", "secret": {"secretName": "key"}}
    await lab.create(
        PODS,
        {**with_config("web", "used"), "spec": {**with_config("web", "used")["spec"], "volumes": [volume]}},
    )
    await lab.appears(PODS, "web")
    used = await lab.appears(CONFIGMAPS, "used")
    assert used["data"] == {"A": "1"}
    secret = await lab.appears(SECRETS, "key")
    assert base64.b64decode(secret["data"]["B"]) == b"2"
    assert await lab.host_object(CONFIGMAPS, "unused") is None


async def test_a_change_reaches_the_host(lab: Lab) -> None:
    await lab.create(CONFIGMAPS, {"metadata": {"name": "used"}, "data": {"A": "1", "B": "1"}})
    await lab.create(PODS, with_config("web", "used"))
    await lab.appears(PODS, "web")
    await lab.virtual.patch(CONFIGMAPS, "used", {"data": {"A": "2", "B": None}}, namespace=lab.space)
    await lab.host_becomes(CONFIGMAPS, "used", lambda c: c["data"] == {"A": "2"})


async def test_a_deleted_one_goes_from_the_host_at_once(lab: Lab) -> None:
    await lab.create(CONFIGMAPS, {"metadata": {"name": "used"}, "data": {"A": "1"}})
    await lab.create(PODS, with_config("web", "used"))
    await lab.appears(CONFIGMAPS, "used")
    await lab.virtual.delete(CONFIGMAPS, "used", namespace=lab.space)
    await lab.gone_from_host(CONFIGMAPS, "used")


async def test_one_that_nobody_refers_to_any_more_goes_from_the_host(lab: Lab) -> None:
    await lab.create(CONFIGMAPS, {"metadata": {"name": "used"}, "data": {"A": "1"}})
    await lab.create(PODS, with_config("web", "used"))
    await lab.appears(CONFIGMAPS, "used")
    await lab.virtual.delete(PODS, "web", namespace=lab.space)
    await lab.gone_from_host(CONFIGMAPS, "used")


async def test_an_immutable_one_made_anew_replaces_the_old(lab: Lab) -> None:
    body = {"metadata": {"name": "used"}, "data": {"A": "1"}, "immutable": True}
    await lab.create(CONFIGMAPS, body)
    await lab.create(PODS, with_config("web", "used"))
    await lab.appears(CONFIGMAPS, "used")
    await lab.virtual.delete(CONFIGMAPS, "used", namespace=lab.space)
    await lab.create(CONFIGMAPS, {**body, "data": {"A": "2"}})
    await lab.host_becomes(CONFIGMAPS, "used", lambda c: c["data"] == {"A": "2"})


async def test_a_secret_of_another_type_replaces_the_old(lab: Lab) -> None:
    await lab.create(SECRETS, {"metadata": {"name": "key"}, "stringData": {"B": "2"}})
    volume = {"name": "key", "secret": {"secretName": "key"}}
    await lab.create(PODS, pod("web", volumes=[volume]))
    await lab.appears(SECRETS, "key")
    await lab.virtual.delete(SECRETS, "key", namespace=lab.space)
    await lab.create(SECRETS, {"metadata": {"name": "key"}, "type": "example.com/other"})
    await lab.host_becomes(SECRETS, "key", lambda s: s["type"] == "example.com/other")


async def test_what_exists_nowhere_is_left_to_the_hosts_kubelet_to_complain_about(lab: Lab) -> None:
    await lab.create(PODS, with_config("web", "missing"))
    await lab.appears(PODS, "web")
    await lab.create(CONFIGMAPS, {"metadata": {"name": "missing"}, "data": {"A": "1"}})
    await lab.appears(CONFIGMAPS, "missing")


async def test_a_pod_waits_for_what_the_host_refuses(idle_lab: Lab) -> None:
    """The host's copy can't be made while another object has its name; the pod must not start without it."""
    lab = idle_lab
    taken = {"metadata": {"name": lab.on_host("used")}, "immutable": True, "data": {"other": "x"}}
    await lab.host.create(CONFIGMAPS, taken, namespace=lab.namespace)
    await lab.start()
    await lab.create(CONFIGMAPS, {"metadata": {"name": "used"}, "data": {"A": "1"}})
    await lab.create(PODS, with_config("web", "used"))

    async def told():
        return [event for event in await lab.events("used") if event["type"] == "Warning"]

    await lab.eventually(told)
    assert await host_pods(lab) == []
    await lab.host.delete(CONFIGMAPS, lab.on_host("used"), namespace=lab.namespace)
    await lab.appears(PODS, "web")


def with_tokens(name: str):
    def source(path: str, audience: str | None):
        asked = {"path": path, "expirationSeconds": 600}
        return {"serviceAccountToken": asked | ({"audience": audience} if audience else {})}

    volume = {"name": "tokens", "projected": {"sources": [source("api", None), source("vault", "vault")]}}
    return pod(name, volumes=[volume], serviceAccountName="default")


def claims(secret, key: str):
    payload = base64.b64decode(secret["data"][key]).decode().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))


async def token_secret(lab: Lab, name: str, when):
    host = derived_name(VirtualName(lab.space, name), lab.settings.cluster, role="tokens")

    async def check():
        found = (await lab.host.list(SECRETS, namespace=lab.namespace))["items"]
        return next((s for s in found if s["metadata"]["name"] == host and when(s)), None)

    return await lab.eventually(check)


async def test_each_token_source_gets_its_own_token_bound_to_pod_and_node(lab: Lab) -> None:
    await lab.create(SERVICEACCOUNTS, {"metadata": {"name": "default"}})
    virtual = await lab.create(PODS, with_tokens("web"))
    await lab.runs("web")
    secret = await token_secret(lab, "web", lambda s: len(s["data"]) == 2)
    api, vault = (claims(secret, key) for key in sorted(secret["data"]))
    assert vault["aud"] == ["vault"]
    assert api["aud"] == ["https://kubernetes.default.svc.cluster.local"]
    assert api["kubernetes.io"]["pod"] == {"name": "web", "uid": virtual["metadata"]["uid"]}
    assert api["kubernetes.io"]["node"]["name"] == "node-1"
    assert vault["exp"] - vault["iat"] == 600


async def test_tokens_go_with_their_pod_even_if_the_next_of_its_name_has_none(lab: Lab) -> None:
    await lab.create(SERVICEACCOUNTS, {"metadata": {"name": "default"}})
    await lab.create(PODS, with_tokens("web"))
    await lab.runs("web")
    secret = await token_secret(lab, "web", lambda _: True)
    await lab.stop()
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=0)
    await lab.create(PODS, pod("web"))
    await lab.start()

    async def gone():
        found = (await lab.host.list(SECRETS, namespace=lab.namespace))["items"]
        return secret["metadata"]["name"] not in {each["metadata"]["name"] for each in found}

    await lab.eventually(gone)


async def test_tokens_whose_label_was_taken_off_are_ours_again(lab: Lab) -> None:
    await lab.create(SERVICEACCOUNTS, {"metadata": {"name": "default"}})
    await lab.create(PODS, with_tokens("web"))
    await lab.runs("web")
    secret = await token_secret(lab, "web", lambda _: True)
    bare = {"metadata": {"labels": {"vcli.dev/managed-by": None}}}
    await lab.host.patch(SECRETS, secret["metadata"]["name"], bare, namespace=lab.namespace)
    await token_secret(lab, "web", lambda s: s["metadata"]["labels"].get("vcli.dev/managed-by") == "demo")


async def test_a_token_is_renewed_at_four_fifths_of_its_life_and_dies_with_its_pod(lab: Lab) -> None:
    await lab.create(SERVICEACCOUNTS, {"metadata": {"name": "default"}})
    await lab.create(PODS, with_tokens("web"))
    await lab.runs("web")
    first = await token_secret(lab, "web", lambda s: len(s["data"]) == 2)
    await lab.restart()
    await lab.quiet()
    assert await token_secret(lab, "web", lambda _: True) == first, "a restart alone renews nothing"

    lives = json.loads(first["metadata"]["annotations"]["vcli.dev/tokens"])
    key, other = sorted(lives)
    lives[key] = [lives[key][0] - 500, lives[key][1] - 500]
    older = {"metadata": {"annotations": {"vcli.dev/tokens": json.dumps(lives)}}}
    await lab.host.patch(SECRETS, first["metadata"]["name"], older, namespace=lab.namespace)
    renewed = await token_secret(lab, "web", lambda s: s["data"][key] != first["data"][key])
    assert renewed["data"][other] == first["data"][other], "the other one was still good"

    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=0)

    async def gone():
        found = (await lab.host.list(SECRETS, namespace=lab.namespace))["items"]
        return not [s for s in found if s["metadata"]["name"] == first["metadata"]["name"]]

    await lab.eventually(gone)

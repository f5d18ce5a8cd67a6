"""Ingresses between two API servers; the tests play the host's ingress controller, and one inside."""

from typing import Any

from testbed import Lab, give_rights, pod, readiness, take_rights, warnings

from vcli.kube.resources import EVENTS, INGRESSCLASSES, INGRESSES, PODS, SECRETS, SERVICES

Object = dict[str, Any]
ADDRESSES = {"ingress": [{"ip": "192.0.2.1"}]}
DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}


def ingress(name: str = "web", *, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    return {
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}, **spec},
    }


async def answered(lab: Lab, balancer: Object) -> None:
    """Be the host's controller."""
    status = {"status": {"loadBalancer": balancer}}
    name = lab.on_host("web")
    await lab.host.patch(INGRESSES, name, status, namespace=lab.namespace, subresource="status")


async def change(lab: Lab, spec: Object) -> None:
    await lab.virtual.patch(INGRESSES, "web", {"spec": spec}, namespace=lab.space)


async def said(lab: Lab, reason: str, *, of: str = "web") -> list[str]:
    return [each["message"] for each in await lab.events(of) if each["reason"] == reason]


async def test_what_changes_follows_and_a_restart_changes_nothing(lab: Lab) -> None:
    await lab.create(INGRESSES, ingress(ingressClassName="a"))
    made = await lab.appears(INGRESSES, "web")
    assert made["spec"]["defaultBackend"]["service"]["name"] == lab.on_host("web")
    await answered(lab, ADDRESSES)
    await lab.virtual_becomes(INGRESSES, "web", lambda v: v["status"]["loadBalancer"] == ADDRESSES)
    await change(lab, {"ingressClassName": "b", "rules": [{"host": "example.com"}]})
    await lab.host_becomes(INGRESSES, "web", lambda h: h["spec"]["ingressClassName"] == "b")
    await change(lab, {"ingressClassName": None, "rules": None})
    before = await lab.host_becomes(INGRESSES, "web", lambda h: h["spec"].keys() == {"defaultBackend"})
    await lab.restart()
    await lab.quiet()
    after = await lab.appears(INGRESSES, "web")
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    await lab.host.delete(INGRESSES, lab.on_host("web"), namespace=lab.namespace)
    await lab.host_becomes(INGRESSES, "web", lambda h: h["metadata"]["uid"] != after["metadata"]["uid"])
    await lab.stop()
    await lab.virtual.delete(INGRESSES, "web", namespace=lab.space)
    await lab.start()
    await lab.gone_from_host(INGRESSES, "web")


async def test_the_default_class_of_the_host_stays(lab: Lab) -> None:
    name = f"default-{lab.namespace}"
    body = {"metadata": {"name": name, "annotations": DEFAULT}, "spec": {"controller": "example.com/x"}}
    await lab.host.create(INGRESSCLASSES, body)
    try:
        await lab.create(INGRESSES, ingress())
        await lab.host_becomes(INGRESSES, "web", lambda h: h["spec"].get("ingressClassName") == name)
        await change(lab, {"rules": [{"host": "example.com"}]})
        made = await lab.host_becomes(INGRESSES, "web", lambda h: h["spec"].get("rules"))
        assert made["spec"]["ingressClassName"] == name
        await lab.quiet()
        settled = await lab.appears(INGRESSES, "web")
        assert settled["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
        assert await said(lab, "NoIngressClass") == []
    finally:
        await lab.host.delete(INGRESSCLASSES, name)


async def test_one_without_a_class_is_said_to_have_none(lab: Lab) -> None:
    await lab.create(INGRESSES, ingress())
    await lab.create(INGRESSES, ingress("classed", ingressClassName="a"))

    async def is_said() -> bool:
        return any("no IngressClass is named" in each for each in await said(lab, "NoIngressClass"))

    await lab.eventually(is_said)
    await lab.appears(INGRESSES, "classed")
    await lab.quiet()
    assert await said(lab, "NoIngressClass", of="classed") == []


async def test_secrets_come_while_an_ingress_names_them(lab: Lab) -> None:
    for name in ("tls", "users", "unused"):
        await lab.create(SECRETS, {"metadata": {"name": name}, "stringData": {"key": name}})
    annotations = {"nginx.ingress.kubernetes.io/auth-secret": "users"}
    await lab.create(INGRESSES, ingress(annotations=annotations, tls=[{"secretName": "tls"}]))
    made = await lab.appears(INGRESSES, "web")
    assert made["spec"]["tls"] == [{"secretName": lab.on_host("tls")}]
    assert made["metadata"]["annotations"][next(iter(annotations))] == lab.on_host("users")
    for name in ("tls", "users"):
        await lab.appears(SECRETS, name)
    await lab.quiet()
    assert await lab.host_object(SECRETS, "unused") is None
    await lab.virtual.delete(INGRESSES, "web", namespace=lab.space)
    await lab.gone_from_host(SECRETS, "tls")


async def test_a_class_made_inside_is_for_a_controller_inside(lab: Lab) -> None:
    name = f"own-{lab.space}"
    await lab.create(INGRESSES, ingress(ingressClassName=name))
    await lab.appears(INGRESSES, "web")
    body = {"metadata": {"name": name}, "spec": {"controller": "example.com/own"}}
    await lab.virtual.create(INGRESSCLASSES, body)
    await lab.gone_from_host(INGRESSES, "web")
    status = {"status": {"loadBalancer": ADDRESSES}}
    await lab.virtual.patch(INGRESSES, "web", status, namespace=lab.space, subresource="status")
    await lab.quiet()
    found = await lab.virtual_object(INGRESSES, "web")
    assert found is not None
    assert found["status"]["loadBalancer"] == ADDRESSES
    assert await lab.host_object(INGRESSES, "web") is None
    await lab.virtual.delete(INGRESSCLASSES, name)
    await lab.appears(INGRESSES, "web")


async def test_what_does_not_work_is_said(lab: Lab) -> None:
    outside = {"metadata": {"name": "web"}, "spec": {"type": "ExternalName", "externalName": "example.com"}}
    await lab.create(SERVICES, outside)
    await lab.create(INGRESSES, ingress())

    async def is_said() -> bool:
        return any("of type ExternalName" in each for each in await said(lab, "Ignored"))

    await lab.eventually(is_said)
    bucket = {"resource": {"apiGroup": "example.com", "kind": "Bucket", "name": "files"}}
    await lab.create(INGRESSES, ingress("files", defaultBackend=bucket))

    async def is_said_too() -> bool:
        return any("Bucket files" in each for each in await said(lab, "Ignored", of="files"))

    await lab.eventually(is_said_too)
    assert await lab.host_object(INGRESSES, "files") is None


async def test_events_of_the_hosts_controller_are_shown(lab: Lab) -> None:
    await lab.create(INGRESSES, ingress())
    made = await lab.appears(INGRESSES, "web")
    event = {
        "metadata": {"generateName": "sync-"},
        "involvedObject": {
            "kind": "Ingress",
            "apiVersion": "networking.k8s.io/v1",
            "name": made["metadata"]["name"],
            "namespace": lab.namespace,
            "uid": made["metadata"]["uid"],
        },
        "reason": "Sync",
        "message": f"Service {lab.namespace}/{lab.on_host('web')} has no endpoints",
        "type": "Warning",
    }
    await lab.host.create(EVENTS, event, namespace=lab.namespace)

    async def is_shown() -> list[str]:
        return await said(lab, "Sync")

    assert await lab.eventually(is_shown) == [f"Service {lab.space}/web has no endpoints"]


async def test_without_rights_it_is_said_and_they_come_with_the_right(idle_lab: Lab) -> None:
    lab = idle_lab
    rules = await take_rights(lab, INGRESSES)
    await lab.start()
    assert await readiness(lab) == "ok\nunavailable: host ingresses"
    [warning] = await lab.eventually(lambda: warnings(lab))
    assert "ingresses" in warning["message"]
    await lab.create(INGRESSES, ingress())

    async def is_said() -> list[str]:
        return await said(lab, "Unavailable")

    assert await lab.eventually(is_said) == [
        "not synced: this virtual cluster has no right to list ingresses.networking.k8s.io on its host"
    ]
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await give_rights(lab, rules)
    await lab.appears(INGRESSES, "web")
    assert await readiness(lab) == "ok"

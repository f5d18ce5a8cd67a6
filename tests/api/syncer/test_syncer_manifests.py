"""Manifests of the values in the virtual cluster: applied at the start, and errors said by an event."""

import dataclasses
from typing import Any

from testbed import Lab

from vcli.kube.errors import NotFound
from vcli.kube.resources import CONFIGMAPS, EVENTS

Object = dict[str, Any]


def welcome(lab: Lab, text: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "welcome", "namespace": lab.space},
        "data": {"greeting": text},
    }


async def test_they_are_applied_and_again_when_they_change(idle_lab: Lab) -> None:
    lab = idle_lab
    strange = {"apiVersion": "example.com/v1", "kind": "Strange", "metadata": {"name": "one"}}

    async def greets(text: str) -> bool:
        try:
            found = await lab.virtual.get(CONFIGMAPS, "welcome", namespace=lab.space)
        except NotFound:
            return False
        return bool(found["data"]["greeting"] == text)

    async def warnings() -> list[Object]:
        found = await lab.host.list(
            EVENTS, namespace=lab.namespace, field_selector="reason=ManifestNotApplied"
        )
        items: list[Object] = found["items"]
        return items

    lab.settings = dataclasses.replace(lab.settings, manifests=[strange, welcome(lab, "hello")])
    await lab.start()
    await lab.eventually(lambda: greets("hello"))
    # One that is not taken keeps no other from being applied, and says why.
    [event, *_] = await lab.eventually(warnings)
    assert "Strange one of the values is not applied inside" in event["message"]
    await lab.stop()
    lab.settings = dataclasses.replace(lab.settings, manifests=[welcome(lab, "good morning")])
    await lab.start()
    await lab.eventually(lambda: greets("good morning"))

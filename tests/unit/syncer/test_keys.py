"""Keys of the control plane: settings and facts together, and certificates renewed while it runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scripted_api import ScriptedApi
from vcli.bootstrap.facts import HostFacts
from vcli.bootstrap.spec import Spec
from vcli.config import load
from vcli.controlplane import render
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.errors import UsageError, VcliError
from vcli.syncer import keys
from vcli.syncer.keys import Keys

FACTS = HostFacts(service_cidrs=("10.96.0.0/16",), service_ips=("10.96.3.4",), service_uid="1-2-3")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """settings.json as it is rendered, and facts beside it."""
    objects = render.render(Names("demo", "ns"), load(), Facts(), bundle=Bundle("0", b"zip", "3.11"))
    [text] = [obj["data"]["settings.json"] for obj in objects if "settings.json" in obj.get("data", {})]
    (tmp_path / "settings.json").write_text(text)
    (tmp_path / "facts").mkdir()
    for key, value in FACTS.dump().items():
        (tmp_path / "facts" / key).write_text(value)
    return tmp_path / "settings.json"


async def test_settings_are_complete_once_the_facts_are_there(path: Path, monkeypatch: pytest.MonkeyPatch):
    async def ensure(*_: object) -> None:
        pass

    monkeypatch.setattr(keys, "ensure", ensure)
    settings = await Keys(path).prepare()
    assert (settings.service_uid, settings.service_ip) == ("1-2-3", "10.96.3.4")
    assert settings.service_cidrs == ("10.96.0.0/16",)
    (path.parent / "facts" / "SERVICE_UID").unlink()
    with pytest.raises(UsageError, match="not complete"):
        await Keys(path).prepare()


@pytest.mark.parametrize("change", [{"keys": None}, {"keys": {}}, {"keys": {"later": 1}}, {"pki": None}])
def test_settings_of_another_version_are_named(path: Path, change: dict[str, object]):
    data = json.loads(path.read_text()) | change
    path.write_text(json.dumps({key: value for key, value in data.items() if value is not None}))
    with pytest.raises(UsageError, match="another version"):
        Keys(path)


def write_certificate(path: Path, text: str, *, authority: str = "the same") -> None:
    (path.parent / "pki").mkdir(exist_ok=True)
    for name in ("ca.crt", "front-proxy-ca.crt"):
        (path.parent / "pki" / name).write_text(authority)
    (path.parent / "pki" / "syncer.crt").write_text(text)


@pytest.fixture
def running(path: Path) -> Keys:
    """Keys of a syncer that runs."""
    data = json.loads(path.read_text()) | {"pki": str(path.parent / "pki")}
    path.write_text(json.dumps(data))
    write_certificate(path, "old")
    return Keys(path)


async def test_it_tries_again_and_ends_when_a_ca_is_another_one(
    running: Keys, path: Path, monkeypatch: pytest.MonkeyPatch
):
    looks = iter([[], [], ["certificate admin ends"], ["certificate admin ends"]])
    tries: list[str] = []

    async def ensure(*_: object) -> None:
        tries.append("tried")
        if len(tries) == 1:
            raise VcliError("the host does not answer")
        write_certificate(path, "new", authority="another")

    monkeypatch.setattr(keys, "lacking", lambda *_: next(looks))
    monkeypatch.setattr(keys, "ensure", ensure)
    async with asyncio.timeout(10):
        await running.renew(every=0.001)
    assert tries == ["tried", "tried"]
    assert next(looks, None) is None


async def test_it_follows_leaves_and_ends_when_somebody_else_replaced_a_ca(
    running: Keys, path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keys, "lacking", lambda *_: [])
    renewing = asyncio.create_task(running.renew(every=0.001))
    await asyncio.sleep(0.05)
    assert not renewing.done()
    write_certificate(path, "new")
    await asyncio.sleep(0.05)
    assert not renewing.done()
    write_certificate(path, "new", authority="another")
    async with asyncio.timeout(10):
        await renewing


async def test_a_ca_that_is_trusted_beside_the_former_one_is_no_reason_to_start_again(
    running: Keys, path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keys, "lacking", lambda *_: [])
    monkeypatch.setattr(keys, "_LOOK", 0.001)
    waiting = [asyncio.create_task(each) for each in (running.renew(every=0.001), running.dropped())]
    write_certificate(path, "new", authority="another\nthe same\n")
    await asyncio.sleep(0.05)
    assert not any(each.done() for each in waiting)
    write_certificate(path, "new", authority="another\n")
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)


async def test_lost_keys_are_not_replaced_while_it_runs(
    running: Keys, path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keys, "ensure", lambda *_: pytest.fail("keys are made"))
    (path.parent / "pki" / "ca.crt").unlink()
    renewing = asyncio.create_task(running.renew(every=0.001))
    await asyncio.sleep(0.05)
    assert not renewing.done()
    renewing.cancel()


async def test_an_address_that_is_learned_goes_into_the_certificate_at_once(
    running: Keys, monkeypatch: pytest.MonkeyPatch
):
    known: list[tuple[str, ...]] = []
    issued = asyncio.Event()

    async def addresses(*_: object) -> AsyncIterator[tuple[str, ...]]:
        yield ("192.0.2.7",)
        await asyncio.Event().wait()

    async def ensure(spec: Spec, *_: object) -> None:
        known.append(spec.extra_sans)
        issued.set()

    monkeypatch.setattr(keys, "addresses", addresses)
    monkeypatch.setattr(keys, "_client", ScriptedApi().client)
    monkeypatch.setattr(keys, "lacking", lambda spec, *_: [each for each in spec.extra_sans if not known])
    monkeypatch.setattr(keys, "ensure", ensure)
    tasks = [asyncio.create_task(each) for each in (running.renew(every=3600), running.follow())]
    async with asyncio.timeout(10):
        await issued.wait()
    assert known == [("192.0.2.7",)]
    assert not tasks[0].done(), "the syncer has no use for that certificate, and goes on"
    for task in tasks:
        task.cancel()

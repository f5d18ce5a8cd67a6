"""Who refers to a ConfigMap or Secret: counted over kinds, told at the first and the last."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scripted_api import ScriptedApi, thing
from vcli.kube.resources import INGRESSES, PODS
from vcli.syncer.engine.caches import Caches
from vcli.syncer.sync.references import ConfigName, ReferenceIndex
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]


def name_of(name: str) -> ConfigName:
    return ConfigName("Secret", VirtualName("team-a", name))


def references(obj: Object) -> list[ConfigName]:
    return [name_of(each) for each in obj["refers"]]


def index_of(*resources: Any) -> tuple[Caches, ReferenceIndex, list[ConfigName]]:
    caches = Caches(ScriptedApi().client(), name="virtual")
    index, told = ReferenceIndex(caches), []
    for resource in resources:
        caches.watch(resource)
        index.register(resource, references)
    index.subscribe(lambda name, _: told.append(name))
    return caches, index, told


def obj(name: str, *refers: str, version: int = 1) -> Object:
    return thing(name, version=version, refers=list(refers))


def test_an_object_of_any_kind_keeps_it() -> None:
    caches, index, told = index_of(PODS, INGRESSES)
    caches.store(PODS, obj("web", "tls", "password"))
    caches.store(INGRESSES, obj("web", "tls"))
    assert sorted(told) == [name_of("password"), name_of("tls")]
    caches.store(PODS, obj("web", version=2))
    assert told[2:] == [name_of("password")]
    assert index.is_referenced(name_of("tls"))
    caches.store(INGRESSES, obj("web", version=3))
    assert told[3:] == [name_of("tls")]
    assert not index.is_referenced(name_of("tls"))


def test_a_kind_that_is_synced_no_more_is_not_counted() -> None:
    caches, index, told = index_of(PODS, INGRESSES)
    caches.store(PODS, obj("web", "tls"))
    caches.store(INGRESSES, obj("web", "tls", "other"))
    index.forget(INGRESSES, references)
    assert index.is_referenced(name_of("tls"))
    assert not index.is_referenced(name_of("other"))
    assert told[-1] == name_of("other")


def test_a_change_that_is_seen_to_be_none_is_not_counted_again() -> None:
    caches = Caches(ScriptedApi().client(), name="virtual")
    caches.watch(PODS)
    index, asked = ReferenceIndex(caches), []

    def counted(pod: Object) -> list[ConfigName]:
        asked.append(pod)
        return references(pod)

    index.register(PODS, counted, predicate=lambda old, new: old is None or new is None)
    caches.store(PODS, obj("web", "tls"))
    caches.store(PODS, obj("web", "tls", version=2))
    assert len(asked) == 1
    assert index.is_referenced(name_of("tls"))


NAMES = st.sampled_from(["a", "b", "c"])
CHANGES = st.lists(st.tuples(st.sampled_from([PODS, INGRESSES]), NAMES, st.lists(NAMES, max_size=3)))


@given(CHANGES)
def test_it_is_what_all_objects_refer_to_whatever_the_order(changes: Any) -> None:
    caches, index, told = index_of(PODS, INGRESSES)
    now: dict[Any, list[str]] = {}
    for version, (resource, name, refers) in enumerate(changes, start=1):
        caches.store(resource, obj(name, *refers, version=version))
        now[resource, name] = refers
    wanted = {each for refers in now.values() for each in refers}
    for each in ("a", "b", "c"):
        assert index.is_referenced(name_of(each)) == (each in wanted)
        # Told as often as it changed sides.
        assert (Counter(told)[name_of(each)] % 2 == 1) == (each in wanted)

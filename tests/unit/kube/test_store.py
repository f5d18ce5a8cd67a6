"""The rules for which version of an object wins, alone and against a model of the real thing."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vcli.kube.store import Store

Object = dict[str, Any]


def pod(name: str, version: int, **labels: str) -> Object:
    return {
        "metadata": {
            "namespace": "default",
            "name": name,
            "resourceVersion": str(version),
            "labels": labels,
        }
    }


def versions(store: Store) -> dict[str, int]:
    return {obj["metadata"]["name"]: int(obj["metadata"]["resourceVersion"]) for obj in store.items()}


def by_app(obj: Object) -> list[str]:
    return [obj["metadata"]["labels"].get("app", "none")]


def test_a_write_of_ours_is_seen_before_the_watch_brings_it():
    store = Store({})
    store.replace([pod("a", 5)], version="5")
    assert store.write_through(pod("a", 7)) == [(pod("a", 5), pod("a", 7))]
    assert store.put(pod("a", 6)) == []
    assert store.put(pod("a", 7)) == []
    assert versions(store) == {"a": 7}


def test_an_answer_that_the_watch_has_overtaken_is_dropped():
    store = Store({})
    store.replace([], version="5")
    store.put(pod("a", 7))
    store.delete(pod("a", 8))
    assert store.write_through(pod("a", 7)) == []
    assert versions(store) == {}


def test_an_answer_older_than_a_bookmark_is_dropped():
    store = Store({})
    store.seen("9")
    assert store.write_through(pod("a", 8)) == []


def test_the_deletion_of_a_former_object_leaves_the_one_that_we_made_since():
    store = Store({})
    store.replace([pod("a", 5)], version="5")
    store.write_through(pod("a", 9))
    assert store.delete(pod("a", 8)) == []
    assert versions(store) == {"a": 9}


def test_a_list_made_before_our_write_does_not_undo_it():
    store = Store({})
    store.replace([pod("a", 3)], version="5")
    store.write_through(pod("a", 8))
    store.write_through(pod("b", 9))
    assert store.replace([pod("a", 3)], version="7") == []
    assert versions(store) == {"a": 8, "b": 9}


def test_a_relist_gives_the_differences():
    store = Store({})
    store.replace([pod("same", 1), pod("gone", 2), pod("changed", 3)], version="5")
    changes = store.replace([pod("same", 1), pod("changed", 7), pod("new", 8)], version="9")
    assert sorted(changes, key=str) == sorted(
        [(pod("changed", 3), pod("changed", 7)), (None, pod("new", 8)), (pod("gone", 2), None)], key=str
    )


def test_a_list_older_than_what_was_seen_is_a_restored_store_and_wins():
    store = Store({})
    store.replace([pod("a", 50), pod("b", 60)], version="60")
    store.replace([pod("a", 20)], version="30")
    assert versions(store) == {"a": 20}
    assert store.write_through(pod("a", 31)) != []


def test_indexes_follow_changes_and_deletions():
    store = Store({"app": by_app})
    store.put(pod("a", 1, app="web"))
    store.put(pod("b", 2, app="web"))
    store.put(pod("a", 3, app="db"))
    assert store.by_index("app", "web") == [pod("b", 2, app="web")]
    assert store.by_index("app", "db") == [pod("a", 3, app="db")]
    store.delete(pod("b", 4))
    assert store.by_index("app", "web") == []
    assert store.by_index("app", "never") == []


names = st.sampled_from(["a", "b", "c"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), names),  # somebody else's: known by the watch alone
        st.tuples(st.just("write-through"), names),  # ours: the answer is stored, now or late
        st.tuples(st.just("delete"), names),
        st.tuples(st.just("answer"), st.just("")),  # a stored answer arrives
        st.tuples(st.just("watch"), st.just("")),  # the watch brings one more event
        st.tuples(st.just("relist"), st.just("")),  # 410: list now, watch from there
        st.tuples(st.just("late relist"), st.just("")),  # a list that was made, and is on its way
    ),
    max_size=60,
)


@given(steps)
def test_whatever_the_order_the_store_ends_where_the_server_is(  # noqa: C901
    steps: list[tuple[str, str]],
):
    """A model server with a history; three sources race; once the watch has caught up, all is equal.

    And at no time does the store go back behind what it has shown of an object.
    """
    store = Store({"name": lambda obj: [obj["metadata"]["name"]]})
    revision = 1
    server: dict[str, int] = {}
    history: list[tuple[int, str, Object]] = []
    answers: list[Object] = []
    position = 0
    pending: tuple[list[Object], int] | None = None
    newest: dict[str, int] = {}
    store.replace([], version="1")

    def check() -> None:
        for name, version in versions(store).items():
            assert version >= newest.get(name, 0)
            newest[name] = version
            assert [pod(name, version)] == store.by_index("name", name)

    def finish_list() -> None:
        nonlocal position, pending
        if pending is not None:
            items, listed = pending
            store.replace(items, version=str(listed))
            position = sum(1 for number, _, _ in history if number <= listed)
            pending = None

    for step, name in steps:
        if step in ("write", "write-through"):
            revision += 1
            server[name] = revision
            history.append((revision, "put", pod(name, revision)))
            if step == "write-through":
                answers.append(pod(name, revision))
        elif step == "delete" and name in server:
            revision += 1
            del server[name]
            history.append((revision, "delete", pod(name, revision)))
        elif step == "answer" and answers:
            store.write_through(answers.pop(0))
        elif step == "watch" and pending is None and position < len(history):
            _, kind, obj = history[position]
            position += 1
            (store.put if kind == "put" else store.delete)(obj)
        elif step == "late relist":
            pending = ([pod(key, value) for key, value in server.items()], revision)
        elif step == "relist":
            finish_list()
            pending = ([pod(key, value) for key, value in server.items()], revision)
            finish_list()
        check()
    finish_list()
    for obj in answers:
        store.write_through(obj)
    for _, kind, obj in history[position:]:
        (store.put if kind == "put" else store.delete)(obj)
        check()
    assert versions(store) == server

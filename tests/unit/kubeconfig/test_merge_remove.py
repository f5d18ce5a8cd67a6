import copy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import ENTRY, MARK, NAMES, PATHS, configs, file_sets, normal

from vcli.errors import ConflictError
from vcli.kubeconfig.merge import empty, merge, standalone
from vcli.kubeconfig.model import BODY, View, entries, set_previous
from vcli.kubeconfig.remove import remove

OTHER = replace(ENTRY, name="other", mark=replace(MARK, name="other"))


def add(files, entry=ENTRY, *, default=PATHS[0], make_current=True):
    return merge(files, entry, default=default, make_current=make_current)


def config(*contexts, current=""):
    return {
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in contexts],
        "clusters": [{"name": name, "cluster": {"server": "https://x"}} for name in contexts],
        "users": [{"name": name, "user": {}} for name in contexts],
        "current-context": current,
    }


@given(file_sets(), st.booleans())
def test_merge_then_remove_gives_the_original(given_files, make_current):
    files, default = given_files
    merged = merge(files, ENTRY, default=default, make_current=make_current)
    removal = remove(merged, [ENTRY.name])
    without = [{p: c | {"current-context": ""} for p, c in each.items()} for each in (removal.files, files)]
    assert normal(without[0]) == normal(without[1])
    if removal.lost is None:
        assert View(removal.files).current == View(files).current
    else:  # what was current never existed; an empty current context is what kubectl can work with
        assert removal.lost == View(files).current
        assert View(files).get("contexts", removal.lost) is None


@given(file_sets(), st.booleans())
def test_merge_twice_is_merge_once(given_files, make_current):
    files, default = given_files
    once = merge(files, ENTRY, default=default, make_current=make_current)
    assert merge(once, ENTRY, default=default, make_current=make_current) == once


@given(file_sets(), st.booleans())
def test_no_other_entry_is_touched(given_files, make_current):
    files, default = given_files
    merged = merge(files, ENTRY, default=default, make_current=make_current)
    for path, before in files.items():
        after = merged[path]
        assert {k: v for k, v in before.items() if k not in {*BODY, "current-context"}} == {
            k: v for k, v in after.items() if k not in {*BODY, "current-context"}
        }
        for section in BODY:
            assert list(entries(before, section)) == [
                (name, body) for name, body in entries(after, section) if name != ENTRY.name
            ]


@given(file_sets())
def test_inputs_stay_untouched(given_files):
    files, default = given_files
    before = copy.deepcopy(files)
    remove(merge(files, ENTRY, default=default, make_current=True), [ENTRY.name])
    assert files == before


@given(configs(), NAMES, st.sampled_from(list(BODY)))
def test_what_is_not_ours_is_never_replaced(existing, name, section):
    entry = replace(ENTRY, name=name)
    taken = any(View({PATHS[0]: existing}).get(part, name) for part in BODY)
    if not taken:
        merge({PATHS[0]: existing}, entry, default=PATHS[0], make_current=True)
        existing = {
            **existing,
            section: [*existing.get(section, []), {"name": name, BODY[section]: {"x": "y"}}],
        }
    with pytest.raises(ConflictError, match="did not create"):
        merge({PATHS[0]: existing}, entry, default=PATHS[0], make_current=True)


def test_a_context_of_ours_for_another_cluster_is_not_replaced():
    files = add({}, replace(ENTRY, name="mine"))
    with pytest.raises(ConflictError, match="belongs to virtual cluster 'demo'"):
        add(files, replace(OTHER, name="mine"))


def test_removal_returns_to_what_was_current_and_not_to_the_host():
    files = {
        PATHS[0]: config("kind", "prod", current="prod")
    }  # connected to demo on kind with --context kind
    assert remove(add(files), [ENTRY.name]).current == "prod"


def test_a_lost_previous_context_is_named_and_nothing_is_current():
    files = add({PATHS[0]: config("kind", current="kind")})
    files[PATHS[0]] = {**files[PATHS[0]], "contexts": files[PATHS[0]]["contexts"][1:]}
    removal = remove(files, [ENTRY.name])
    assert (removal.current, removal.lost) == ("", "kind")


def test_the_way_back_skips_what_was_removed_in_between():
    files = add(add({PATHS[0]: config("kind", current="kind")}), OTHER)
    first = remove(files, [ENTRY.name])
    assert first.current == "other"
    assert remove(first.files, ["other"]).current == "kind"


def test_removing_all_at_once_goes_all_the_way_back():
    files = add(add({PATHS[0]: config("kind", current="kind")}), OTHER)
    removal = remove(files, ["other", ENTRY.name])
    assert removal.removed == ("other", ENTRY.name)
    assert normal(removal.files) == normal({PATHS[0]: config("kind", current="kind")})


@pytest.mark.parametrize("first", ["other", ENTRY.name])
def test_going_to_and_fro_between_two_still_leads_back(first):
    files = add(add(add({PATHS[0]: config("kind", current="kind")}), OTHER))
    second = ENTRY.name if first == "other" else "other"
    removal = remove(files, [first])
    assert removal.current == second
    assert remove(removal.files, [second]).current == "kind"


def test_a_circle_that_somebody_wrote_ends():
    files = add(add({}), OTHER)
    files = set_previous(files, ENTRY.name, "other")
    assert remove(files, [ENTRY.name, "other"]).current == ""


def test_a_context_that_is_not_current_leaves_the_current_one_alone():
    files = add({PATHS[0]: config("kind", current="kind")}, make_current=False)
    assert View(files).current == "kind"
    assert remove(files, [ENTRY.name]).current == "kind"


def test_others_contexts_are_not_removed():
    files = {PATHS[0]: config("kind", current="kind")}
    removal = remove(files, ["kind"])
    assert removal.files == files
    assert removal.removed == ()


def test_a_cluster_that_another_context_uses_stays():
    files = add({})
    mine = {"name": "mine", "context": {"cluster": ENTRY.name, "user": "me"}}
    files[PATHS[0]] = {**files[PATHS[0]], "contexts": [*files[PATHS[0]]["contexts"], mine]}
    left = remove(files, [ENTRY.name]).files[PATHS[0]]
    assert [name for name, _ in entries(left, "clusters")] == [ENTRY.name]
    assert not list(entries(left, "users"))


def test_a_renamed_context_goes_with_its_cluster_and_user():
    files = add({})
    files[PATHS[0]]["contexts"][0]["name"] = "renamed"
    files[PATHS[0]]["current-context"] = "renamed"
    removal = remove(files, ["renamed"])
    assert removal.current == ""
    assert normal(removal.files) == {}


def test_a_user_that_somebody_put_in_place_of_ours_stays():
    files = add({})
    files[PATHS[0]] = {**files[PATHS[0]], "users": [{"name": ENTRY.name, "user": {"token": "mine"}}]}
    assert list(entries(remove(files, [ENTRY.name]).files[PATHS[0]], "users")) == [
        (ENTRY.name, {"token": "mine"})
    ]


def test_an_entry_is_brought_up_to_date_in_the_file_that_has_it():
    files = {PATHS[0]: empty(), PATHS[1]: add({})[PATHS[0]]}
    moved = replace(ENTRY, cluster={"server": "https://127.0.0.1:1"})
    merged = add(files, moved)
    assert not list(entries(merged[PATHS[0]], "clusters"))
    assert merged[PATHS[1]]["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:1"


def test_the_namespace_that_a_user_chose_inside_is_kept():
    files = add({})
    files[PATHS[0]]["contexts"][0]["context"]["namespace"] = "kube-system"
    assert View(add(files)).get("contexts", ENTRY.name).body["namespace"] == "kube-system"


def test_a_standalone_kubeconfig_is_complete():
    alone = standalone(ENTRY)
    assert alone["current-context"] == ENTRY.name
    assert View({Path(): alone}).ours()[ENTRY.name] == replace(MARK, previous_context="")
    assert (alone["apiVersion"], alone["kind"]) == ("v1", "Config")

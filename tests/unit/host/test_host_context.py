import copy
import json
from pathlib import Path
from typing import Any

import pytest

from vcli.errors import ConflictError, UsageError
from vcli.host.instance import Instance
from vcli.host.pki import kubeconfig
from vcli.operations import host_context

FILE, OTHER = Path("/a"), Path("/b")


def document(name: str = "vcli-host", server: str = "https://127.0.0.1:16443") -> dict[str, Any]:
    return json.loads(kubeconfig(name, server, b"ca", b"cert", b"key"))  # type: ignore[no-any-return]


def users_own() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "kind", "cluster": {"server": "https://kind"}}],
        "users": [{"name": "kind", "user": {"token": "t"}}],
        "contexts": [{"name": "kind", "context": {"cluster": "kind", "user": "kind"}}],
        "current-context": "kind",
    }


def test_added_becomes_current_and_removed_gives_back_what_was() -> None:
    before = {FILE: users_own()}
    after = host_context.add(before, document(), default=FILE)
    assert after[FILE]["current-context"] == "vcli-host"
    assert [x["name"] for x in after[FILE]["clusters"]] == ["kind", "vcli-host"]
    assert host_context.remove(after, "vcli-host") == before


def test_neither_changes_what_it_is_given() -> None:
    before = {FILE: users_own()}
    kept = copy.deepcopy(before)
    after = host_context.add(before, document(), default=FILE)
    assert before == kept
    kept_after = copy.deepcopy(after)
    host_context.remove(after, "vcli-host")
    assert after == kept_after


def test_second_up_replaces_and_remembers_the_first_way_back() -> None:
    first = host_context.add({FILE: users_own()}, document(), default=FILE)
    second = host_context.add(first, document(server="https://127.0.0.1:2"), default=FILE)
    servers = {x["name"]: x["cluster"]["server"] for x in second[FILE]["clusters"]}
    assert servers == {"kind": "https://kind", "vcli-host": "https://127.0.0.1:2"}
    assert host_context.remove(second, "vcli-host")[FILE]["current-context"] == "kind"


def test_no_file_yet() -> None:
    after = host_context.add({}, document(), default=FILE)
    assert after[FILE]["current-context"] == "vcli-host"
    assert host_context.remove(after, "vcli-host")[FILE]["current-context"] == ""


def test_entry_of_another_is_never_replaced_or_removed() -> None:
    theirs = {FILE: document()}
    with pytest.raises(ConflictError, match="vcli-host"):
        host_context.add(theirs, document(), default=FILE)
    assert host_context.remove(theirs, "vcli-host") == theirs


def test_entry_stays_in_its_file_and_current_goes_to_the_default() -> None:
    first = host_context.add({OTHER: {}}, document(), default=OTHER)
    second = host_context.add({FILE: users_own(), **first}, document(), default=FILE)
    assert [x["name"] for x in second[FILE]["clusters"]] == ["kind"]
    assert [x["name"] for x in second[OTHER]["clusters"]] == ["vcli-host"]
    assert second[FILE]["current-context"] == "vcli-host"


def test_current_of_the_user_stays_when_it_is_another_one() -> None:
    after = host_context.add({FILE: users_own()}, document(), default=FILE)
    after[FILE] = {**after[FILE], "current-context": "kind"}
    assert host_context.remove(after, "vcli-host")[FILE]["current-context"] == "kind"


def test_context_from_before_that_is_gone_is_not_made_current() -> None:
    after = host_context.add({FILE: users_own()}, document(), default=FILE)
    after[FILE] = {**after[FILE], "contexts": [x for x in after[FILE]["contexts"] if x["name"] != "kind"]}
    assert host_context.remove(after, "vcli-host")[FILE]["current-context"] == ""


@pytest.mark.parametrize("name", ["", "A", "a/b", "-a", "a-", "a" * 31, "a.b", ".."])
def test_names_that_can_not_be_folders_and_nodes(name: str) -> None:
    with pytest.raises(UsageError):
        Instance.of(name)


def test_folders_can_be_moved(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VCLI_HOST_ROOT", str(short_path))
    instance = Instance.of("a")
    assert instance.root.is_relative_to(short_path)
    assert instance.run.is_relative_to(short_path)
    assert instance.root != instance.run


def test_name_that_is_taken_shows_before_anything_is_booted() -> None:
    with pytest.raises(ConflictError) as caught:
        host_context.check({FILE: document()}, "vcli-host")
    assert "--name" in str(caught.value.hint)
    host_context.check({FILE: users_own()}, "vcli-host")
    host_context.check(host_context.add({}, document(), default=FILE), "vcli-host")


def test_folders_too_deep_for_a_socket_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VCLI_HOST_ROOT", str(tmp_path / ("x" * 90)))
    with pytest.raises(UsageError, match="too long"):
        Instance.of("a")

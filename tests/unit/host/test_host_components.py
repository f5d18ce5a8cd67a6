"""When a host is given up because one of its programs does not stay up, and when it is not."""

from types import SimpleNamespace

import pytest

from vcli.errors import VcliError
from vcli.host import node, process, readiness
from vcli.host.instance import Instance
from vcli.host.plan import Component, ComponentState, State

NAME = "kube-apiserver"


@pytest.fixture
def instance(tmp_path, monkeypatch):
    made = Instance(name="lab", root=tmp_path / "root", run=tmp_path / "run")
    made.run.mkdir()
    monkeypatch.setattr(process, "node_pid", lambda _: 1)
    return made


@pytest.mark.parametrize(
    ("state", "unrecoverable"),
    [
        (ComponentState(pid=None, failures=4, restarts=3), True),
        (ComponentState(pid=None, failures=1, restarts=1), False),
        # Killed every now and then in a long life.
        (ComponentState(pid=None, failures=1, restarts=50), False),
        # It runs again: whether it stays will show.
        (ComponentState(pid=7, failures=4, restarts=4), False),
    ],
)
def test_a_component_that_does_not_stay_up(instance, state, unrecoverable):
    State(components={NAME: state}).write(instance.state)
    if not unrecoverable:
        readiness.fail_early(instance)
        return
    with pytest.raises(VcliError, match=f"{NAME} of host lab does not stay up"):
        readiness.fail_early(instance)


def test_a_kubelet_without_inotify_says_what_helps(instance):
    State(components={"kubelet": ComponentState(pid=None, failures=4, restarts=3)}).write(instance.state)
    instance.logs.mkdir(parents=True)
    said = 'E1129 1 kubelet.go:1804] "Failed to start cAdvisor" err="inotify_init: too many open files"\n'
    (instance.logs / "kubelet.log").write_text(said)
    with pytest.raises(VcliError) as error:
        readiness.fail_early(instance)
    assert "sysctl -w fs.inotify.max_user_instances" in (error.value.hint or "")


def test_only_ends_in_a_row_make_it_wait_longer(instance, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(node.time, "monotonic", lambda: clock[0])
    component = Component(name=NAME, argv=["x"])
    plan = SimpleNamespace(
        run=str(instance.run), pki=str(instance.pki), api_host="x", api_port=1, api_user="admin"
    )
    first = node.Node(plan, {}, instance.plan)
    state = first._state.components[NAME] = ComponentState(pid=7)

    def ends_after(seconds: float) -> float:
        child = node.Child(7)
        clock[0] += seconds
        first._ended(component, child)
        return round(first._due[NAME][0] - clock[0], 3)

    assert [ends_after(1) for _ in range(3)] == [0.2, 0.5, 1.0]
    assert ends_after(3600) == 0.2
    assert state.failures == 1
    assert [ends_after(1) for _ in range(7)] == [0.5, 1.0, 2.0, 5.0, 10.0, 10.0, 10.0]

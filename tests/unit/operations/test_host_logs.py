from pathlib import Path

import pytest

from vcli.errors import InterruptError, VcliError
from vcli.host.instance import Instance
from vcli.operations import host_logs


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Instance(name="lab", root=tmp_path / "root", run=tmp_path / "run")
    for node in (made, made.node(2)):
        node.logs.mkdir(parents=True)
        (node.logs / "kubelet.log").write_text(node.name)
    return made


def test_logs_of_a_host_that_is_removed_are_kept(instance, tmp_path):
    error = VcliError("no", hint="do this")
    host_logs.keep(instance, error)
    first, _, folder = (error.hint or "").partition("; the components' logs are kept in ")
    assert first == "do this"
    assert Path(folder).parent == tmp_path
    assert {x.relative_to(folder): x.read_text() for x in Path(folder).rglob("*.log")} == {
        Path("lab/kubelet.log"): "lab",
        Path("lab-2/kubelet.log"): "lab-2",
    }


@pytest.mark.parametrize("error", [InterruptError("interrupted"), KeyboardInterrupt()])
def test_nothing_is_kept_after_an_interrupt(instance, tmp_path, error):
    host_logs.keep(instance, error)
    assert {x.name for x in tmp_path.iterdir()} == {"root"}


def test_before_a_host_has_logs_there_is_nothing_to_keep(tmp_path):
    error = VcliError("no")
    host_logs.keep(Instance(name="lab", root=tmp_path / "root", run=tmp_path / "run"), error)
    assert error.hint is None


@pytest.mark.parametrize(("hint", "said"), [("do this", "do this"), (None, "the components' logs are in ")])
def test_a_host_that_stays_names_its_logs_where_nothing_better_is_known(instance, hint, said):
    with pytest.raises(VcliError) as error, host_logs.with_hint(instance):
        raise VcliError("no", hint=hint)
    assert (error.value.hint or "").startswith(said)
    assert ("vcli host down --name lab removes what is there" in (error.value.hint or "")) is (hint is None)

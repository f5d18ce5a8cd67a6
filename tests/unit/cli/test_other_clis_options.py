"""Options and output of loft-sh's CLI: what is accepted, noted, refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vcli.cli.app import COMMANDS
from vcli.cli.peers import (
    INSTEAD,
    DriverName,
    PeerDeleteOptions,
    PeerOptions,
    asks_for_compatible,
    in_foreground,
    note_driver,
    row_of_list,
)
from vcli.cli.run import run_cli
from vcli.cli.values import ValueOptions
from vcli.console import Console
from vcli.errors import UsageError


class Heard(Console):
    """Keeps its warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def test_what_has_no_effect_is_noted_once_each():
    heard = Heard()
    PeerOptions(
        driver=DriverName.HELM,
        add=False,
        chart_name="vcluster",
        chart_repo="https://charts.loft.sh",
        chart_version="0.30.0",
        expose_local=False,
        background_proxy=True,
    ).note(heard)
    PeerDeleteOptions(auto_delete_namespace=True, delete_context=True, delete_configmap=True).note(heard)
    assert [each.partition(" has no effect")[0] for each in heard.warnings] == [
        "--driver helm",
        "--add",
        "--chart-name",
        "--chart-repo",
        "--chart-version",
        "--expose-local",
        "--background-proxy",
        "--auto-delete-namespace",
        "--delete-context",
        "--delete-configmap",
    ]
    quiet = Heard()
    PeerOptions().note(quiet)
    PeerDeleteOptions().note(quiet)
    assert quiet.warnings == []


@pytest.mark.parametrize("kept", ["auto_delete_namespace", "delete_context"])
def test_what_delete_never_keeps_is_refused(kept: str):
    with pytest.raises(UsageError, match=f"--{kept.replace('_', '-')}=false"):
        PeerDeleteOptions(**{kept: False}).note(Heard())


@pytest.mark.parametrize("driver", [DriverName.DOCKER, DriverName.PLATFORM])
def test_other_drivers_are_refused(driver: DriverName):
    with pytest.raises(UsageError):
        note_driver(driver, Heard())


def test_a_proxy_that_is_not_in_the_background_is_a_tunnel_in_the_foreground():
    heard = Heard()
    assert in_foreground(False, False, child=False, console=heard)
    assert not in_foreground(False, False, child=True, console=heard)  # its tunnel is nowhere else
    assert in_foreground(True, None, child=False, console=heard)
    assert heard.warnings == []
    assert not in_foreground(False, True, child=False, console=heard)
    assert len(heard.warnings) == 1
    with pytest.raises(UsageError):
        in_foreground(True, True, child=False, console=heard)


def test_a_row_has_the_keys_and_words_of_the_other_cli():
    created = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    row: dict[str, Any] = {
        "name": "demo",
        "namespace": "team",
        "status": "Starting",
        "version": None,
        "connected": False,
        "created": created,
    }
    found = row_of_list(row)
    assert 3600 <= found.pop("AgeSeconds") < 3700
    assert found == {
        "Name": "demo",
        "Namespace": "team",
        "Status": "Pending",
        "Version": "",
        "Connected": False,
        "Created": created,
    }
    assert row_of_list(row | {"status": "Paused"})["Status"] == "Paused"


def test_only_one_other_cli_is_known():
    assert asks_for_compatible({"VCLI_COMPAT": "vcluster"})
    assert not asks_for_compatible({"VCLI_COMPAT": ""})
    assert not asks_for_compatible({})
    with pytest.raises(UsageError, match="VCLI_COMPAT"):
        asks_for_compatible({"VCLI_COMPAT": "kind"})


def test_names_of_the_other_cli_are_no_more_than_names():
    for alias, name in (("rm", "delete"), ("sleep", "pause"), ("wakeup", "resume")):
        assert COMMANDS[alias].alias_of == name


@pytest.mark.parametrize(
    ("given", "taken"), [("1.34", "v1.34.4"), ("v1.33", "v1.33.13"), ("1.34.2", "1.34.2"), ("1.99", "1.99")]
)
def test_a_minor_version_is_the_release_that_hosts_have(given: str, taken: str):
    found = ValueOptions(kubernetes_version=given).options()["--kubernetes-version"]
    assert found == {"controlPlane": {"distro": {"k8s": {"version": taken}}}}


def test_commands_that_scripts_begin_with_are_accepted(capsys: pytest.CaptureFixture[str]):
    for words, noted in (
        (["use", "driver", "helm"], "warning: use driver helm has no effect"),
        (["telemetry", "disable"], "warning: telemetry disable has no effect"),
    ):
        assert run_cli(words) == 0
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(noted)
    assert run_cli(["use", "driver", "docker"]) == 2
    assert "use driver docker: vcli runs no virtual clusters in Docker" in capsys.readouterr().err


@pytest.mark.parametrize("name", INSTEAD)
def test_other_commands_say_what_there_is_instead(name: str, capsys: pytest.CaptureFixture[str]):
    assert name not in COMMANDS
    assert run_cli([name, "--version", "1"]) == 2
    assert capsys.readouterr().err == f"error: there is no command {name!r}\nhint: {INSTEAD[name]}\n"


def test_they_are_in_no_list(capsys: pytest.CaptureFixture[str]):
    assert run_cli(["--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:")[-1]
    assert not {each for each in ("use", "telemetry") if f"  {each} " in listed}

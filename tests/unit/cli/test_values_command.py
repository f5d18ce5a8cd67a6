"""``vcli values``: without a cluster, all complaints, exit code 2."""

import json
import subprocess
import sys
from pathlib import Path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vcli", "values", *words], capture_output=True, text=True, check=False
    )


def test_check_says_mistakes_and_warnings(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("syncer: {extraArgs: [--tls-san=a], foo: 1}\nmultiNamespaceMode: {enabled: true}\n")
    done = run("check", "-f", str(path), "-o", "json")
    rows = json.loads(done.stdout)
    assert done.returncode == 2
    assert [row["severity"] for row in rows] == ["error", "error", "warning"]
    assert rows[0]["message"] == f"{path}:1: syncer.foo: unknown key"


def test_check_of_what_is_right(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("controlPlane: {coredns: {enabled: false}}\n")
    done = run("check", "-f", str(path), "-o", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_check_of_nothing():
    done = run("check")
    assert done.returncode == 2
    assert "no values file is named" in done.stderr


def test_the_schema_is_json():
    assert "controlPlane" in json.loads(run("schema").stdout)["properties"]


def test_migrate_writes_todays_shape(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("sync: {ingresses: {enabled: true}}  # all of them\n")
    done = run("migrate", "-f", str(path))
    text = "sync: # all of them\n  toHost:\n    # was sync.ingresses\n    ingresses:\n      enabled: true\n"
    assert (done.returncode, done.stdout) == (0, text)
    assert f"{path}:1: sync.ingresses is now sync.toHost.ingresses" in done.stderr
    assert json.loads(run("migrate", "-f", str(path), "-o", "json").stdout) == {
        "sync": {"toHost": {"ingresses": {"enabled": True}}}
    }


def test_migrate_takes_one_file(tmp_path: Path):
    for words in ((), ("-f", "a", "-f", "b")):
        done = run("migrate", *words)
        assert done.returncode == 2
        assert "one values file must be named" in done.stderr


def test_an_address_without_tls_is_refused():
    done = run("check", "-f", "http://example.com/values.yaml")
    assert done.returncode == 2
    assert "not over http://" in done.stderr

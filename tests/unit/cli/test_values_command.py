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

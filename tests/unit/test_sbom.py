"""The SBOM: every package of the lock is in it, once, with what it is for."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import vcli

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "scripts" / "sbom.py"], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_has_each_package_of_the_lock(document: dict[str, Any]):
    lock = (ROOT / "requirements.lock").read_text()
    pinned = sorted(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock, re.MULTILINE))
    assert [(each["name"], each["version"]) for each in document["components"]] == pinned
    assert all(
        each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in document["components"]
    )


def test_it_tells_what_is_installed_from_what_builds_and_tests(document: dict[str, Any]):
    scopes = {each["name"]: each["scope"] for each in document["components"]}
    assert {scopes[name] for name in ("httpx", "kubernetes", "typer", "pyyaml", "certifi")} == {"required"}
    assert scopes["msgspec"] == "optional"
    assert {scopes[name] for name in ("pytest", "mypy", "ruff", "hatchling")} == {"excluded"}


def test_its_graph_names_nothing_else(document: dict[str, Any]):
    refs = {each["bom-ref"] for each in document["components"]}
    own = document["metadata"]["component"]
    assert own["version"] == vcli.__version__
    graph = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    assert graph.keys() == refs | {own["bom-ref"]}
    assert {name for names in graph.values() for name in names} <= refs
    assert any("httpx@" in each for each in graph[own["bom-ref"]])
    [certifi] = [each for each in refs if "/certifi@" in each]
    assert any(certifi in names for ref, names in graph.items() if ref != own["bom-ref"])


def test_it_is_the_same_each_time_and_small(document: dict[str, Any]):
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "scripts" / "sbom.py"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == document
    assert len(done.stdout) < 64 * 1024

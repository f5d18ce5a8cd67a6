"""What is public of the library: names, both faces alike, one tree of errors, and what is documented."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vcli
from vcli import AsyncVirtualCluster, VcliError, VirtualCluster

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "sdk.md").read_text()
PROPERTIES = {"environ", "kubeconfig", "name", "namespace"}
OPENING = {"connect", "create"}
METHODS = {"apply", "client", "close", "delete", "describe", "list", "logs", "run"}


def public(of: type) -> set[str]:
    return {name for name in vars(of) if not name.startswith("_")}


def test_the_public_names():
    assert sorted(vcli.__all__) == [
        "ApiError",
        "AsyncVirtualCluster",
        "CommandError",
        "CommandNotFoundError",
        "CommandTimedOutError",
        "ConflictError",
        "InterruptError",
        "KubeconfigError",
        "NotAllowedError",
        "NotFoundError",
        "NotOpenError",
        "NotReadyError",
        "NotRunnableError",
        "PreflightError",
        "TimedOutError",
        "UnreachableError",
        "UsageError",
        "VcliError",
        "VirtualCluster",
        "VirtualClusterInfo",
        "__version__",
    ]
    assert set(vcli.__all__) <= set(dir(vcli))
    for name in vcli.__all__:
        assert getattr(vcli, name)
        assert f"`{name}`" in REFERENCE
    with pytest.raises(AttributeError):
        _ = vcli.Nothing


def test_importing_the_package_imports_nothing():
    program = "import sys; before = set(sys.modules); import vcli; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["vcli", "vcli._version"]


def test_all_errors_are_one_tree():
    errors = {each for name in vcli.__all__ if inspect.isclass(each := getattr(vcli, name))}
    errors = {each for each in errors if issubclass(each, BaseException)}
    assert all(issubclass(each, VcliError) for each in errors)
    codes = [each.code for each in errors if each is not vcli.ApiError]
    assert len(codes) == len(set(codes))
    assert issubclass(vcli.CommandError, subprocess.CalledProcessError)
    assert issubclass(vcli.CommandTimedOutError, (subprocess.TimeoutExpired, vcli.TimedOutError))


def test_both_faces_have_the_same_names():
    assert public(VirtualCluster) == public(AsyncVirtualCluster) == PROPERTIES | OPENING | METHODS
    for name in PROPERTIES | OPENING | METHODS:
        assert re.search(rf"`{name}\b", REFERENCE), name


@pytest.mark.parametrize("name", sorted(OPENING | METHODS))
def test_both_faces_take_the_same_arguments(name):
    sync, asynchronous = (
        inspect.signature(getattr(each, name)) for each in (VirtualCluster, AsyncVirtualCluster)
    )
    assert list(sync.parameters.values()) == list(asynchronous.parameters.values())


@pytest.mark.parametrize("name", sorted(METHODS))
def test_whatever_takes_time_is_awaited(name):
    method = getattr(AsyncVirtualCluster, name)
    assert inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
    assert not inspect.iscoroutinefunction(getattr(VirtualCluster, name))


@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_what_takes_no_time_is_a_property_in_both(name):
    assert isinstance(vars(VirtualCluster)[name], property)
    assert isinstance(vars(AsyncVirtualCluster)[name], property)
    assert vars(VirtualCluster)[name].__doc__ == vars(AsyncVirtualCluster)[name].__doc__


@pytest.mark.parametrize("face", [VirtualCluster, AsyncVirtualCluster])
def test_the_documentation_is_complete(face):
    for name in public(face):
        assert inspect.getdoc(getattr(face, name)), name

"""Both faces of the library, on a session that needs no host."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kubernetes.client import ApiException

from vcli import (
    ApiError,
    AsyncVirtualCluster,
    CommandError,
    CommandTimedOutError,
    NotFoundError,
    NotOpenError,
    UsageError,
    VirtualCluster,
)
from vcli.errors import ConflictError, NotReadyError, TimedOutError
from vcli.operations.child import CommandNotFoundError
from vcli.sdk import aio, cluster
from vcli.sdk.applying import error_of, objects_of
from vcli.sdk.session import Opened, Session

PRINT = [sys.executable, "-c", "import os; print(os.environ['VCLI_NAME'], input())"]
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


class Scripted(Session):
    """Opens nothing; says what was done."""

    def __init__(self, request):
        super().__init__(request)
        self.done = []

    async def _open(self):
        if self.name == "stuck":
            self._deletes = True
            raise NotReadyError("no image")
        if self.name == "exists":
            raise ConflictError("it exists")
        if self.name == "late":
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
        self._deletes = self._request.values is not None and not self._request.keep
        self._opened = Opened("team", Path("/nowhere"), {"KUBECONFIG": "/nowhere", "VCLI_NAME": self.name})
        self.done.append("open")

    async def delete(self):
        self.done.append("delete")
        if self.name == "stuck":
            raise TimedOutError("it is still there")
        self._deletes = False

    async def describe(self):
        return {"name": self.name}

    async def logs(self, *, component, follow, **_):
        try:
            yield ["one", "two"]
            if component == "absent":
                raise UsageError("no such component")
            yield ["three"]
            while follow:
                await asyncio.sleep(0.01)
                yield ["more"]
        finally:
            self.done.append("logs closed")


@pytest.fixture(autouse=True)
def sessions(monkeypatch):
    made = []

    def make(request):
        made.append(Scripted(request))
        return made[-1]

    monkeypatch.setattr(cluster, "Session", make)
    monkeypatch.setattr(aio, "Session", make)
    return made


# --- create does what it says, and close undoes it


def test_create_creates_and_the_end_of_the_block_deletes(sessions):
    vc = VirtualCluster.create("demo")
    assert sessions[0].done == ["open"]
    with vc:
        assert (vc.name, vc.namespace, vc.kubeconfig) == ("demo", "team", Path("/nowhere"))
    assert sessions[0].done == ["open", "delete"]
    vc.close()
    for use in (lambda: vc.kubeconfig, lambda: vc.run(["true"]), vc.client, lambda: vc.apply({"kind": "A"})):
        with pytest.raises(NotOpenError):
            use()


def test_what_is_kept_or_was_there_stays(sessions):
    VirtualCluster.create("demo", keep=True).close()
    VirtualCluster.connect("demo").close()
    assert [each.done for each in sessions] == [["open"], ["open"]]


def test_deleted_once_is_not_deleted_again(sessions):
    with VirtualCluster.create("demo") as vc:
        vc.delete()
    assert sessions[0].done == ["open", "delete"]


def test_what_can_not_be_created_leaves_no_thread(sessions):
    with pytest.raises(ConflictError), VirtualCluster.create("exists"):
        pass
    assert sessions[0].done == []


def test_what_can_not_be_removed_does_not_hide_why(sessions):
    with pytest.raises(NotReadyError, match="no image") as failed:
        VirtualCluster.create("stuck")
    assert failed.value.__notes__ == ["cleaning up failed as well: it is still there"]
    assert sessions[0].done == ["delete"]


async def test_the_asynchronous_create_creates_when_it_is_awaited(sessions):
    opening = AsyncVirtualCluster.create("demo")
    assert not sessions
    vc = await opening
    assert sessions[0].done == ["open"]
    async with vc:
        assert vc.name == "demo"
    assert sessions[0].done == ["open", "delete"]
    await vc.close()
    async with AsyncVirtualCluster.create("other") as another:
        assert another.namespace == "team"
    assert sessions[1].done == ["open", "delete"]
    with pytest.raises(NotOpenError):
        await another.run(["true"])
    with pytest.raises(ConflictError):
        await AsyncVirtualCluster.create("exists")


async def test_a_cancellation_that_comes_too_late_leaves_nothing(sessions):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await AsyncVirtualCluster.create("late")
    assert sessions[0].done == ["open", "delete"]


# --- programs


def test_a_program(sessions):
    with VirtualCluster.connect("demo") as vc:
        assert vc.run(PRINT, input="in").stdout == "demo in\n"
        assert vc.run([sys.executable, "-c", "raise SystemExit(3)"], check=False).returncode == 3
        failing = [sys.executable, "-c", "import sys; sys.stderr.write('why'); sys.exit(3)"]
        with pytest.raises(CommandError, match="ended with exit code 3") as failed:
            vc.run(failing)
        assert failed.value.__notes__ == ["why"]
        assert (failed.value.returncode, failed.value.cmd) == (3, failing)
        with pytest.raises(CommandTimedOutError, match=r"had not ended after 0\.2 seconds"):
            vc.run(SLEEP, timeout=0.2)
        with pytest.raises(CommandNotFoundError):
            vc.run(["/no/such/program"])
        done = vc.run([sys.executable, "-c", "print(1)"], stdout=subprocess.DEVNULL)
        assert done.stdout is None


async def test_programs_do_not_block_the_loop(sessions, tmp_path):
    """The program ends when the loop goes on."""
    sign = tmp_path / "sign"
    wait = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
    async with AsyncVirtualCluster.connect("demo") as vc:
        running = asyncio.create_task(vc.run([sys.executable, "-c", wait, str(sign)], timeout=60))
        await asyncio.sleep(0.1)
        sign.touch()
        assert (await running).returncode == 0
        assert (await vc.run(PRINT, input="in")).stdout == "demo in\n"
        with pytest.raises(CommandError):
            await vc.run([sys.executable, "-c", "raise SystemExit(1)"])


async def test_a_cancelled_program_is_killed(sessions):
    async with AsyncVirtualCluster.connect("demo") as vc:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await vc.run(SLEEP)
        assert time.monotonic() - started < 30


# --- describe and logs


def test_describe_and_logs(sessions):
    with VirtualCluster.connect("demo") as vc:
        assert vc.describe() == {"name": "demo"}
        assert list(vc.logs()) == ["one", "two", "three"]
        with pytest.raises(UsageError):
            list(vc.logs(component="absent"))
        following = vc.logs(follow=True)
        assert [next(following) for _ in range(4)] == ["one", "two", "three", "more"]
        following.close()
    assert sessions[0].done == ["open"] + ["logs closed"] * 3


async def test_describe_and_logs_in_asyncio(sessions):
    async with AsyncVirtualCluster.connect("demo") as vc:
        assert await vc.describe() == {"name": "demo"}
        assert [line async for line in vc.logs()] == ["one", "two", "three"]
        with pytest.raises(UsageError):
            _ = [line async for line in vc.logs(component="absent")]
        async with contextlib.aclosing(vc.logs(follow=True)) as following:
            async for line in following:
                if line == "more":
                    break
    assert sessions[0].done == ["open"] + ["logs closed"] * 3


# --- manifests


def test_files_that_are_none(tmp_path):
    with pytest.raises(UsageError, match="can't read"):
        objects_of(tmp_path / "absent.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(UsageError, match=r"can't parse .*bad\.yaml line 2"):
        objects_of(tmp_path / "bad.yaml")


def test_lists_are_taken_apart(tmp_path):
    (tmp_path / "all.yaml").write_text("kind: List\nitems: [{kind: A}, {kind: B}]\n---\n---\nkind: C\n")
    assert [each["kind"] for each in objects_of(tmp_path)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [(404, "NotFound", NotFoundError), (409, "Conflict", ConflictError), (422, "Invalid", ApiError)],
)
def test_the_official_clients_errors_become_ours(status, reason, kind):
    error = ApiException(status=status, reason=reason)
    error.body = json.dumps({"kind": "Status", "reason": reason, "message": "so", "code": status})
    ours = error_of(error)
    assert isinstance(ours, kind)
    assert "so" in ours.message

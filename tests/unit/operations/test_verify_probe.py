"""The probe pod's program, run as the pod runs it."""

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import pytest
from verify_builders import PLANE

from vcli.operations.verify import network, probe_script
from vcli.operations.verify.observed import Observed
from vcli.operations.verify.places import Neighbour, Places
from vcli.operations.verify.probe_pod import pod

PLACES = Places(plane=PLANE, api="10.96.0.1", dns="10.96.0.10")
NEIGHBOUR = Neighbour(
    name="other", namespace="team-b", plane=PLANE, pod_ip="10.0.0.7", service_ip="10.96.0.7"
)


def run(questions: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", Path(probe_script.__file__).read_text(), json.dumps(questions)],
        env={"SETTLE": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_says_what_opens_and_what_does_not():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = run(
            {
                "open": {"ask": "tcp", "host": "127.0.0.1", "port": server.getsockname()[1]},
                "closed": {"ask": "tcp", "host": "127.0.0.1", "port": unused.getsockname()[1]},
                "name": {"ask": "resolve", "name": "localhost"},
                "http": {"ask": "http", "url": f"https://127.0.0.1:{unused.getsockname()[1]}/"},
                "flood": {"ask": "flood", "host": "127.0.0.1", "port": server.getsockname()[1], "count": 3},
            }
        )
    assert (found["open"], found["closed"], found["http"], found["flood"]) == (True, False, 0, 3)
    assert found["name"] in {"127.0.0.1", "::1"}
    assert found["surroundings"]["env"]["SETTLE"] == "0"


class _Datagrams:
    """A DNS server that is asked once, in place of a socket."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settimeout(self, _: float) -> None:
        pass

    def sendto(self, query: bytes, where: tuple[str, int]) -> None:
        assert where == ("10.96.0.10", 53)
        assert b"\x04demo\x06team-a\x03svc\x00" in query

    def recv(self, _: int) -> bytes:
        return self._answer


def test_it_reads_the_answer_of_a_dns_server(monkeypatch: pytest.MonkeyPatch):
    head = bytes(4) + bytes([0, 1, 0, 1]) + bytes(4)
    monkeypatch.setattr(probe_script, "END", 0.0)
    for answer, said in ((head + bytes([10, 96, 0, 9]), "10.96.0.9"), (bytes(12), "")):
        monkeypatch.setattr(probe_script.socket, "socket", lambda *_, answer=answer: _Datagrams(answer))
        assert probe_script.dns("10.96.0.10", "demo.team-a.svc") == said


def test_every_connection_is_asked_for_where_its_address_is_known():
    with_neighbour = network.questions(PLACES, NEIGHBOUR, cluster="demo", namespace="team-a")
    alone = network.questions(PLACES, None, cluster="demo", namespace="team-a")
    assert {key for key in with_neighbour if key.startswith("neighbour")}
    assert not {key for key in alone if key.startswith("neighbour")}
    assert with_neighbour["own-dns"]["name"] == "other.team-b.svc.cluster.local"
    unknown = Places(plane=PLANE, api="", dns="")
    assert (
        not {"host-api", "host-dns", "host-api-token"}
        & network.questions(unknown, None, cluster="demo", namespace="team-a").keys()
    )


def test_any_pod_security_standard_admits_the_pod():
    spec = pod("p", "i", "true")["spec"]
    [container] = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["resources"]["limits"]


class _Scene:
    """As much of a scene as a question about the network takes."""

    places, neighbour = PLACES, None

    def __init__(self, **answers: Any) -> None:
        self.probe = asyncio.get_running_loop().create_future()
        self.probe.set_result(answers)


async def judged(name: str, **answers: Any) -> Observed:
    [attempt] = [each for each in network.ATTEMPTS if each.name == name]
    return await attempt.run(_Scene(**answers))  # type: ignore[arg-type]


async def test_a_probe_that_reaches_nothing_proves_nothing():
    assert (await judged("kubelet", kubelet=False, **{"control-api": 200})).through is False
    assert (await judged("kubelet", kubelet=False, **{"control-api": 0})).through is None
    assert (await judged("kubelet", kubelet=True, **{"control-api": 0})).through is True
    assert (await judged("neighbour-pod")).skipped


async def test_an_answer_that_refuses_is_no_way_through():
    assert (await judged("kubelet-token", **{"kubelet-token": 401})).through is False
    assert (await judged("kubelet-token", **{"kubelet-token": 0})).through is False
    assert (await judged("kubelet-token", **{"kubelet-token": 200})).through is True
    assert (await judged("host-dns", **{"host-dns": ""})).through is False
    assert (await judged("host-dns", **{"host-dns": "10.96.0.9"})).through is True

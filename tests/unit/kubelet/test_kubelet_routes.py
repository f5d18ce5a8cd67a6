from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.kubelet.routes import PodRoute, pod_route
from vcli.syncer.serving.requests import Refused, Request
from vcli.syncer.translate.names import HostName, VirtualName

NAME = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
COMMAND = st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=30), min_size=1, max_size=5)
PAGE_NOT_FOUND = 404


def request(target: str, *, method: str = "GET") -> Request:
    path, _, query = target.partition("?")
    return Request(method=method, target=path, query=query, version="HTTP/1.1", headers=())


def routed(target: str, *, method: str = "GET") -> PodRoute:
    route = pod_route(request(target, method=method))
    assert route is not None
    return route


def host_query(route: PodRoute) -> list[tuple[str, str]]:
    path = route.host_path(namespace="team-a", name=HostName("web-x-default-x-demo"))
    return parse_qsl(urlsplit(path).query, keep_blank_values=True)


def refused(target: str, *, method: str = "GET") -> int:
    with pytest.raises(Refused) as caught:
        pod_route(request(target, method=method))
    return caught.value.status


@given(namespace=NAME, pod=NAME, container=NAME, command=COMMAND)
def test_a_command_arrives_as_it_was_given(
    namespace: str, pod: str, container: str, command: list[str]
) -> None:
    """Any argument: spaces, plus signs, ampersands, newlines, other scripts, empty ones; in order."""
    query = urlencode([("command", word) for word in command] + [("output", "1"), ("error", "1")])
    route = routed(f"/exec/{namespace}/{pod}/{container}?{query}", method="POST")
    assert route.pod == VirtualName(namespace, pod)
    pairs = host_query(route)
    assert [value for key, value in pairs if key == "command"] == command
    assert [pair for pair in pairs if pair[0] != "command"] == [
        ("stdout", "true"),
        ("stderr", "true"),
        ("container", container),
    ]


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40))
def test_no_path_reaches_another_object_of_the_host(text: str) -> None:
    """Whatever stands in the place of a name: a route of ours or an answer, never another path."""
    try:
        route = pod_route(request(f"/exec/{quote(text, safe='/%')}/pod/main?output=1"))
    except Refused:
        return
    if route is None:
        return
    path = urlsplit(route.host_path(namespace="team-a", name=HostName("pod-x-y-x-demo"))).path
    assert path == "/api/v1/namespaces/team-a/pods/pod-x-y-x-demo/exec"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("input=1&output=1&error=1", [("stdin", "true"), ("stdout", "true"), ("stderr", "true")]),
        ("input=1&output=1&tty=1", [("stdin", "true"), ("stdout", "true"), ("tty", "true")]),
        # A terminal has no second output; the host's API would refuse what a kubelet just leaves out.
        ("output=1&error=1&tty=1", [("stdout", "true"), ("tty", "true")]),
        ("output=true&error=1", [("stderr", "true")]),
        ("error=1&stdin=true&container=other", [("stderr", "true")]),
    ],
)
def test_streams(query: str, expected: list[tuple[str, str]]) -> None:
    assert host_query(routed(f"/attach/default/web/main?{query}")) == [*expected, ("container", "main")]


def test_no_stream_at_all_is_rejected() -> None:
    assert refused("/exec/default/web/main?command=ls") == 400


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", []),
        ("follow=true&previous=false", [("follow", "true")]),
        ("tailLines=5&limitBytes=100", [("tailLines", "5"), ("limitBytes", "100")]),
        ("sinceSeconds=3&timestamps=1", [("timestamps", "true"), ("sinceSeconds", "3")]),
        ("sinceTime=2026-11-23T03:00:00Z", [("sinceTime", "2026-11-23T03:00:00Z")]),
        ("stream=Stderr", [("stream", "Stderr")]),
        ("tail=7", [("tailLines", "7")]),
        ("tail=all&tailLines=3", []),
        ("insecureSkipTLSVerifyBackend=true&container=other", []),
    ],
)
def test_log_options(query: str, expected: list[tuple[str, str]]) -> None:
    assert host_query(routed(f"/containerLogs/default/web/main?{query}")) == [
        *expected,
        ("container", "main"),
    ]


def test_log_options_that_are_no_numbers_are_rejected() -> None:
    assert refused("/containerLogs/default/web/main?tailLines=-1") == 422


def test_ports_of_a_websocket_port_forward() -> None:
    route = routed("/portForward/default/web?port=80&port=443")
    assert host_query(route) == [("ports", "80"), ("ports", "443")]


def test_run_splits_its_command_at_spaces() -> None:
    route = routed("/run/default/web/main?cmd=ls%20-l", method="POST")
    assert ("command", "ls") in host_query(route)
    assert ("command", "-l") in host_query(route)


@pytest.mark.parametrize("verb", ["exec", "attach", "run"])
def test_the_uid_stands_before_the_container(verb: str) -> None:
    route = routed(f"/{verb}/default/web/0b1c-22/main?output=1", method="POST")
    assert (route.uid, route.container) == ("0b1c-22", "main")


def test_port_forward_with_uid() -> None:
    route = routed("/portForward/default/web/0b1c-22", method="POST")
    assert (route.uid, route.container) == ("0b1c-22", None)
    assert route.host_path(namespace="n", name=HostName("h")) == "/api/v1/namespaces/n/pods/h/portforward"


@pytest.mark.parametrize(
    "target", ["/healthz", "/pods", "/", "/metrics/exec", "/EXEC/a/b/c", "/exec%2Fa%2Fb%2Fc"]
)
def test_other_paths_are_no_routes_of_pods(target: str) -> None:
    assert pod_route(request(target)) is None


@pytest.mark.parametrize(
    "target",
    [
        "/exec/a/b",
        "/exec/a/b/c/d/e",
        "/exec/a/../c",
        "/exec/a/b%2Fc/d",
        "/portForward/a",
        "/exec/a/B/c",
        "/exec",
    ],
)
def test_wrong_shapes_are_not_found(target: str) -> None:
    assert refused(f"{target}?output=1") == PAGE_NOT_FOUND


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", "/exec/a/b/c"),
        ("POST", "/containerLogs/a/b/c"),
        ("GET", "/run/a/b/c"),
        ("DELETE", "/attach/a/b/c"),
    ],
)
def test_methods(method: str, target: str) -> None:
    assert refused(f"{target}?output=1", method=method) == 405

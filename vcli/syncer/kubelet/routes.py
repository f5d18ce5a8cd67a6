"""The paths of a kubelet, and what they are called in the host's API. Pure.

kube-apiserver asks a kubelet for `/exec/NS/POD/CONTAINER?input=1&output=1&command=sh`; the host's API knows
the same as
`/api/v1/namespaces/HOSTNS/pods/HOSTPOD/exec?stdin=true&stdout=true&command=sh&container=CONTAINER`. Paths and
parameters: pkg/kubelet/server and pkg/registry/core/pod/strategy.go of Kubernetes 1.36.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

from vcli.syncer.serving import Refused, Request
from vcli.syncer.translate.names import HostName, VirtualName

Query = list[tuple[str, str]]

# DNS-1123 subdomains; what is no such name is no pod either, and never reaches a URL of ours.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
_UID = re.compile(r"[A-Za-z0-9-]{1,64}\Z")

_STREAMS = (("input", "stdin"), ("output", "stdout"), ("error", "stderr"))
_LOG_FLAGS = ("follow", "previous", "timestamps")
_LOG_NUMBERS = ("sinceSeconds", "tailLines", "limitBytes")
_TRUE = ("1", "t", "T", "true", "TRUE", "True")


class Verb(NamedTuple):
    """One of the kubelet's verbs on a pod."""

    path: str
    subresource: str
    methods: tuple[str, ...]
    has_container: bool


EXEC = Verb("exec", "exec", ("GET", "POST"), has_container=True)
ATTACH = Verb("attach", "attach", ("GET", "POST"), has_container=True)
PORT_FORWARD = Verb("portForward", "portforward", ("GET", "POST"), has_container=False)
LOGS = Verb("containerLogs", "log", ("GET",), has_container=True)
RUN = Verb("run", "exec", ("POST",), has_container=True)
_VERBS = {verb.path: verb for verb in (EXEC, ATTACH, PORT_FORWARD, LOGS, RUN)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRoute:
    """A request about one pod. `query` is spelled as the host's API wants it, without the container."""

    verb: Verb
    pod: VirtualName
    uid: str | None
    container: str | None
    query: tuple[tuple[str, str], ...]

    def host_path(self, *, namespace: str, name: HostName) -> str:
        """Give path and query of the same request in the host's API."""
        query = [*self.query, *([("container", self.container)] if self.container else [])]
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(name, safe='')}"
        return f"{path}/{self.verb.subresource}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")


def path_segments(target: str) -> list[str]:
    """Split a path and decode each segment, so that an encoded slash never makes a segment of its own."""
    return [unquote(segment) for segment in target.strip("/").split("/")]


def pod_route(request: Request) -> PodRoute | None:
    """Understand a request as one about a pod; None if its path is none of those.

    Raises:
        Refused: the path is one of those but is malformed (400, 404, 405, 422).
    """
    first, *rest = path_segments(request.target)
    verb = _VERBS.get(first)
    if verb is None:
        return None
    namespace, name, uid, container = _pod_segments(rest, has_container=verb.has_container)
    if request.method not in verb.methods:
        raise Refused(405, f"{request.method} is not allowed on /{verb.path}")
    return PodRoute(
        verb=verb,
        pod=VirtualName(namespace, name),
        uid=uid,
        container=container,
        query=tuple(_query(verb, request)),
    )


def _pod_segments(segments: list[str], *, has_container: bool) -> tuple[str, str, str | None, str | None]:
    """Take apart `NS/POD[/UID][/CONTAINER]`."""
    required = 3 if has_container else 2
    if len(segments) not in (required, required + 1):
        raise Refused(404, "404: Page Not Found")
    namespace, name, *others = segments
    container = others.pop() if has_container else None
    uid = others.pop() if others else None
    names = (namespace, name) if container is None else (namespace, name, container)
    if not all(_NAME.match(part) for part in names) or (uid is not None and not _UID.match(uid)):
        raise Refused(404, "pod does not exist")
    return namespace, name, uid, container


def _query(verb: Verb, request: Request) -> Query:
    pairs = parse_qsl(request.query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    if verb is EXEC:
        return [*_streams(pairs), *(("command", value) for key, value in pairs if key == "command")]
    if verb is ATTACH:
        return _streams(pairs)
    if verb is PORT_FORWARD:
        # Only the WebSocket protocol names ports here; SPDY names them in the headers of its streams.
        return [("ports", value) for key, value in pairs if key == "port"]
    if verb is LOGS:
        return _log_options(pairs)
    command = next((value for key, value in pairs if key == "cmd"), "")
    return [("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command.split(" "))]


def _first(pairs: Query, key: str) -> str | None:
    return next((value for name, value in pairs if name == key), None)


def _streams(pairs: Query) -> Query:
    tty = _first(pairs, "tty") == "1"
    # A terminal has one output; asking for both is not an error to a kubelet, the host's API rejects it.
    wanted = [host for ours, host in _STREAMS if _first(pairs, ours) == "1" and not (tty and ours == "error")]
    if not wanted:
        raise Refused(400, "you must specify at least 1 of stdin, stdout, stderr")
    return [*((name, "true") for name in wanted), *([("tty", "true")] if tty else [])]


def _log_options(pairs: Query) -> Query:
    options: Query = [(flag, "true") for flag in _LOG_FLAGS if _first(pairs, flag) in _TRUE]
    # "tail" is the older name; "all" is the same as not asking.
    tail = _first(pairs, "tail")
    numbers = {key: _first(pairs, key) for key in _LOG_NUMBERS}
    if tail:
        numbers["tailLines"] = None if tail == "all" else tail
    for key, value in numbers.items():
        if value is None or value == "":
            continue
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise Refused(422, "Invalid request.")
        options.append((key, value))
    options += [(key, value) for key in ("sinceTime", "stream") if (value := _first(pairs, key))]
    return options

"""Every command against everything that may be wrong around it; a new command enters by itself.

It is about the program, not about Kubernetes: the host is `fake_host`, and what would boot a machine or build
for minutes is replaced. What has to hold is in `check`.
"""

import functools
import itertools
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from contract import ERRORS, EXIT_CODES
from fake_host import fake_host
from forkserver import forkserver
from harmless import harmless
from odd_kubeconfigs import KUBECONFIGS
from program import CLOSED, FULL, UNREAD, Done, below

from vcli.cli import app
from vcli.cli.options import COMMON_NAMES

Words = tuple[str, ...]
Run = Callable[..., Done]

VIRTUAL = "https://127.0.0.1:1"
WHERE = ("-n", "team")

# How a command is run where its arguments alone would do too much, or nothing.
USUAL: Mapping[Words, tuple[Words, ...]] = {
    ("create",): (
        ("other", *WHERE, "--dry-run"),
        ("other", *WHERE, "--no-wait", "--no-connect", "--ephemeral"),
    ),
    ("connect",): (
        ("demo", "--server", VIRTUAL, "--print"),
        ("demo", "--server", VIRTUAL, "--kube-config", "new.yaml"),
        ("demo", "--server", VIRTUAL, "--", "true"),
    ),
    ("delete",): (("demo", *WHERE, "--dry-run"), ("demo", *WHERE)),
    ("upgrade",): (("demo", *WHERE, "--dry-run"),),
    ("disconnect",): (("demo",), ("--all",)),
    ("values", "check"): (("-f", "/dev/null"),),
    ("values", "migrate"): (("-f", "/dev/null"),),
    ("values", "profile"): (("ci",),),
    ("use", "driver"): (("helm",),),
}
# These print the same in every format: a script, a log, what kubectl asks a credential plugin for.
ONE_FORMAT = {("completion",), ("logs",), ("token",)}
# Nothing to succeed with here: no registry, no archive of an image, no pod that runs.
FAILING = {
    ("image", "push"),
    ("image", "load"),
    ("host", "load-image"),
    ("host", "kubeconfig"),
    ("check",),
    ("verify",),
    ("adopt",),  # of another tool there is none
}
# A command that has nothing to print as long as all is well.
SILENT = {("connect", "demo", "--server", VIRTUAL, "--", "true")}

# There are no tunnels here, and nothing is wrong with the values.
NAMELESS = {("tunnels",), ("values", "check"), ("values", "migrate")}

OUTPUTS = ("table", "wide", "json", "yaml", "name")
VALUES = {"empty": "", "long": "x" * 10_000, "unicode": "naïve-名前-😀\u202e", "bytes": "caf\udce9"}
STREAMS: Mapping[str, Mapping[str, str]] = {
    "stdin closed": {"stdin": CLOSED},
    "stdout closed": {"stdout": CLOSED},
    "stdout full": {"stdout": FULL},
    "stdout unread": {"stdout": UNREAD},
    "stderr closed": {"stderr": CLOSED},
    "stderr full": {"stderr": FULL},
    "stderr unread": {"stderr": UNREAD},
    "all closed": {"stdin": CLOSED, "stdout": CLOSED, "stderr": CLOSED},
    "ascii": {"encoding": "ascii"},
}
UNUSABLE = "/dev/null/x"
VARIABLES = (
    "VCLI_CONTEXT", "VCLI_KUBECONFIG", "VCLI_NAMESPACE", "VCLI_TIMEOUT", "VCLI_QUIET", "VCLI_VERBOSE",
    "VCLI_LOG_FORMAT", "VCLI_YES", "KUBECONFIG", "NO_COLOR", "TERM",
)  # fmt: skip
FOLDERS = (
    "HOME",
    "VCLI_STATE_DIR",
    "VCLI_CACHE_DIR",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "TMPDIR",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run.

    Attributes:
        command: the command's name.
        words: what stands behind it.
        streams: what is wrong with standard streams.
        env: what is different in the environment.
        kubeconfig: its content, `None` for the usual one.
        succeeds: whether it has to.
    """

    title: str
    command: Words
    words: Words
    streams: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    kubeconfig: bytes | None = None
    succeeds: bool = False

    @property
    def is_json(self) -> bool:
        own = self.words[: self.words.index("--")] if "--" in self.words else self.words
        return ("-o", "json") in itertools.pairwise(own)


@functools.cache
def commands() -> Mapping[Words, Any]:
    """All commands that do something, those of groups by all their names."""
    found: dict[Words, Any] = {}
    for name, entry in app.COMMANDS.items():
        if entry.alias_of is None:
            found |= below((name,), app.load(name, entry.target))
    return found


def usual(command: Words) -> tuple[Words, ...]:
    """What stands behind the name of a command when it is run as usual."""
    if command in USUAL:
        return USUAL[command]
    required = [
        each for each in commands()[command].params if each.param_type_name == "argument" and each.required
    ]
    words = [_argument(each.metavar or "") for each in required]
    return ((*words,),)


def _argument(metavar: str) -> str:
    return "archive.tar" if metavar == "FILE" else metavar.partition("|")[0] if "|" in metavar else "demo"


def options(command: Words) -> Iterator[tuple[str, Iterable[str]]]:
    """The long options of a command that take a value, and which of `VALUES` each is given.

    What all commands have is read in one place: one command is given all, each other one of them.
    """
    for param in commands()[command].params:
        if param.param_type_name == "option" and not param.is_flag and not param.count:
            option = max(param.opts, key=len)
            shared = param.name in COMMON_NAMES and command != ("list",)
            turn = zlib.crc32(" ".join((*command, option)).encode()) % len(VALUES)
            yield option, [list(VALUES)[turn]] if shared else VALUES


def cases() -> Iterator[Case]:
    for command in commands():
        yield from _formats(command)
        yield from _streams(command)
        yield from _values(command)
        yield from _surroundings(command)


def _formats(command: Words) -> Iterator[Case]:
    for words, output in itertools.product(usual(command), OUTPUTS):
        yield Case(
            title=f"-o {output}",
            command=command,
            words=("-o", output, *words),
            succeeds=command not in FAILING,
        )
    for words in usual(command):
        quiet = ("-q", "--log-format", "json", *words)
        yield Case(title="-q", command=command, words=quiet, succeeds=command not in FAILING)


def _streams(command: Words) -> Iterator[Case]:
    for words, (title, streams) in itertools.product(usual(command), STREAMS.items()):
        yield Case(title=title, command=command, words=words, streams=streams)
    for title in ("stdout full", "stderr full", "ascii"):
        words = ("-o", "json", *usual(command)[0])
        yield Case(title=f"{title}, json", command=command, words=words, streams=STREAMS[title])


def _values(command: Words) -> Iterator[Case]:
    words = usual(command)[0]
    for option, titles in options(command):
        for title in titles:
            shown = () if option == "--output" else ("-o", "json")
            given = (*shown, option, VALUES[title], *words)
            yield Case(title=f"{option} {title}", command=command, words=given)
    for title, value in VALUES.items():
        if words and words[0] == "demo":
            yield Case(title=f"NAME {title}", command=command, words=("-o", "json", value, *words[1:]))


def _surroundings(command: Words) -> Iterator[Case]:
    for words in usual(command):
        for name in FOLDERS:
            yield Case(title=f"{name} unusable", command=command, words=words, env={name: UNUSABLE})
    words = usual(command)[0]
    for title, content in KUBECONFIGS.items():
        given = ("-o", "json", *words)
        yield Case(title=f"kubeconfig {title}", command=command, words=given, kubeconfig=content)
    if command == ("list",):  # one reading of the environment for all
        for name, (title, value) in itertools.product(VARIABLES, VALUES.items()):
            yield Case(title=f"{name} {title}", command=command, words=("-o", "json"), env={name: value})
    for title, path in (("missing", "absent"), ("a folder", "."), ("in a file", f"{UNUSABLE}/config")):
        yield Case(title=f"KUBECONFIG {title}", command=command, words=words, env={"KUBECONFIG": path})
        yield Case(title=f"--kubeconfig {title}", command=command, words=("--kubeconfig", path, *words))


# --- what they run in


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with fake_host() as url:
        yield url


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with forkserver() as run:
        yield run


@pytest.fixture(scope="module")
def as_usual(host: str, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Words], Done]:
    """What a command line does when nothing is wrong around it."""

    @functools.cache
    def of(words: Words) -> Done:
        return start(Case(title="", command=(), words=words), run, host, tmp_path_factory.mktemp("usual"))

    return of


@functools.cache
def kubeconfig(server: str) -> bytes:
    """Of a user of the host who has connected to the virtual cluster before."""
    mark = {
        "name": "demo",
        "namespace": "team",
        "host-context": "host",
        "host-kubeconfig": "",
        "previous-context": "",
    }
    extension = {"name": "vcli.dev", "extension": mark}
    names = ("host", "vcluster_demo_team_host")
    clusters = ({"server": server}, {"server": VIRTUAL, "extensions": [extension]})
    contexts = ({"namespace": "default"}, {"user": names[1], "extensions": [extension]})
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "host",
            "clusters": [{"name": n, "cluster": b} for n, b in zip(names, clusters, strict=True)],
            "contexts": [
                {"name": n, "context": {"cluster": n, **b}} for n, b in zip(names, contexts, strict=True)
            ],
            "users": [{"name": names[1], "user": {"token": "x", "extensions": [extension]}}],
        }
    ).encode()


def start(case: Case, run: Run, server: str, folder: Path) -> Done:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    packed = folder.parent / "packed"  # packing the syncer takes a while
    packed.mkdir(exist_ok=True)
    if not (home / ".cache").is_symlink():
        (home / ".cache").symlink_to(packed)
    (folder / "archive.tar").write_bytes(b"no archive")
    config = folder / "config"
    config.write_bytes(kubeconfig(server) if case.kubeconfig is None else case.kubeconfig)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "KUBECONFIG": str(config),
        "VCLI_STATE_DIR": str(home / "state"),
        "VCLI_CACHE_DIR": str(home / "cache"),
        "XDG_CACHE_HOME": str(packed),
        "VCLI_HOST_ROOT": f"/tmp/vcli-hosts-{os.getpid()}",  # short, for sockets
        "NO_PROXY": "*",
    }
    if case.env.keys() & set(FOLDERS):
        del env["VCLI_STATE_DIR"], env["VCLI_CACHE_DIR"], env["XDG_CACHE_HOME"]
    reset(server)
    return run(
        (*case.command, *case.words), env=env | case.env, folder=folder, prepare=harmless, **case.streams
    )


def reset(server: str) -> None:
    import urllib.request  # noqa: PLC0415

    with urllib.request.urlopen(urllib.request.Request(f"{server}/reset", method="POST")) as answer:  # noqa: S310
        answer.read()


# --- what has to hold


@pytest.mark.parametrize("case", [pytest.param(x, id=" ".join((*x.command, x.title))) for x in cases()])
def test_matrix(case: Case, host: str, run: Run, as_usual: Callable[[Words], Done], tmp_path: Path) -> None:
    done = start(case, run, host, tmp_path)
    check(case, done)
    if case.succeeds:
        assert done.code == 0, done.err
        check_format(case, done.out)
    if case.streams:
        check_streams(case, done, as_usual((*case.command, *case.words)))
    if case.env.keys() & set(FOLDERS):
        # Only a tunnel in the background keeps anything in a folder of its own, and none is started here.
        normal = as_usual((*case.command, *case.words))
        assert (done.code, bool(done.out)) == (normal.code, bool(normal.out)), done.err


def check(case: Case, done: Done) -> None:
    """What holds for every run."""
    shown = f"exit code {done.code}\nstdout: {done.out[:500]}\nstderr: {done.err[-2000:]}"
    assert done.code in EXIT_CODES or done.code == 128 + 13, shown
    for word in ("Traceback", "unexpected error", "this is a bug", "Exception ignored"):
        assert word not in done.err + done.out, shown
    assert not re.search(r"^(error|hint|warning): ", done.out, re.MULTILINE), shown
    assert is_safe(done.out), shown
    assert is_safe(done.err), shown
    if done.code and case.streams.get("stderr") is None and done.code != 128 + 13:
        assert done.err, f"silence: {shown}"
        if not case.is_json:
            assert re.search(r"^error: |\"error\"", done.err, re.MULTILINE), shown
    if case.is_json:
        lines = [json.loads(line) for line in done.err.splitlines()]
        if done.code and lines:
            error = lines[-1]["error"]
            assert ERRORS[error["code"]] in (done.code, None), shown
            assert error["message"], shown


def is_safe(text: str) -> bool:
    """Whether nothing in a text commands a terminal, or hides."""
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)


def check_format(case: Case, out: str) -> None:
    """What a command prints that has done what it was asked for."""
    own = dict(itertools.pairwise(case.words))
    output = own.get("-o")
    if case.words[2:] in SILENT or (*case.command, *case.words[2:]) in SILENT:
        assert out == ""
    elif case.command in ONE_FORMAT:
        assert out
    elif output == "json":
        json.loads(out)
    elif output == "yaml":
        documents = [each for each in yaml.safe_load_all(out) if each is not None]
        assert documents, out
        assert all(isinstance(each, dict | list) for each in documents)
    elif output == "name" and out:
        assert all(line.strip() and " " not in line for line in out.splitlines()), out
    elif output == "name":
        assert case.command in NAMELESS, "no name"


def check_streams(case: Case, done: Done, normal: Done) -> None:
    """That a stream which can't be used changes nothing but what has to do with it."""
    fault = case.streams.get("stdout")
    if fault == UNREAD and normal.out:
        assert done.code == 128 + 13
    elif fault and normal.out:
        assert done.code == (normal.code or 1)
        if not normal.code and not case.streams.get("stderr"):
            assert "can't write to standard output" in done.err
    else:
        assert done.code == normal.code

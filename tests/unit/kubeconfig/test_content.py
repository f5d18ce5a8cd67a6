"""Kubeconfigs that are no ordinary files, or hold something else: a clear error, no endless wait."""

import os
import threading
from contextlib import suppress

import pytest
import yaml as pyyaml

from vcli.errors import VcliError
from vcli.kubeconfig import content as contents
from vcli.kubeconfig.auth import load_access
from vcli.kubeconfig.content import content
from vcli.kubeconfig.read import KubeconfigError, parse, read

CLUSTER = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
CONTEXT = {"name": "x", "context": {"cluster": "c", "user": "u"}}


def config(**change):
    whole = {
        "clusters": [CLUSTER],
        "contexts": [CONTEXT],
        "users": [{"name": "u", "user": {}}],
        "current-context": "x",
    }
    return pyyaml.safe_dump(whole | change)


def test_a_pipe_that_is_written_later(tmp_path):
    """As a shell makes it of ``<(...)``, or mkfifo."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Timer(0.1, lambda: pipe.write_bytes(b"a" * 200_000 + b"z"))
    writer.start()
    assert content(pipe) == b"a" * 200_000 + b"z"
    writer.join()


def test_a_pipe_that_nobody_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "_FIRST_BYTE", 0.1)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(KubeconfigError, match="it is a pipe, and nothing was written into it"):
        read(pipe)


@pytest.mark.parametrize(
    ("path", "message"),
    [("/", "Is a directory"), ("/dev/zero", "larger than 16 MiB"), ("/dev/null/x", "Not a d")],
)
def test_what_is_no_file(path, message):
    with pytest.raises(KubeconfigError, match=message):
        load_access(kubeconfig=path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("\n".join(" " * i + "a:" for i in range(3000)), "nested too deeply"),
        ("a: &a [*a]", "an alias stands within what it repeats"),
        ("a: &a [x,x,x]\nb: &b [*a,*a]\n" * 1, None),
        (
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(20)
            ),
            "holds more than 1000000 values",
        ),
        ("a: \0", "unacceptable character"),
        ("a: [b\nc: d", "line 2"),
        ("- a", "it holds a list"),
        ("word", "it holds a str"),
        ("clusters: 3", "clusters is not a list"),
        ("contexts: [1]", "entry 1 of contexts has no name"),
        ("contexts: [{name: a, context: b}]", "context of a in contexts is not a mapping"),
        ("clusters: [{name: a, cluster: {server: [x]}}]", "server of cluster 'a' is not text"),
        (
            "clusters: [{name: a, cluster: {insecure-skip-tls-verify: 'false'}}]",
            "insecure-skip-tls-verify of cluster 'a' is not true or false",
        ),
        ("users: [{name: a, user: {exec: x}}]", "exec of user 'a' is not a mapping"),
        ("users: [{name: a, user: {exec: {args: x}}}]", "args of exec of user 'a' is not a list"),
        ("users: [{name: a, user: {exec: {env: [1]}}}]", "env of exec of user 'a' is not a list of names"),
        ("users: [{name: a, user: {auth-provider: {config: 1}}}]", "config of auth-provider of user 'a'"),
        ("users: [{name: a, user: {token: 123}}]", None),
    ],
)
def test_odd_content(text, message):
    if message is None:
        assert parse(text, "file")
        return
    with pytest.raises(KubeconfigError) as raised:
        parse(text, "file")
    assert message in raised.value.message
    assert "file" in raised.value.message


ODD = (None, 1, 1.5, True, "", "x", "\x1b", [], [1], {}, {"a": 1}, "é" * 5000)


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize(
    ("section", "key"),
    [
        *(
            ("cluster", each)
            for each in ("server", "proxy-url", "tls-server-name", "certificate-authority-data")
        ),
        *(("cluster", each) for each in ("insecure-skip-tls-verify", "certificate-authority", "extensions")),
        *(
            ("user", each)
            for each in ("token", "tokenFile", "username", "exec", "auth-provider", "as", "as-groups")
        ),
        *(
            ("user", each)
            for each in ("as-user-extra", "client-certificate-data", "client-key", "extensions")
        ),
        *(("context", each) for each in ("cluster", "user", "namespace", "extensions")),
    ],
)
def test_any_value_for_any_key_is_taken_or_explained(section, key, value, tmp_path):
    entries = {"cluster": dict(CLUSTER["cluster"]), "user": {}, "context": dict(CONTEXT["context"])}
    entries[section][key] = value
    path = tmp_path / "config"
    path.write_text(
        config(
            clusters=[{"name": "c", "cluster": entries["cluster"]}],
            users=[{"name": "u", "user": entries["user"]}],
            contexts=[{"name": "x", "context": entries["context"]}],
        )
    )
    with suppress(VcliError):
        load_access(kubeconfig=str(path))

import base64
import json
import os
import stat
import time

import pytest

from vcli import yaml
from vcli.errors import NotAllowedError, NotFoundError, UnreachableError, UsageError
from vcli.kubeconfig.auth import load_access
from vcli.kubeconfig.merge import merge
from vcli.kubeconfig.model import Entry, Mark
from vcli.kubeconfig.read import KubeconfigError

CA = b"-----BEGIN CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)


def write(path, *, name="c", cluster=None, user=None, namespace=None, current=None):
    context = {"cluster": name, "user": name} | ({"namespace": namespace} if namespace else {})
    config = {
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}"} | (cluster or {})}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": context}],
        "current-context": name if current is None else current,
    }
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(yaml.dump(config))
    return str(path)


def plugin(path, body):
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_no_kubeconfig_names_the_files_and_the_way_out(tmp_path):
    with pytest.raises(UnreachableError, match=str(tmp_path / "home/.kube/config")) as caught:
        load_access()
    assert "vcli host up" in caught.value.hint


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(NotFoundError, match="nowhere"):
        load_access(kubeconfig=str(tmp_path / "nowhere"))


def test_files_merge_as_in_client_go(tmp_path, monkeypatch):
    a = write(tmp_path / "a", name="one", current="")
    b = write(tmp_path / "b", name="two", namespace="ns")
    c = write(tmp_path / "c", name="one", cluster={"server": "https://shadowed"})
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([a, str(tmp_path / "missing"), b, c]))
    loaded = load_access()
    assert (loaded.context_name, loaded.namespace, loaded.access.server) == ("two", "ns", "https://two")
    assert loaded.access.namespace == "ns"
    assert load_access(context="one").access.server == "https://one"


def test_no_current_context_lists_what_there_is(tmp_path):
    with pytest.raises(UsageError) as caught:
        load_access(kubeconfig=write(tmp_path / "a", current=""))
    assert "there are: c" in caught.value.hint


def test_an_unknown_context_lists_what_there_is(tmp_path):
    with pytest.raises(NotFoundError, match="no context 'x'") as caught:
        load_access(kubeconfig=write(tmp_path / "a"), context="x")
    assert caught.value.hint == "name another one with --context; there are: c"


@pytest.mark.parametrize("section", ["clusters", "users"])
def test_a_dangling_reference_is_named(tmp_path, section):
    path = write(tmp_path / "a")
    config = yaml.parse((tmp_path / "a").read_text())
    (tmp_path / "a").write_text(yaml.dump({**config, section: []}))
    with pytest.raises(NotFoundError, match="'c'"):
        load_access(kubeconfig=path)


def test_a_context_without_a_user_is_anonymous(tmp_path):
    (tmp_path / "a").write_text(
        "current-context: c\ncontexts: [{name: c, context: {cluster: c}}]\n"
        "clusters: [{name: c, cluster: {server: 'http://x'}}]"
    )
    assert load_access(kubeconfig=str(tmp_path / "a")).access.token is None


def test_files_named_in_it_are_relative_to_it(tmp_path, monkeypatch):
    path = write(
        tmp_path / "sub" / "config",
        cluster={"certificate-authority": "pki/ca.crt"},
        user={"client-certificate": "pki/me.crt", "client-key": str(tmp_path / "sub/pki/me.key")},
    )
    (tmp_path / "sub" / "pki").mkdir()
    for name in ("ca.crt", "me.crt", "me.key"):
        (tmp_path / "sub" / "pki" / name).write_text(name)
    monkeypatch.chdir(tmp_path / "sub")
    access = load_access(kubeconfig="config").access
    assert (access.ca, access.client_certificate, access.client_key) == (b"ca.crt", b"me.crt", b"me.key")
    monkeypatch.chdir(tmp_path)
    assert load_access(kubeconfig=path).access == access


def test_data_beats_the_file(tmp_path):
    ca = {"certificate-authority": "gone", "certificate-authority-data": base64.b64encode(CA).decode()}
    assert load_access(kubeconfig=write(tmp_path / "a", cluster=ca)).access.ca == CA


def test_a_missing_file_is_named(tmp_path):
    path = write(tmp_path / "a", cluster={"certificate-authority": "gone.crt"})
    with pytest.raises(KubeconfigError, match=f"{tmp_path}/gone.crt"):
        load_access(kubeconfig=path)


def test_half_a_client_certificate_is_an_error(tmp_path):
    with pytest.raises(KubeconfigError, match="but not both"):
        load_access(kubeconfig=write(tmp_path / "a", user={"client-key-data": "S0VZ"}))


def test_tls_and_proxy_options(tmp_path):
    options = {"tls-server-name": "k8s", "insecure-skip-tls-verify": True, "proxy-url": "http://proxy:3128"}
    access = load_access(kubeconfig=write(tmp_path / "a", cluster=options)).access
    assert (access.tls_server_name, access.insecure, access.proxy_url) == ("k8s", True, "http://proxy:3128")


def test_insecure_with_a_ca_is_refused_as_kubectl_does(tmp_path):
    options = {"insecure-skip-tls-verify": True, "certificate-authority-data": "Q0E="}
    with pytest.raises(KubeconfigError, match="insecure-skip-tls-verify"):
        load_access(kubeconfig=write(tmp_path / "a", cluster=options))


def test_impersonation(tmp_path):
    user = {
        "as": "jane",
        "as-uid": "7",
        "as-groups": ["a", "b"],
        "as-user-extra": {"example.com/Team x": ["q", "r"]},
    }
    assert load_access(kubeconfig=write(tmp_path / "a", user=user)).access.impersonate == {
        "Impersonate-User": "jane",
        "Impersonate-Uid": "7",
        "Impersonate-Group": ("a", "b"),
        "Impersonate-Extra-example.com%2FTeam%20x": ("q", "r"),
    }


async def test_tokens(tmp_path):
    access = load_access(kubeconfig=write(tmp_path / "a", user={"token": "abc"})).access
    assert await access.token() == "abc"
    (tmp_path / "token").write_text("from-file\n")
    access = load_access(kubeconfig=write(tmp_path / "a", user={"token": "abc", "tokenFile": "token"})).access
    assert await access.token() == "from-file"
    access = load_access(kubeconfig=write(tmp_path / "a", user={"username": "u", "password": "p"})).access
    assert access.basic == ("u", "p")


def test_a_removed_auth_provider_is_a_clear_error(tmp_path):
    user = {"auth-provider": {"name": "gcp", "config": {}}}
    with pytest.raises(NotAllowedError, match="'gcp', which Kubernetes has removed") as caught:
        load_access(kubeconfig=write(tmp_path / "a", user=user))
    assert "exec plugin" in caught.value.hint


def jwt(exp):
    payload = base64.urlsafe_b64encode(json.dumps({"exp": exp}).encode()).decode().rstrip("=")
    return f"h.{payload}.s"


async def test_an_oidc_token_serves_while_it_lives(tmp_path):
    token = jwt(time.time() + 60)
    user = {"auth-provider": {"name": "oidc", "config": {"id-token": token}}}
    assert await load_access(kubeconfig=write(tmp_path / "a", user=user)).access.token() == token
    user["auth-provider"]["config"]["id-token"] = jwt(time.time() - 60)
    with pytest.raises(NotAllowedError, match="expired"):
        load_access(kubeconfig=write(tmp_path / "a", user=user))


def exec_user(command, **more):
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(command)} | more}


def answer(status):
    body = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"cat <<'EOF'\n{json.dumps(body)}\nEOF"


def stamp(offset):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


async def test_a_plugins_token_is_renewed_when_it_expires(tmp_path):
    """Trap 17: tools that ask once at the start end with a dead token."""
    body = (
        f"n=$(cat {tmp_path}/n 2>/dev/null || echo 0); n=$((n+1)); echo $n > {tmp_path}/n\n"
        f"if [ $n -lt 3 ]; then e={stamp(-5)}; else e={stamp(600)}; fi\n"
        'echo "{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"kind\\":\\"ExecCredential\\",'
        '\\"status\\":{\\"token\\":\\"t$n\\",\\"expirationTimestamp\\":\\"$e\\"}}"'
    )
    user = exec_user(plugin(tmp_path / "login", body))
    access = load_access(kubeconfig=write(tmp_path / "a", user=user)).access
    assert [await access.token() for _ in range(4)] == ["t1", "t2", "t3", "t3"]


async def test_a_plugin_gets_arguments_environment_and_cluster(tmp_path):
    body = f'echo "$1 $GREETING" > {tmp_path}/seen; echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n'
    (tmp_path / "bin").mkdir()
    plugin(tmp_path / "bin" / "login", body + answer({"token": "x"}))
    user = exec_user(
        "./bin/login",  # relative to the kubeconfig
        args=["get-token"],
        env=[{"name": "GREETING", "value": "hi"}],
        provideClusterInfo=True,
        interactiveMode="Never",
    )
    cluster = {
        "certificate-authority-data": base64.b64encode(CA).decode(),
        "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a"}}],
    }
    access = load_access(kubeconfig=write(tmp_path / "a", user=user, cluster=cluster)).access
    assert await access.token() == "x"
    assert (tmp_path / "seen").read_text() == "get-token hi\n"
    assert json.loads((tmp_path / "info").read_text()) == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {
                "server": "https://c",
                "certificate-authority-data": base64.b64encode(CA).decode(),
                "config": {"audience": "a"},
            },
        },
    }


async def test_a_plugin_may_give_a_client_certificate(tmp_path):
    login = plugin(tmp_path / "login", answer({"clientCertificateData": "CERT", "clientKeyData": "KEY"}))
    access = load_access(kubeconfig=write(tmp_path / "a", user=exec_user(login))).access
    assert (await access.certificate(), await access.token()) == ((b"CERT", b"KEY"), "")


async def test_a_plugin_runs_when_it_is_needed_and_once_for_token_and_certificate(tmp_path):
    status = {"token": "x", "clientCertificateData": "CERT", "clientKeyData": "KEY"}
    login = plugin(tmp_path / "login", f"echo >> {tmp_path}/runs\n" + answer(status))
    access = load_access(kubeconfig=write(tmp_path / "a", user=exec_user(login))).access
    assert not (tmp_path / "runs").exists()
    assert await access.token() == "x"
    assert await access.certificate() == (b"CERT", b"KEY")
    assert (tmp_path / "runs").read_text() == "\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("exit 3", "failed with exit code 3"),
        ("echo hello", "printed no ExecCredential"),
        (answer({}), "neither a token nor a client certificate"),
        (answer({"token": "x"}).replace("/v1", "/v1beta1"), "answered with apiVersion"),
    ],
)
async def test_what_a_plugin_does_wrong_is_told(tmp_path, body, message):
    login = plugin(tmp_path / "login", body)
    access = load_access(kubeconfig=write(tmp_path / "a", user=exec_user(login))).access
    with pytest.raises(NotAllowedError, match=message):
        await access.token()


async def test_a_missing_plugin_shows_the_install_hint(tmp_path):
    user = exec_user("no-such-login", installHint="brew install no-such-login\n")
    access = load_access(kubeconfig=write(tmp_path / "a", user=user)).access
    with pytest.raises(NotAllowedError, match="can't run 'no-such-login'") as caught:
        await access.token()
    assert caught.value.hint == "brew install no-such-login"


async def test_a_plugin_that_needs_a_terminal_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    user = exec_user("x", interactiveMode="Always")
    with pytest.raises(NotAllowedError, match="needs a terminal"):
        await load_access(kubeconfig=write(tmp_path / "a", user=user)).access.token()


def test_an_ancient_plugin_version_is_a_clear_error(tmp_path):
    user = exec_user("x", apiVersion="client.authentication.k8s.io/v1alpha1")
    with pytest.raises(NotAllowedError, match="v1alpha1"):
        load_access(kubeconfig=write(tmp_path / "a", user=user))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clusters:\n- name: x\n  cluster: {\n", r"line \d"),
        ("just a word", "holds a str"),
        ("clusters: {}x", r"line 1"),
        ("clusters: word", "clusters is not a list"),
        ("users:\n- user: {}", "entry 1 of users has no name"),
        ("contexts:\n- name: a\n  context: b", "context of a"),
        ('{"a": ]', "line 1"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_name(tmp_path, text, message):
    (tmp_path / "config").write_text(text)
    with pytest.raises(KubeconfigError, match=message) as caught:
        load_access(kubeconfig=str(tmp_path / "config"))
    assert str(tmp_path / "config") in caught.value.message


def connected(path, host_kubeconfig):
    mark = Mark(name="demo", namespace="ns", host_context="c", host_kubeconfig=str(host_kubeconfig))
    entry = Entry(name="v", cluster={"server": "https://v"}, user={}, mark=mark)
    data = yaml.parse(path.read_text()) if path.exists() else {}
    path.write_text(
        yaml.dump(merge({path: data} if data else {}, entry, default=path, make_current=True)[path])
    )


def test_inside_a_virtual_cluster_the_host_is_meant(tmp_path):
    path = tmp_path / "a"
    write(path)
    connected(path, path)
    loaded = load_access(kubeconfig=str(path))
    assert (loaded.context_name, loaded.current, loaded.access.server) == ("c", "v", "https://c")
    assert load_access(kubeconfig=str(path), context="v").access.server == "https://v"


def test_the_host_is_found_from_a_kubeconfig_of_its_own(tmp_path):
    write(tmp_path / "host")
    connected(tmp_path / "alone", tmp_path / "host")
    loaded = load_access(kubeconfig=str(tmp_path / "alone"))
    assert (loaded.access.server, loaded.current) == ("https://c", "v")
    assert loaded.sources.files == (tmp_path / "host",)
    assert (loaded.connected.name, loaded.connected.namespace) == ("demo", "ns")


def test_a_host_that_is_gone_is_named(tmp_path):
    connected(tmp_path / "alone", tmp_path / "gone")
    with pytest.raises(NotFoundError, match="no context 'c'"):
        load_access(kubeconfig=str(tmp_path / "alone"))

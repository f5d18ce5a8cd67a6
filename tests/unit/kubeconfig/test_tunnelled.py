"""Entries that lead through a tunnel."""

from pathlib import Path

from vcli.kubeconfig.merge import standalone
from vcli.kubeconfig.model import Entry, Mark
from vcli.kubeconfig.tunnelled import contexts_through, relocate

OLD, NEW = "https://127.0.0.1:20001", "https://127.0.0.1:20002"
OF = {"name": "demo", "namespace": "team-a"}


def config(server: str = OLD, *, tunnel: str = "127.0.0.1:20001"):
    mark = Mark(**OF, host_context="host", host_kubeconfig="/config")
    user = {"exec": {"command": "python", "args": ["token", "demo", "--tunnel", tunnel]}}
    return standalone(Entry(name="dev", cluster={"server": server}, user=user, mark=mark))


def test_contexts_of_ours_and_of_the_users_own():
    found = config()
    assert contexts_through(found, server=OLD, **OF) == ["dev"]
    found["contexts"].append({"name": "mine", "context": {"cluster": "dev", "user": "me"}})
    assert contexts_through(found, server=OLD, **OF) == ["dev", "mine"]
    found["contexts"] = []
    assert contexts_through(found, server=OLD, **OF) == ["dev"]  # --cluster dev


def test_what_is_not_it():
    assert contexts_through(config(NEW), server=OLD, **OF) == []
    assert contexts_through(config(), server=OLD, name="demo", namespace="team-b") == []
    assert contexts_through({}, server=OLD, **OF) == []
    theirs = config()
    del theirs["clusters"][0]["cluster"]["extensions"]
    assert contexts_through(theirs, server=OLD, **OF) == []


def test_another_port():
    path = Path("/config")
    before = {path: config()}
    after = relocate(before, servers=(OLD, NEW), tunnels=("127.0.0.1:20001", "127.0.0.1:20002"), **OF)
    assert after == {path: config(NEW, tunnel="127.0.0.1:20002")}
    assert before == {path: config()}


def test_entries_of_others_stay():
    path = Path("/config")
    theirs = config()
    for section, key in (("clusters", "cluster"), ("users", "user")):
        del theirs[section][0][key]["extensions"]
    for files in ({path: theirs}, {path: config(NEW, tunnel="127.0.0.1:1")}, {path: {}}):
        assert relocate(files, servers=(OLD, "x"), tunnels=("127.0.0.1:20001", "y"), **OF) == files

import difflib
import json

import pytest
import yaml as pyyaml
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import ENTRY, configs

from vcli import yaml
from vcli.kubeconfig.edit import render
from vcli.kubeconfig.merge import merge
from vcli.kubeconfig.read import parse
from vcli.kubeconfig.remove import remove

COMMENTED = """\
# work clusters, mind the firewall
apiVersion: v1
kind: Config
clusters:
# the one in the basement
- name: kind            # renamed twice
  cluster:
    server: https://127.0.0.1:6443
# ask Bob
- cluster:
    server: "https://prod:6443"
  name: prod

contexts:
  - context: {cluster: kind, user: kind}
    name: kind
users:
- name: kind
  user:
    token: abc   # expires
current-context: kind # set by hand
# the end
"""


def connected(text):
    before = parse(text, "test")
    after = merge({"f": before}, ENTRY, default="f", make_current=True)["f"]
    return render(text, before, after), after


def disconnected(text):
    before = parse(text, "test")
    after = remove({"f": before}, [ENTRY.name]).files["f"]
    return render(text, before, after), after


def test_comments_order_and_layout_of_neighbours_stay():
    text, after = connected(COMMENTED)
    assert parse(text, "x") == after
    lost = [line[2:] for line in difflib.ndiff(COMMENTED.splitlines(), text.splitlines()) if line[0] == "-"]
    assert lost == ["current-context: kind # set by hand"]
    assert f"current-context: {ENTRY.name} # set by hand" in text


def test_disconnect_gives_the_very_text_back():
    assert disconnected(connected(COMMENTED)[0])[0] == COMMENTED


def test_crlf_and_a_missing_last_newline_survive():
    text = COMMENTED.replace("\n", "\r\n")
    assert disconnected(connected(text)[0])[0] == text
    bare = COMMENTED.removesuffix("# the end\n").rstrip("\n")
    assert disconnected(connected(bare)[0])[0].rstrip("\n") == bare


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet\n",
        "apiVersion: v1\nkind: Config\n",
        "clusters: []\ncontexts: null\nusers:\ncurrent-context: ''\n",
        'clusters: []   # none\ncontexts: []\nusers: []\ncurrent-context: "kind"\n',
        "current-context:\nclusters: [{name: x, cluster: {server: y}}]\n",
        "---\napiVersion: v1\nclusters:\n-\n  name: x\n  cluster: {}\n...\n",
        "x: &a {y: z}\nclusters:\n- name: x\n  cluster: *a\n",
        "clusters:\n- name: x\n  cluster:\n    server: |\n      x\n\n\nusers:\n- name: 'x'\n  user: {}",
        "{apiVersion: v1, clusters: [{name: a, cluster: {}}]}",
        "current-context: >-\n  two\n  lines\n",
    ],
)
def test_any_layout_says_the_right_thing_afterwards(text):
    new, after = connected(text)
    assert parse(new, "x") == after
    old, after = disconnected(new)
    assert parse(old, "x") == after


@given(configs(), st.sampled_from(["kubectl", "indented", "flow", "json"]))
def test_any_content_says_the_right_thing_afterwards(config, style):
    match style:
        case "kubectl":
            text = yaml.dump(config)
        case "json":
            text = json.dumps(config)
        case _:
            text = pyyaml.safe_dump(config, default_flow_style=style == "flow", indent=4, allow_unicode=True)
            # PyYAML's own emitter folds U+0085 into a space, so such a text never said what was meant.
            assume(pyyaml.safe_load(text) == config)
    assert parse(text, "x") == config
    new, after = connected(text)
    assert parse(new, "x") == after
    old, after = disconnected(new)
    assert parse(old, "x") == after
    if style == "json":
        json.loads(old)


def test_json_stays_json():
    new, after = connected('{"apiVersion": "v1", "clusters": []}')
    assert json.loads(new) == after


def test_no_change_no_edit():
    assert render("a:   1\n", {"a": 1}, {"a": 1}) == "a:   1\n"


@pytest.mark.parametrize(
    "word", ["1e5", "1E5", "2026-01-02", "0o17", "yes", "null", "0x1f", "123", "+1", "1_000"]
)
def test_strings_that_look_like_something_else_are_quoted(word):
    assert yaml.scalar(word) == f"'{word}'"


def test_dates_stay_strings():
    assert parse("last-update: 2026-01-02T03:04:05Z\n", "x") == {"last-update": "2026-01-02T03:04:05Z"}


def test_a_new_file_looks_like_kubectl_wrote_it():
    text, _ = connected("")
    assert (
        text
        == f"""\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    extensions:
    - extension:
        host-context: kind
        host-kubeconfig: /home/jane/.kube/config
        name: demo
        namespace: team-a
      name: vcli.dev
    server: https://127.0.0.1:40123
  name: {ENTRY.name}
contexts:
- context:
    cluster: {ENTRY.name}
    extensions:
    - extension:
        host-context: kind
        host-kubeconfig: /home/jane/.kube/config
        name: demo
        namespace: team-a
        previous-context: ''
      name: vcli.dev
    namespace: default
    user: {ENTRY.name}
  name: {ENTRY.name}
current-context: {ENTRY.name}
kind: Config
preferences: {{}}
users:
- name: {ENTRY.name}
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
    extensions:
    - extension:
        host-context: kind
        host-kubeconfig: /home/jane/.kube/config
        name: demo
        namespace: team-a
      name: vcli.dev
"""
    )

"""Kubeconfigs as people have them: several files, shared clusters, unknown keys, missing sections."""

from pathlib import Path

from hypothesis import strategies as st

from vcli.kubeconfig.model import BODY, Entry, Mark

NAMES = st.sampled_from(
    ["kind", "prod", "10.0.0.1:6443", "arn:aws:eks:eu-1:1:cluster/x", "a b", "1e5", "yes", "ü"]
)
MARK = Mark(name="demo", namespace="team-a", host_context="kind", host_kubeconfig="/home/jane/.kube/config")
ENTRY = Entry(
    name="vcluster_demo_team-a_kind",
    cluster={"server": "https://127.0.0.1:40123", "certificate-authority-data": "Q0E="},
    user={"client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ"},
    mark=MARK,
)
PATHS = (Path("/k/a"), Path("/k/b"))

VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["1e5", "true", "no", "2026-01-02", "2026-01-02T03:04:05Z", "0o17", "- x", "a: b", "# no", "'", "~"]
    ),
    st.integers(-5, 5),
    st.booleans(),
    st.lists(st.text(max_size=4), max_size=2),
)
UNKNOWN = st.dictionaries(st.sampled_from(["x-note", "colors", "preferences"]), VALUES, max_size=2)


@st.composite
def configs(draw):
    config = draw(UNKNOWN)
    config |= {"apiVersion": "v1", "kind": "Config"}
    for section, key in BODY.items():
        names = draw(st.lists(NAMES, max_size=4, unique=True))
        items = [{"name": name, key: draw(st.dictionaries(NAMES, VALUES, max_size=3))} for name in names]
        if section == "contexts":
            for item in items:
                item[key] |= {"cluster": draw(NAMES), "user": draw(NAMES)}
        if items or draw(st.booleans()):
            config[section] = items
    if draw(st.booleans()):
        config["current-context"] = draw(st.one_of(st.just(""), NAMES))
    return config


@st.composite
def file_sets(draw):
    """One or two files, the default among them or missing."""
    chosen = draw(st.sampled_from([PATHS[:1], PATHS[1:], PATHS, ()]))
    files = {path: draw(configs()) for path in chosen}
    return files, (chosen[0] if chosen else PATHS[1])


def normal(files):
    """What kubectl sees: an empty section is no section, an empty file no file."""
    result = {}
    for path, config in files.items():
        kept = {key: value for key, value in config.items() if key not in BODY or value}
        if not kept.get("current-context"):
            kept.pop("current-context", None)
        result[path] = kept
    return {
        path: config
        for path, config in result.items()
        if config.keys() - {"apiVersion", "kind", "preferences"}
    }

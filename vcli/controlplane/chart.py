"""The Helm chart: the manifests with Go templates where names and values belong, and what goes with them.

The manifests are the same that `vcli.controlplane.render` fills in; each place that it changes has a template
here. A test with Helm itself compares what comes out, value by value.
"""

import json
import re

from vcli._version import __version__
from vcli.config.jsonschema import json_schema
from vcli.config.schema import KUBERNETES, Values
from vcli.controlplane import chart_policies, chart_shares, chart_values, manifests
from vcli.controlplane.bundle import Bundle, boot_script
from vcli.controlplane.chart_edits import EDITS
from vcli.controlplane.chart_kinds import kinds
from vcli.controlplane.roles import order_of
from vcli.errors import VcliError
from vcli.kube.types import Object

NAME = "vcli"
_OWN = (
    "_helpers.tpl",
    "_addons.tpl",
    "_checks.tpl",
    "_custom.tpl",
    "_exposure.tpl",
    "_distros.tpl",
    "_networking.tpl",
    "_policies.tpl",
    "policies.yaml",
    "rights-elsewhere.yaml",
    "_stores.tpl",
    "_database.tpl",
    "database.yaml",
    "config.yaml",
    "bundle.yaml",
    "NOTES.txt",
)
_DATA = ("addons/coredns.yaml", "addons/default-account.yaml", "control-plane/optional-rights.yaml")
_WORKLOAD = "statefulset.yaml"
# Each with when it is there; the syncer always is.
_COMPONENTS = {
    "stores/embedded-etcd.yaml": 'and (eq $distro "k8s") (not (or $external.enabled $kine.enabled))',
    "stores/kine.yaml": 'and (eq $distro "k8s") $kine.enabled',
    "distros/k8s.yaml": 'eq $distro "k8s"',
    "distros/k3s.yaml": 'eq $distro "k3s"',
    "syncer.yaml": "",
}
_NO_COMPONENTS = "      containers: []\n      volumes: []\n"
_RELEASE = "{{ .Release.Name }}"


def chart(bundle: Bundle) -> dict[str, bytes]:
    """The files of the chart, by their paths in it.

    Args:
        bundle: the syncer's code.

    Raises:
        VcliError: a manifest is not as the chart expects it: the installation is broken.
    """
    files = {
        "Chart.yaml": manifests.dump([_about()]),
        "values.yaml": chart_values.text(Values),
        "values.schema.json": json.dumps(_schema(), indent=2) + "\n",
        "files/defaults.yaml": chart_values.text(Values, comments=False),
        "files/boot.py": boot_script(),
        "templates/_bundle.tpl": _bundle(bundle),
        "templates/_kinds.tpl": kinds(),
        "templates/_amounts.tpl": chart_policies.amounts() + chart_policies.helper(),
        **{f"files/{path.rpartition('/')[2]}": manifests.read(path) for path in _DATA},
        **{f"templates/{name}": manifests.read(f"chart/templates/{name}") for name in _OWN},
        **{f"templates/{name}": _edited(name) for name in EDITS},
        "templates/_shares.tpl": chart_shares.helpers(),
    }
    parts = {f"files/vcli.code.xz.{number:02}": part for number, part in enumerate(bundle.parts)}
    return {**{path: text.encode() for path, text in files.items()}, **parts}


def _about() -> Object:
    return {
        "apiVersion": "v2",
        "name": NAME,
        "description": "A virtual Kubernetes cluster inside one namespace of a host cluster.",
        "type": "application",
        "version": __version__,
        "appVersion": KUBERNETES,
        # A preStop hook can sleep since then.
        "kubeVersion": ">=1.30.0-0",
    }


def _schema() -> Object:
    """The schema in the dialect that every Helm knows."""
    schema = json_schema()
    properties = {**schema["properties"], "global": {"type": "object", "description": "Of parent charts."}}
    return {**schema, "$schema": "http://json-schema.org/draft-07/schema#", "properties": properties}


def _bundle(bundle: Bundle) -> str:
    image = f"docker.io/library/python:{bundle.python}-slim"
    facts = {"python": image, "digest": bundle.digest, "parts": len(bundle.parts), "kubernetes": KUBERNETES}
    lines = [f'{{{{- define "vcli.{name}" -}}}}{value}{{{{- end -}}}}' for name, value in facts.items()]
    return "\n".join(["{{/* The syncer's code in files/, and what runs it. */}}", *lines, ""])


def _edited(name: str) -> str:
    text = _workload() if name == _WORKLOAD else manifests.read(f"control-plane/{name}")
    for old, new in EDITS[name]:
        if old not in text:
            raise VcliError(f"the manifest {name} has no {old.strip()!r}", hint="reinstall vcli")
        text = text.replace(old, new)
    if name == _WORKLOAD:
        text = chart_policies.limited(text)
    return manifests.EXAMPLE.sub(_RELEASE, text)


def _workload() -> str:
    """The StatefulSet with its components, as `vcli.controlplane.packing.one_pod` packs them, but as text."""
    containers: list[tuple[int, str]] = []
    volumes: dict[str, str] = {}
    for path, condition in _COMPONENTS.items():
        part = manifests.read(f"control-plane/{path}")
        found = _items(part, "containers")
        containers += [(order_of(_name(each)), _only_if(condition, each)) for each in found]
        for each in _items(part, "volumes"):
            # What another one mounts as well is there with each of them.
            volumes[_name(each)] = each if _name(each) in volumes else _only_if(condition, each)
    in_order = [text for _, text in sorted(containers, key=lambda each: each[0])]
    text = "".join(["containers:\n", *in_order, "volumes:\n", *volumes.values()])
    indented = re.sub(r"^(?=.)", " " * 6, text, flags=re.MULTILINE)
    return manifests.read(f"control-plane/{_WORKLOAD}").replace(_NO_COMPONENTS, indented)


def _only_if(condition: str, text: str) -> str:
    return f"  {{{{- if {condition} }}}}\n{text}  {{{{- end }}}}\n" if condition else text


def _items(text: str, key: str) -> list[str]:
    """The elements of a list below a key, with the comments that are in them or come behind."""
    found = re.split(r"^(?=  - name: )", _section(text, key), flags=re.MULTILINE)
    return [each for each in found if each.startswith("  - name: ")]


def _name(item: str) -> str:
    return item.split()[2]


def _section(text: str, key: str) -> str:
    """The lines below a key."""
    found = re.search(rf"^{key}:\n((?:  .*\n)*)", text, re.MULTILINE)
    return found[1] if found else ""

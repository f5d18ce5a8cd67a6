"""What of the Helm chart is about custom resources of the values, as Go templates: see `chart_kinds`."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from vcli.catalog.kind import Direction, Rule, custom_kind
from vcli.config.checks_custom import KNOWN, OF_KUBERNETES
from vcli.controlplane.chart_syntax import lines_of, when

HAS_CLUSTER_SCOPED: Final = '(include "vcli.hasClusterScoped" .)'
"""Whether one to the host is in no namespace."""
_NAME: Final = "plural-of-it.group-of-it"
"""Stands for a custom resource, where its name is to be."""
_DIRECTIONS: Final[tuple[Direction, ...]] = ("toHost", "fromHost")
_IS_OF_CLUSTER: Final = '(include "vcli.isOfCluster" $custom)'


def templates() -> Iterator[str]:
    """Templates for `HAS_CLUSTER_SCOPED`, and of names that the values may not have."""
    yield f'{{{{- define "vcli.noCustomResources" -}}}}{json.dumps(sorted(KNOWN))}{{{{- end -}}}}'
    yield f'{{{{- define "vcli.noCustomGroups" -}}}}{json.dumps(sorted(OF_KUBERNETES))}{{{{- end -}}}}'
    yield '{{- define "vcli.hasClusterScoped" -}}'
    yield from _each("toHost", when(_IS_OF_CLUSTER, ["true"]))
    yield "{{- end -}}"


def rules() -> Iterator[str]:
    """Those of `custom_kind`, in the namespace."""
    for direction in _DIRECTIONS:
        kind = custom_kind(_NAME, direction, namespaced=True)
        yield from _each(direction, when(f"not {_IS_OF_CLUSTER}", _lines(kind.rules)))


def cluster_rules() -> Iterator[str]:
    """Those of `custom_kind`, in the ClusterRole."""
    for direction in _DIRECTIONS:
        definition, *others = custom_kind(_NAME, direction, namespaced=False).cluster_rules
        own = when(_IS_OF_CLUSTER, _lines(others))
        yield from _each(direction, [*_lines([definition]), *own])


def _each(direction: Direction, lines: Iterable[str]) -> Iterator[str]:
    yield f"{{{{- range $name, $custom := .Values.sync.{direction}.customResources }}}}"
    yield "{{- if $custom.enabled }}"
    yield '{{- $parts := splitn "." 2 $name }}'
    yield from lines
    yield "{{- end }}"
    yield "{{- end }}"


def _lines(rules: Iterable[Rule]) -> Iterator[str]:
    for line in lines_of(rules):
        named = line.replace(f'"{_NAME}"', "{{ $name | quote }}")
        for part, value in zip(_NAME.split("."), ("_0", "_1"), strict=True):
            named = named.replace(f'"{part}"', f"{{{{ $parts.{value} | quote }}}}")
        yield named

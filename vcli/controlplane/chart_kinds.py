"""What of the Helm chart follows from `vcli.catalog`: rights and settings of kinds, as Go templates."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from vcli.catalog import OWNER_RULE, SCHEDULER_RULE, SYNC_BACK_RULE, SYNCED, Rule, SyncedKind
from vcli.contract.labels import cluster_role
from vcli.controlplane.rights import required_rules
from vcli.kube.types import Object

_CLUSTER_ROLE: Final = "(toString .Values.rbac.clusterRole.enabled)"
_OWN_ROLE: Final = cluster_role("{{ .Release.Name }}", "{{ .Release.Namespace }}")
_GIVEN: Final = f'(eq {_CLUSTER_ROLE} "true")'
_SCHEDULES_INSIDE: Final = ".Values.controlPlane.distro.k8s.scheduler.enabled"
_READS_FOR_SCHEDULER: Final = f'(and {_SCHEDULES_INSIDE} (ne {_CLUSTER_ROLE} "false"))'
_SYNCS_BACK: Final = f'(and .Values.sync.fromHost.nodes.syncBackChanges (ne {_CLUSTER_ROLE} "false"))'


def kinds() -> str:
    """The file ``_kinds.tpl``, which does what `rights` and `vcli.config.synced` do with values."""
    switched = [kind for kind in SYNCED if kind.switch]
    owned = [kind for kind in switched if kind.is_owned_by_cluster_role]
    selectable = [kind for kind in switched if kind.selectable]
    return "\n".join(
        [
            "{{/* The kinds that are synced. */}}",
            '{{- define "vcli.rules" -}}',
            *map(_line, required_rules()),
            *(line for kind in switched for line in _needed_rules(kind)),
            "{{- end -}}",
            '{{- define "vcli.optionalRules" -}}',
            *(line for kind in SYNCED for line in _rules_if_given(kind)),
            "{{- end -}}",
            '{{- define "vcli.clusterRules" -}}',
            *(line for kind in SYNCED for line in _if(_is_given(kind), _lines(kind.cluster_rules))),
            *_if(_READS_FOR_SCHEDULER, [_line(SCHEDULER_RULE.dump())]),
            *_if(_SYNCS_BACK, [_line(SYNC_BACK_RULE.dump())]),
            *_if(_any(map(_is_given, owned)), [_line({**OWNER_RULE.dump(), "resourceNames": [_OWN_ROLE]})]),
            "{{- end -}}",
            '{{- define "vcli.kinds" -}}',
            "{{- $kinds := dict -}}",
            *map(_difference, switched),
            "{{- toJson $kinds -}}",
            "{{- end -}}",
            '{{- define "vcli.selectors" -}}',
            "{{- $selectors := dict -}}",
            *(line for kind in selectable for line in _selector(kind)),
            "{{- toJson $selectors -}}",
            "{{- end -}}",
            '{{- define "vcli.checkSelectors" -}}',
            *map(_check, selectable),
            "{{- end -}}",
            "",
        ]
    )


def _needed_rules(kind: SyncedKind) -> Iterator[str]:
    """As `SyncedKind.needed_rules`."""
    on = _is_on(kind) if kind.needed_rules(kind.enabled) else f'(eq {_chosen(kind)} "true")'
    return _if(on, _lines(kind.rules))


def _rules_if_given(kind: SyncedKind) -> Iterator[str]:
    """As `SyncedKind.rules_if_given`."""
    if kind.required:
        return _lines(kind.optional_rules)
    by_default, otherwise = kind.rules_if_given(kind.enabled), kind.rules_if_given(True)
    with_auto = _lines(each for each in by_default if each not in otherwise)
    return chain(_if(f'(eq {_chosen(kind)} "auto")', with_auto), _if(_is_on(kind), _lines(otherwise)))


def _is_on(kind: SyncedKind) -> str:
    """As `SyncedKind.is_on`."""
    if kind.required:
        return "true"
    auto = f'(and (eq {_chosen(kind)} "auto") {_GIVEN if kind.cluster_rules else "true"})'
    return f'(or (eq {_chosen(kind)} "true") {auto})'


def _is_given(kind: SyncedKind) -> str:
    """As `vcli.config.synced.kinds_of_cluster_role`."""
    if kind.required:
        return _any([_GIVEN, _READS_FOR_SCHEDULER]) if kind.for_scheduler else _GIVEN
    asked = f'(and (eq {_CLUSTER_ROLE} "auto") (eq {_chosen(kind)} "true"))'
    return f"(and {_is_on(kind)} (or {_GIVEN} {asked}))"


def _difference(kind: SyncedKind) -> str:
    """As `vcli.config.synced.differences`."""
    condition = f"not {_is_on(kind)}" if kind.is_on_by_default else _is_on(kind)
    entry = f"{json.dumps(kind.path)} {json.dumps(not kind.is_on_by_default)}"
    return f"{{{{- if {condition} -}}}}{{{{- $_ := set $kinds {entry} -}}}}{{{{- end -}}}}"


def _selector(kind: SyncedKind) -> Iterator[str]:
    """As `vcli.config.synced.selectors`."""
    chosen = f'include "vcli.labelSelector" .Values.sync.{kind.path}.selector | fromJson'
    entry = f"{{{{- $_ := set $selectors {json.dumps(kind.path)} . -}}}}"
    return _if(_is_on(kind), [f"{{{{- with {chosen} -}}}}{entry}{{{{- end -}}}}"])


def _check(kind: SyncedKind) -> str:
    path = f"sync.{kind.path}.selector"
    arguments = f'(dict "path" {json.dumps(path)} "selector" .Values.{path})'
    return f'{{{{- include "vcli.checkSelector" {arguments} -}}}}'


def _chosen(kind: SyncedKind) -> str:
    """As `vcli.config.synced.chosen`."""
    chosen = f"(toString .Values.{kind.switch})"
    if not kind.for_scheduler:
        return chosen
    return f'(ternary "true" {chosen} (and {_SCHEDULES_INSIDE} (eq {chosen} "auto")))'


def _any(conditions: Iterable[str]) -> str:
    return f"(or false {' '.join(conditions)})"


def _if(condition: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    return iter([f"{{{{- if {condition} }}}}", *found, "{{- end }}"] if found else [])


def _lines(rules: Iterable[Rule]) -> Iterator[str]:
    return (_line(rule.dump()) for rule in rules)


def _line(rule: Object) -> str:
    """JSON, which is YAML as well."""
    return f"- {json.dumps(rule)}"

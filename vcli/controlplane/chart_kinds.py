"""What of the Helm chart follows from `vcli.catalog`: rights and settings of kinds, as Go templates."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Final

from vcli.catalog import OWNER_RULE, SCHEDULER_RULE, SYNC_BACK_RULE, SYNCED
from vcli.catalog.kind import SyncedKind, reading, reading_by_name
from vcli.contract.labels import cluster_role
from vcli.controlplane import chart_custom
from vcli.controlplane.chart_syntax import any_of, line_of, lines_of, when
from vcli.controlplane.rights import required_rules

_CLUSTER_ROLE: Final = "(toString .Values.rbac.clusterRole.enabled)"
_OWN_ROLE: Final = cluster_role("{{ .Release.Name }}", "{{ .Release.Namespace }}")
_GIVEN: Final = f'(eq {_CLUSTER_ROLE} "true")'
_MAY_BE_GIVEN: Final = f'(ne {_CLUSTER_ROLE} "false")'
_SCHEDULES_INSIDE: Final = ".Values.controlPlane.distro.k8s.scheduler.enabled"
_READS_FOR_SCHEDULER: Final = f"(and {_SCHEDULES_INSIDE} {_MAY_BE_GIVEN})"
_NODES: Final = ".Values.sync.fromHost.nodes"
_SYNCS_BACK: Final = f"(and {_NODES}.enabled {_NODES}.syncBackChanges {_MAY_BE_GIVEN})"


def kinds() -> str:
    """The file ``_kinds.tpl``, which does what `rights` and `vcli.config.synced` do with values."""
    switched = [kind for kind in SYNCED if kind.switch]
    owned = [kind for kind in switched if kind.is_owned_by_cluster_role]
    selectable = [kind for kind in switched if kind.selectable]
    mapped = [kind for kind in switched if kind.mapped]
    return "\n".join(
        [
            "{{/* The kinds that are synced. */}}",
            '{{- define "vcli.rules" -}}',
            *map(line_of, required_rules()),
            *(line for kind in switched for line in _needed_rules(kind)),
            *chart_custom.rules(),
            '{{- include "vcli.endpointsRule" . }}',
            "{{- end -}}",
            '{{- define "vcli.optionalRules" -}}',
            *(line for kind in SYNCED for line in _rules_if_given(kind)),
            "{{- end -}}",
            '{{- define "vcli.clusterRules" -}}',
            *(
                line
                for kind in SYNCED
                for line in when(_is_given(kind), lines_of(kind.rules_of_cluster_role))
            ),
            *when(_MAY_BE_GIVEN, chart_custom.cluster_rules()),
            *when(_READS_FOR_SCHEDULER, [line_of(SCHEDULER_RULE.dump())]),
            *when(_SYNCS_BACK, [line_of(SYNC_BACK_RULE.dump())]),
            *(
                line
                for kind in mapped
                for line in when(f"(and {_is_on(kind)} {_GIVEN})", [_mapped_rule(kind)])
            ),
            '{{- include "vcli.serviceRules" . }}',
            *when(_MAY_BE_GIVEN, ['{{ include "vcli.extraRules" .Values.rbac.clusterRole.extraRules }}']),
            *when(
                any_of([*map(_is_given, owned), f"(and {_MAY_BE_GIVEN} {chart_custom.HAS_CLUSTER_SCOPED})"]),
                [line_of({**OWNER_RULE.dump(), "resourceNames": [_OWN_ROLE]})],
            ),
            "{{- end -}}",
            '{{- define "vcli.rightsElsewhere" -}}',
            "{{- $found := dict -}}",
            f"{{{{- if not {_GIVEN} -}}}}",
            *(line for kind in mapped for line in when(_is_on(kind), [_elsewhere(kind)])),
            "{{- end -}}",
            "{{- toJson $found -}}",
            "{{- end -}}",
            '{{- define "vcli.extraRules" -}}',
            "{{- range . }}",
            "{{- $rule := dict }}",
            "{{- range $key, $names := . }}",
            "{{- if $names }}{{- $_ := set $rule $key $names }}{{- end }}",
            "{{- end }}",
            "- {{ toJson $rule }}",
            "{{- end }}",
            "{{- end -}}",
            *chart_custom.templates(),
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
            '{{- define "vcli.mappings" -}}',
            "{{- $mappings := dict -}}",
            *(line for kind in mapped for line in _mappings(kind)),
            "{{- toJson $mappings -}}",
            "{{- end -}}",
            '{{- define "vcli.checkKinds" -}}',
            *(line for kind in selectable for line in _check(kind)),
            *map(_check_mapped, mapped),
            "{{- end -}}",
            "",
        ]
    )


def _needed_rules(kind: SyncedKind) -> Iterator[str]:
    """As `SyncedKind.needed_rules`."""
    on = _is_on(kind) if kind.needed_rules(kind.default) else f'(eq {_chosen(kind)} "true")'
    return when(on, lines_of(kind.rules))


def _rules_if_given(kind: SyncedKind) -> Iterator[str]:
    """As `SyncedKind.rules_if_given`."""
    if kind.required:
        return lines_of(kind.optional_rules)
    by_default, otherwise = kind.rules_if_given(kind.default), kind.rules_if_given(True)
    with_auto = lines_of(each for each in by_default if each not in otherwise)
    return chain(when(f'(eq {_chosen(kind)} "auto")', with_auto), when(_is_on(kind), lines_of(otherwise)))


def _is_on(kind: SyncedKind) -> str:
    """As `SyncedKind.is_on`."""
    if kind.required:
        return "true"
    auto = f'(and (eq {_chosen(kind)} "auto") {_GIVEN if kind.cluster_rules else "true"})'
    return f'(or (eq {_chosen(kind)} "true") {auto})'


def _is_given(kind: SyncedKind) -> str:
    """As `vcli.config.synced.kinds_of_cluster_role`."""
    if kind.required:
        return any_of([_GIVEN, _READS_FOR_SCHEDULER]) if kind.for_scheduler else _GIVEN
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
    return when(_is_on(kind), [f"{{{{- with {chosen} -}}}}{entry}{{{{- end -}}}}"])


def _check(kind: SyncedKind) -> Iterator[str]:
    path = f"sync.{kind.path}.selector"
    arguments = f'(dict "path" {json.dumps(path)} "selector" .Values.{path})'
    is_off = f'(eq (toString .Values.{kind.switch}) "false")'
    return when(f"not {is_off}", [f'{{{{- include "vcli.checkSelector" {arguments} -}}}}'])


def _mappings(kind: SyncedKind) -> Iterator[str]:
    """As `vcli.config.synced.mappings`."""
    entry = f"{{{{- $_ := set $mappings {json.dumps(kind.path)} . -}}}}"
    with_some = f"{{{{- with .Values.sync.{kind.path}.mappings.byName -}}}}{entry}{{{{- end -}}}}"
    return when(_is_on(kind), [with_some])


def _mapped_rule(kind: SyncedKind) -> str:
    """As `vcli.controlplane.rights` reads what is named in namespaces of others."""
    rule = json.dumps(json.dumps(reading(kind.resource).dump()))
    by_name = f".Values.sync.{kind.path}.mappings.byName"
    return f'{{{{- include "vcli.mappedRule" (dict "root" . "rule" {rule} "byName" {by_name}) }}}}'


def _elsewhere(kind: SyncedKind) -> str:
    """As `vcli.controlplane.rights_elsewhere`."""
    rule = json.dumps(json.dumps(reading_by_name(kind.resource).dump()))
    arguments = f'"root" . "found" $found "rule" {rule} "byName" .Values.sync.{kind.path}.mappings.byName'
    return f'{{{{- include "vcli.addRulesElsewhere" (dict {arguments}) -}}}}'


def _check_mapped(kind: SyncedKind) -> str:
    arguments = f'(dict "path" {json.dumps(f"sync.{kind.path}")} "kind" .Values.sync.{kind.path})'
    return f'{{{{- include "vcli.checkMapped" {arguments} -}}}}'


def _chosen(kind: SyncedKind) -> str:
    """As `vcli.config.synced.chosen`."""
    chosen = f"(toString .Values.{kind.switch})"
    if kind.follows:
        group = f"(toString .Values.sync.{kind.follows}.enabled)"
        if kind.direction == "toHost":
            return f'(ternary {group} {chosen} (eq {chosen} "auto"))'
        return f'(ternary "false" {chosen} (and (eq {chosen} "auto") (eq {group} "false")))'
    if not kind.for_scheduler:
        return chosen
    return f'(ternary "true" {chosen} (and {_SCHEDULES_INSIDE} (eq {chosen} "auto")))'

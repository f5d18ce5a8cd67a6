"""What of the Helm chart is about shares of resources and security contexts, as Go templates.

As `vcli.controlplane.shares` and `vcli.controlplane.packing`; amounts are in whole units.
"""

# ruff: noqa: E501  Go templates are one line each

import json
from typing import Final

from vcli import yaml
from vcli.config.quantity import SHARED, units
from vcli.controlplane import manifests
from vcli.controlplane.shares import LAST

_MANIFESTS: Final = (
    "stores/embedded-etcd.yaml",
    "stores/kine.yaml",
    "distros/k8s.yaml",
    "distros/k3s.yaml",
    "syncer.yaml",
)

_PARTS: Final = """\
{{/* The containers that get a share of the control plane's resources, as JSON {"parts": [...]}. */}}
{{- define "vcli.takers" -}}
{{- $plane := .Values.controlPlane -}}
{{- $k8s := $plane.distro.k8s -}}
{{- $etcd := $plane.backingStore.etcd -}}
{{- $database := $plane.backingStore.database -}}
{{- $kine := ternary $database.embedded $database.external $database.embedded.enabled -}}
{{- $parts := list "syncer" -}}
{{- if eq (include "vcli.distro" .) "k3s" -}}
  {{- if not $plane.distro.k3s.resources -}}{{- $parts = append $parts "k3s" -}}{{- end -}}
{{- else -}}
  {{- if not $k8s.apiServer.resources -}}{{- $parts = append $parts "kube-apiserver" -}}{{- end -}}
  {{- if not $k8s.controllerManager.resources -}}{{- $parts = append $parts "kube-controller-manager" -}}{{- end -}}
  {{- if and $k8s.scheduler.enabled (not $k8s.scheduler.resources) -}}{{- $parts = append $parts "kube-scheduler" -}}{{- end -}}
  {{- if $kine.enabled -}}
    {{- if not $kine.resources -}}{{- $parts = append $parts "kine" -}}{{- end -}}
  {{- else if not (or $etcd.external.enabled $etcd.embedded.resources) -}}{{- $parts = append $parts "etcd" -}}
  {{- end -}}
{{- end -}}
{{- dict "parts" $parts | toJson -}}
{{- end -}}
"""

_UNITS: Final = """\
{{/* "amount" of "resource" in whole units: thousandths of a CPU, bytes. */}}
{{- define "vcli.units" -}}
{{- $text := toString .amount -}}
{{- if kindIs "float64" .amount -}}{{- $text = ternary (printf "%.0f" .amount) (printf "%v" .amount) (eq (floor .amount) .amount) -}}{{- end -}}
{{- $cpu := eq .resource "cpu" -}}
{{- if or (not (regexMatch "^[0-9]+(\\\\.[0-9]+)?([EPTGMk]i?|m)?$" $text)) (and (not $cpu) (hasSuffix "m" $text)) -}}
  {{- fail (printf "controlPlane.statefulSet.resources: %s of %s is not a quantity, such as %s" $text .resource (ternary "500m" "1Gi" $cpu)) -}}
{{- end -}}
{{- $unit := regexFind "[A-Za-z]+$" $text -}}
{{- $found := trimSuffix $unit $text | float64 -}}
{{- if $cpu -}}{{- $found = mulf $found 1000 -}}{{- end -}}
{{- if eq $unit "m" -}}
  {{- $found = divf $found 1000 -}}
{{- else if $unit -}}
  {{- $base := ternary 1024 1000 (hasSuffix "i" $unit) -}}
  {{- range until (int (index (dict "k" 1 "M" 2 "G" 3 "T" 4 "P" 5 "E" 6) (trunc 1 $unit))) -}}{{- $found = mulf $found $base -}}{{- end -}}
{{- end -}}
{{- $found | floor | int64 -}}
{{- end -}}

{{/* "units" of "resource" as a quantity. */}}
{{- define "vcli.quantity" -}}
{{- $units := int64 .units -}}
{{- if eq .resource "cpu" -}}{{- $units -}}m
{{- else if mod $units 1048576 -}}{{- $units -}}
{{- else -}}{{- div $units 1048576 -}}Mi
{{- end -}}
{{- end -}}
"""

_SHARES: Final = """\
{{/* "whole" of "resource" in shares, by the "takers" and their "defaults", as JSON of units. */}}
{{- define "vcli.portions" -}}
{{- $defaults := .defaults -}}
{{- $by := ternary "cpu" "memory" (eq .resource "cpu") -}}
{{- $grain := ternary 1 1048576 (eq .resource "cpu") -}}
{{- $whole := int64 .whole -}}
{{- $sum := 0 -}}
{{- range .takers -}}{{- $sum = add $sum (index $defaults . "requests" $by | int64) -}}{{- end -}}
{{- $rest := $whole -}}
{{- $found := dict -}}
{{- range .takers -}}
  {{- if ne . "syncer" -}}
    {{- $portion := mul (div (mul $whole (div (index $defaults . "requests" $by | int64) $grain)) $sum) $grain -}}
    {{- $rest = sub $rest $portion -}}
    {{- $_ := set $found . (toString $portion) -}}
  {{- end -}}
{{- end -}}
{{- $_ := set $found "syncer" (toString $rest) -}}
{{- toJson $found -}}
{{- end -}}

{{/* The resources of the containers that get a share of those of the values, as JSON; empty where there are none. */}}
{{- define "vcli.shares" -}}
{{- $given := .Values.controlPlane.statefulSet.resources | default dict -}}
{{- range $key, $amounts := $given -}}
  {{- if not (has $key (list "requests" "limits")) -}}
    {{- fail (printf "controlPlane.statefulSet.resources.%s: can't be shared out over containers" $key) -}}
  {{- end -}}
  {{- range $resource, $amount := $amounts -}}
    {{- if not (has $resource SHARED) -}}
      {{- fail (printf "controlPlane.statefulSet.resources.%s.%s: only cpu, memory and ephemeral-storage can be shared out over containers" $key $resource) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $found := dict -}}
{{- if or $given.requests $given.limits -}}
{{- $defaults := DEFAULTS | fromJson -}}
{{- $takers := (include "vcli.takers" . | fromJson).parts -}}
{{- $texts := TEXTS | fromJson -}}
{{- range $takers -}}{{- $_ := set $found . (get $texts .) -}}{{- end -}}
{{- range $resource := SHARED -}}
  {{- $wanted := dict -}}
  {{- $sum := 0 -}}
  {{- $requests := get ($given.requests | default dict) $resource -}}
  {{- $limits := get ($given.limits | default dict) $resource -}}
  {{- $asks := hasKey ($given.requests | default dict) $resource -}}
  {{- if $asks -}}
    {{- $whole := include "vcli.units" (dict "resource" $resource "amount" $requests) -}}
    {{- $wanted = include "vcli.portions" (dict "whole" $whole "resource" $resource "takers" $takers "defaults" $defaults) | fromJson -}}
  {{- else -}}
    {{- range $takers -}}{{- $_ := set $wanted . (get (index $defaults . "requests") $resource | default 0 | int64 | toString) -}}{{- end -}}
  {{- end -}}
  {{- range $name, $units := $wanted -}}
    {{- $sum = add $sum (int64 $units) -}}
    {{- if $asks -}}{{- $_ := set (index $found $name "requests") $resource (include "vcli.quantity" (dict "resource" $resource "units" $units)) -}}{{- end -}}
  {{- end -}}
  {{- if hasKey ($given.limits | default dict) $resource -}}
    {{- $above := sub (include "vcli.units" (dict "resource" $resource "amount" $limits) | int64) $sum -}}
    {{- if lt $above 0 -}}
      {{- fail (printf "controlPlane.statefulSet.resources.limits.%s: %v is less than the control plane requests, %s" $resource $limits (include "vcli.quantity" (dict "resource" $resource "units" $sum))) -}}
    {{- end -}}
    {{- $more := include "vcli.portions" (dict "whole" $above "resource" $resource "takers" $takers "defaults" $defaults) | fromJson -}}
    {{- range $name, $units := $wanted -}}
      {{- $whole := add (int64 $units) (get $more $name | int64) -}}
      {{- $_ := set (index $found $name "limits") $resource (include "vcli.quantity" (dict "resource" $resource "units" $whole)) -}}
    {{- end -}}
  {{- else if $asks -}}
    {{- range $name, $units := $wanted -}}
      {{- with get (index $defaults $name "limits") $resource -}}
        {{- $whole := max (int64 .) (int64 $units) -}}
        {{- $_ := set (index $found $name "limits") $resource (include "vcli.quantity" (dict "resource" $resource "units" $whole)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}
"""

_SECURITY: Final = """\
{{/* A security context, "default" as JSON, with the fields of "given" over it; capabilities add up. */}}
{{- define "vcli.secured" -}}
{{- $found := .default | fromJson -}}
{{- $given := .given | default dict -}}
{{- range $key, $value := $given -}}
  {{- $isRoot := and (has $key (list "runAsUser" "runAsGroup")) (eq (toString $value) "0") $.container (ne (toString $given.runAsNonRoot) "false") -}}
  {{- if and (eq $key "capabilities") $value -}}
    {{- $own := $found.capabilities | default dict -}}
    {{- $both := dict -}}
    {{- range $part := list "add" "drop" -}}
      {{- with concat (get $own $part | default list) (get $value $part | default list) | uniq -}}{{- $_ := set $both $part . -}}{{- end -}}
    {{- end -}}
    {{- $_ := set $found $key $both -}}
  {{- else if not $isRoot -}}
    {{- $_ := set $found $key $value -}}
  {{- end -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}
"""


def helpers() -> str:
    """The file ``_shares.tpl``."""
    texts = _default_resources()
    numbers = {
        name: {
            key: {resource: units(resource, amount) for resource, amount in own[key].items()}
            for key in ("requests", "limits")
        }
        for name, own in texts.items()
    }
    filled = (
        _SHARES.replace("DEFAULTS", json.dumps(json.dumps(numbers)))
        .replace("TEXTS", json.dumps(json.dumps(texts)))
        .replace("SHARED", f"(list {' '.join(map(json.dumps, SHARED))})")
        .replace('"syncer"', json.dumps(LAST))
    )
    return _PARTS + _UNITS + filled + _SECURITY


def _default_resources() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for path in _MANIFESTS:
        (part,) = manifests.load(f"control-plane/{path}")
        found |= {each["name"]: each["resources"] for each in part["containers"]}
    return found


def secured(values: str, block: str, indent: int, *, container: bool) -> tuple[str, str]:
    """An edit: a security context of a manifest, with the fields of the values over it."""
    space = " " * indent
    (default,) = yaml.load_all(block)
    old = "".join(f"{space}{line}\n" for line in block.splitlines())
    json_text = json.dumps(json.dumps(default["securityContext"]))
    arguments = f'(dict "default" {json_text} "given" {values} "container" {json.dumps(container)})'
    return (
        old,
        f'{space}securityContext:\n{space}  {{{{- include "vcli.secured" {arguments} | nindent {indent + 2} }}}}\n',
    )

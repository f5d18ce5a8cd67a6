{{/* Whether a custom resource takes rights to its objects outside the namespace. */}}
{{- define "vcli.isOfCluster" -}}
{{- if eq (.scope | default "Namespaced") "Cluster" -}}true{{- end -}}
{{- range $host, $virtual := (.mappings | default dict).byName -}}
  {{- if and $host (not (hasPrefix "/" $host)) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* The custom resources that are synced, as the syncer's settings have them, as JSON. */}}
{{- define "vcli.customResources" -}}
{{- $found := dict -}}
{{- range $name, $custom := .Values.sync.toHost.customResources -}}
  {{- if $custom.enabled -}}
    {{- $patches := list -}}
    {{- range $custom.patches -}}
      {{- $patch := dict "path" .path -}}
      {{- if .reference -}}
        {{- $reference := dict -}}
        {{- range $key, $text := .reference -}}
          {{- if $text -}}{{- $_ := set $reference $key $text -}}{{- end -}}
        {{- end -}}
        {{- $_ := set $patch "reference" $reference -}}
      {{- else -}}
        {{- $_ := set $patch "labels" dict -}}
      {{- end -}}
      {{- $patches = append $patches $patch -}}
    {{- end -}}
    {{- $scope := $custom.scope | default "Namespaced" -}}
    {{- $_ := set $found (printf "toHost.customResources.%s" $name) (dict "scope" $scope "patches" $patches) -}}
  {{- end -}}
{{- end -}}
{{- range $name, $custom := .Values.sync.fromHost.customResources -}}
  {{- if $custom.enabled -}}
    {{- $mappings := (($custom.mappings | default dict).byName) | default dict -}}
    {{- $selector := include "vcli.labelSelector" ($custom.selector | default dict) | fromJson -}}
    {{- $shown := dict "scope" $custom.scope "mappings" $mappings "selector" $selector -}}
    {{- $_ := set $found (printf "fromHost.customResources.%s" $name) $shown -}}
  {{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* Whether the custom resources of the values can be synced. */}}
{{- define "vcli.checkCustomResources" -}}
{{- $toHost := .Values.sync.toHost.customResources -}}
{{- range $name, $custom := $toHost -}}
  {{- include "vcli.checkCustomResource" (dict "path" "sync.toHost.customResources" "name" $name "patches" $custom.patches) -}}
{{- end -}}
{{- range $name, $custom := .Values.sync.fromHost.customResources -}}
  {{- $path := printf "sync.fromHost.customResources.%s" $name -}}
  {{- include "vcli.checkCustomResource" (dict "path" "sync.fromHost.customResources" "name" $name) -}}
  {{- $byName := ($custom.mappings | default dict).byName -}}
  {{- if and (eq $custom.scope "Cluster") $byName -}}
    {{- fail (printf "%s.mappings.byName: of no use for what is in no namespace" $path) -}}
  {{- end -}}
  {{- if and (eq $custom.scope "Namespaced") (not $byName) -}}
    {{- fail (printf "%s.mappings.byName: must be given" $path) -}}
  {{- end -}}
  {{- include "vcli.checkMappings" (dict "path" $path "byName" $byName) -}}
  {{- include "vcli.checkSelector" (dict "path" (printf "%s.selector" $path) "selector" ($custom.selector | default dict)) -}}
  {{- if and $custom.enabled (get $toHost $name | default dict).enabled -}}
    {{- fail (printf "%s: synced to the host as well: one direction for each resource" $path) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether "name", a key of "path", is a custom resource, and its "patches" can be done. */}}
{{- define "vcli.checkCustomResource" -}}
{{- $path := printf "%s.%s" .path .name -}}
{{- if has .name (include "vcli.noCustomResources" . | fromJsonArray) -}}
  {{- fail (printf "%s: not to be named here: a kind that vcli knows" $path) -}}
{{- end -}}
{{- if has (splitn "." 2 .name)._1 (include "vcli.noCustomGroups" . | fromJsonArray) -}}
  {{- fail (printf "%s: a kind of Kubernetes itself, and no custom resource" $path) -}}
{{- end -}}
{{- range .patches -}}
  {{- $given := and .reference (kindIs "map" .reference) -}}
  {{- if or (and $given (hasKey . "labels")) (not (or $given (hasKey . "labels"))) -}}
    {{- fail (printf "%s.patches: one of reference and labels must be given, and not both" $path) -}}
  {{- end -}}
  {{- if regexMatch "^(apiVersion|kind|status)([.[]|$)|^metadata($|\\.(name|namespace|uid|labels|ownerReferences|finalizers)([.[]|$)|\\.annotations$)" .path -}}
    {{- fail (printf "%s.patches: %s can't be patched" $path .path) -}}
  {{- end -}}
  {{- $reference := .reference | default dict -}}
  {{- range $key := list "apiVersionPath" "kindPath" "namespacePath" -}}
    {{- if and (get $reference $key) (not $reference.namePath) -}}
      {{- fail (printf "%s.patches: %s is of no use without namePath: the field is the name alone" $path $key) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Values that are right one by one and don't go together, or that this version can't do. */}}
{{- define "vcli.check" -}}
{{- $plane := .Values.controlPlane -}}
{{- if or (gt (len .Release.Name) 52) (not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name)) -}}
  {{- fail (printf "the name %q is not a DNS label of 52 characters at most that begins with a letter" .Release.Name) -}}
{{- end -}}
{{- range $distro := list "k3s" "k0s" -}}
  {{- if (get $plane.distro $distro).enabled -}}
    {{- fail (printf "controlPlane.distro.%s: this distribution can't be run yet" $distro) -}}
  {{- end -}}
{{- end -}}
{{- if not $plane.distro.k8s.enabled -}}
  {{- fail "controlPlane.distro.k8s.enabled: k8s is the only distribution yet" -}}
{{- end -}}
{{- if not $plane.backingStore.etcd.embedded.enabled -}}
  {{- fail "controlPlane.backingStore.etcd.embedded.enabled: etcd in the control plane's pod is the only store yet" -}}
{{- end -}}
{{- if gt (int $plane.statefulSet.highAvailability.replicas) 1 -}}
  {{- fail "controlPlane.statefulSet.highAvailability.replicas: more than one replica is for a later version" -}}
{{- end -}}
{{- $claim := $plane.statefulSet.persistence.volumeClaim -}}
{{- if and (eq (toString $claim.enabled) "false") $claim.storageClass -}}
  {{- fail "controlPlane.statefulSet.persistence.volumeClaim.storageClass: of no use while volumeClaim.enabled is false" -}}
{{- end -}}
{{- if and $plane.service.httpsNodePort (eq $plane.service.spec.type "ClusterIP") -}}
  {{- fail "controlPlane.service.httpsNodePort: a Service of type ClusterIP has no node port: set controlPlane.service.spec.type to NodePort" -}}
{{- end -}}
{{- $nodes := .Values.sync.fromHost.nodes -}}
{{- if and (not $nodes.enabled) (or $nodes.selector.all $nodes.selector.labels (not $nodes.clearImageStatus)) -}}
  {{- fail "sync.fromHost.nodes: of no use while Nodes are not synced: set sync.fromHost.nodes.enabled to true" -}}
{{- end -}}
{{- if and $nodes.selector.all $nodes.selector.labels -}}
  {{- fail "sync.fromHost.nodes.selector.all: all Nodes, or those with labels: not both" -}}
{{- end -}}
{{- range $key, $value := $nodes.selector.labels -}}
  {{- if or (not (regexMatch "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$" $key)) (not (regexMatch "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$" $value)) -}}
    {{- fail (printf "sync.fromHost.nodes.selector.labels: %s=%s is no label of a Node" $key $value) -}}
  {{- end -}}
{{- end -}}
{{- include "vcli.checkSelectors" . -}}
{{- range $name, $custom := .Values.sync.toHost.customResources -}}
  {{- include "vcli.checkCustomResource" (dict "path" "sync.toHost.customResources" "name" $name "patches" $custom.patches) -}}
{{- end -}}
{{- $toHost := .Values.sync.toHost.customResources -}}
{{- range $name, $custom := .Values.sync.fromHost.customResources -}}
  {{- $path := printf "sync.fromHost.customResources.%s" $name -}}
  {{- include "vcli.checkCustomResource" (dict "path" "sync.fromHost.customResources" "name" $name) -}}
  {{- include "vcli.checkMappings" (dict "path" $path "scope" $custom.scope "byName" ($custom.mappings | default dict).byName) -}}
  {{- include "vcli.checkSelector" (dict "path" (printf "%s.selector" $path) "selector" ($custom.selector | default dict)) -}}
  {{- if and $custom.enabled (get $toHost $name | default dict).enabled -}}
    {{- fail (printf "%s: synced to the host as well: one direction for each resource" $path) -}}
  {{- end -}}
{{- end -}}
{{- $version := include "vcli.version" . -}}
{{- $minor := (splitList "." $version | rest | first) | int -}}
{{- if lt $minor 30 -}}
  {{- fail (printf "controlPlane.distro.k8s.version: %s is older than 1.30, the oldest that can be run" $version) -}}
{{- end -}}
{{- if lt (len (splitList "." $version)) 3 -}}
  {{- fail (printf "controlPlane.distro.k8s.version: which %s? Name the patch as well, as in %s.1" $version $version) -}}
{{- end -}}
{{- end -}}

{{/* Whether "selector", the values of "path", is one that the API takes. */}}
{{- define "vcli.checkSelector" -}}
{{- $path := .path -}}
{{- $key := "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$" -}}
{{- $value := "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$" -}}
{{- range $name, $text := .selector.matchLabels -}}
  {{- if not (regexMatch $key $name) -}}
    {{- fail (printf "%s.matchLabels: %q is not a label key, such as example.com/tier" $path $name) -}}
  {{- end -}}
  {{- if not (regexMatch $value $text) -}}
    {{- fail (printf "%s.matchLabels: %q is not a label's value" $path $text) -}}
  {{- end -}}
{{- end -}}
{{- range .selector.matchExpressions -}}
  {{- if and (has .operator (list "In" "NotIn")) (not .values) -}}
    {{- fail (printf "%s.matchExpressions: values must be given for %s" $path .operator) -}}
  {{- end -}}
  {{- if and (has .operator (list "Exists" "DoesNotExist")) .values -}}
    {{- fail (printf "%s.matchExpressions: values must be empty for %s" $path .operator) -}}
  {{- end -}}
  {{- range .values -}}
    {{- if not (regexMatch $value .) -}}
      {{- fail (printf "%s.matchExpressions: %q is not a label's value" $path .) -}}
    {{- end -}}
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

{{/* Whether "byName", the mappings of a custom resource of "scope", can be done. */}}
{{- define "vcli.checkMappings" -}}
{{- $path := printf "%s.mappings.byName" .path -}}
{{- if and (eq .scope "Cluster") .byName -}}
  {{- fail (printf "%s: of no use for what is in no namespace" $path) -}}
{{- end -}}
{{- if and (eq .scope "Namespaced") (not .byName) -}}
  {{- fail (printf "%s: must be given" $path) -}}
{{- end -}}
{{- $part := "[a-z0-9]([-a-z0-9.]*[a-z0-9])?" -}}
{{- $seen := dict -}}
{{- range $host, $virtual := .byName -}}
  {{- if or (not (regexMatch (printf "^((%s)?/(%s|\\*))?$" $part $part) $host)) (not (regexMatch (printf "^%s/(%s|\\*)$" $part $part) $virtual)) -}}
    {{- fail (printf "%s: %q: %q is no mapping" $path $host $virtual) -}}
  {{- end -}}
  {{- $all := hasSuffix "/*" $virtual -}}
  {{- if ne $all (or (eq $host "") (hasSuffix "/*" $host)) -}}
    {{- fail (printf "%s: all objects are mapped to all, or one to one" $path) -}}
  {{- end -}}
  {{- if and (hasKey $seen $virtual) (not $all) -}}
    {{- fail (printf "%s: %s is mapped already" $path $virtual) -}}
  {{- end -}}
  {{- $_ := set $seen $virtual true -}}
{{- end -}}
{{- end -}}

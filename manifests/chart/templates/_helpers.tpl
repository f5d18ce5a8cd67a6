{{/* The labels by which the control plane's pods are found. */}}
{{- define "vcli.selector" -}}
app: vcluster
release: {{ .Release.Name | quote }}
{{- end -}}

{{/* The labels of every object. */}}
{{- define "vcli.labels" -}}
{{ include "vcli.selector" . }}
vcli.dev/cluster: {{ .Release.Name | quote }}
{{- end -}}

{{/* Namespace, labels and annotations. "own" has labels and annotations of the values for this object. */}}
{{- define "vcli.metadata" -}}
{{- $own := .own | default dict -}}
{{- $labels := mergeOverwrite (deepCopy ($own.labels | default dict)) (include "vcli.labels" .root | fromYaml) -}}
{{- $global := .root.Values.controlPlane.advanced.globalMetadata.annotations | default dict -}}
{{- $annotations := mergeOverwrite (deepCopy $global) ($own.annotations | default dict) -}}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The same for what is in no namespace. */}}
{{- define "vcli.clusterMetadata" -}}
labels:
  {{- include "vcli.labels" . | nindent 2 }}
  vcli.dev/host-namespace: {{ .Release.Namespace | quote }}
{{- with .Values.controlPlane.advanced.globalMetadata.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The distribution that runs. */}}
{{- define "vcli.distro" -}}
{{- ternary "k3s" "k8s" .Values.controlPlane.distro.k3s.enabled -}}
{{- end -}}

{{/* The tag of the image of k3s, where it is a release. */}}
{{- define "vcli.k3sTag" -}}
{{- $reference := include "vcli.image" (dict "image" .Values.controlPlane.distro.k3s.image) -}}
{{- $tag := (splitn ":" 2 (base (splitn "@" 2 $reference)._0))._1 | default "" -}}
{{- if regexMatch "^v?1\\.[0-9]+\\.[0-9]+([-+].+)?$" $tag -}}{{- $tag -}}{{- end -}}
{{- end -}}

{{/* The version that the tag of kube-apiserver's image names. */}}
{{- define "vcli.k8sTag" -}}
{{- $reference := include "vcli.image" (dict "image" .Values.controlPlane.distro.k8s.apiServer.image) -}}
{{- $tag := (splitn ":" 2 (base (splitn "@" 2 $reference)._0))._1 | default "" -}}
{{- with regexFind "^v?1\\.[0-9]+\\.[0-9]+(-(alpha|beta|rc)\\.[0-9]+)?([^0-9.]|$)" $tag -}}
{{- printf "v%s" (regexFind "1\\.[0-9]+\\.[0-9]+(-(alpha|beta|rc)\\.[0-9]+)?" .) -}}
{{- end -}}
{{- end -}}

{{/* "version" in full for "distro": v1.36.3, v1.36.3+k3s1. */}}
{{- define "vcli.release" -}}
{{- $given := printf "v%s" (trimPrefix "v" .version) -}}
{{- if hasPrefix (printf "%s." $given) (include "vcli.kubernetes" .) -}}
{{- $given = include "vcli.kubernetes" . -}}
{{- end -}}
{{- if eq .distro "k3s" -}}
{{- $given = replace "-k3s" "+k3s" $given -}}
{{- if not (contains "+" $given) -}}{{- $given = printf "%s+k3s1" $given -}}{{- end -}}
{{- end -}}
{{- $given -}}
{{- end -}}

{{/* The version of the virtual cluster in full. */}}
{{- define "vcli.version" -}}
{{- $distro := include "vcli.distro" . -}}
{{- $version := .Values.controlPlane.distro.k8s.version -}}
{{- $version = include (printf "vcli.%sTag" $distro) . | default $version -}}
{{- include "vcli.release" (dict "distro" $distro "version" $version) -}}
{{- end -}}

{{/* An image as a container names it: "image" is registry/repository:tag, or these three as keys; "tag" is used
     where it has none. */}}
{{- define "vcli.image" -}}
{{- $registry := "" -}}
{{- $repository := "" -}}
{{- $tag := "" -}}
{{- if kindIs "string" .image -}}
  {{- $parts := splitn "@" 2 .image -}}
  {{- $path := $parts._0 -}}
  {{- $digest := $parts._1 | default "" -}}
  {{- $last := splitn ":" 2 (base $path) -}}
  {{- $path = ternary $last._0 (printf "%s/%s" (dir $path) $last._0) (not (contains "/" $path)) -}}
  {{- $tag = without (list ($last._1 | default "") $digest) "" | join "@" -}}
  {{- $repository = $path -}}
  {{- $split := splitn "/" 2 $path -}}
  {{- if and (contains "/" $path) (or (contains "." $split._0) (contains ":" $split._0) (eq $split._0 "localhost")) -}}
    {{- $registry = $split._0 -}}
    {{- $repository = $split._1 -}}
  {{- end -}}
{{- else -}}
  {{- $registry = .image.registry | default "" -}}
  {{- $repository = .image.repository | default "" -}}
  {{- $tag = .image.tag | default "" -}}
{{- end -}}
{{- $mirror := .mirror | default "" | trimSuffix "/" -}}
{{- $registry = $mirror | default $registry -}}
{{- $tag = $tag | default (.tag | default "") -}}
{{- $path := ternary $repository (printf "%s/%s" $registry $repository) (eq $registry "") -}}
{{- if eq $tag "" -}}
{{- $path -}}
{{- else -}}
{{- printf "%s%s%s" $path (ternary "@" ":" (hasPrefix "sha256:" $tag)) $tag -}}
{{- end -}}
{{- end -}}

{{/* Whether an image was named for the syncer, which else runs from the files of this chart. */}}
{{- define "vcli.hasSyncerImage" -}}
{{- $image := .Values.controlPlane.statefulSet.image -}}
{{- if kindIs "string" $image -}}{{- $image -}}{{- else -}}{{- $image.repository -}}{{- end -}}
{{- end -}}

{{/* The image of the syncer's container. */}}
{{- define "vcli.syncerImage" -}}
{{- $mirror := .Values.controlPlane.advanced.defaultImageRegistry -}}
{{- if include "vcli.hasSyncerImage" . -}}
{{- include "vcli.image" (dict "image" .Values.controlPlane.statefulSet.image "mirror" $mirror) -}}
{{- else -}}
{{- $image := .Values.controlPlane.statefulSet.image -}}
{{- if kindIs "string" $image -}}{{- $image = dict -}}{{- end -}}
{{- $tag := base (include "vcli.python" .) | trimPrefix "python:" -}}
{{- $python := trimSuffix "-slim" $tag -}}
{{- $tag = $image.tag | default $tag -}}
{{- if not (regexMatch (printf "^(sha256:|%s([^0-9]|$))" (replace "." "\\." $python)) $tag) -}}
  {{- fail (printf "controlPlane.statefulSet.image.tag: %s is no Python %s, which runs the syncer: leave it out" $tag $python) -}}
{{- end -}}
{{- include "vcli.image" (dict "image" (dict "registry" ($image.registry | default "docker.io") "repository" "library/python" "tag" $tag) "mirror" $mirror) -}}
{{- end -}}
{{- end -}}

{{/* A LabelSelector of the values as the syncer's settings have it, as JSON: empty where it selects all. */}}
{{- define "vcli.labelSelector" -}}
{{- $found := dict -}}
{{- with .matchLabels -}}{{- $_ := set $found "matchLabels" . -}}{{- end -}}
{{- $expressions := list -}}
{{- range .matchExpressions -}}
  {{- $values := .values | default list -}}
  {{- $expressions = append $expressions (dict "key" .key "operator" .operator "values" $values) -}}
{{- end -}}
{{- with $expressions -}}{{- $_ := set $found "matchExpressions" . -}}{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* "rule" for what "byName" names in namespaces of others; nothing where it names nothing there. */}}
{{- define "vcli.mappedRule" -}}
{{- $own := .root.Release.Namespace -}}
{{- $names := list -}}
{{- range $host, $_ := .byName -}}
  {{- $parts := splitList "/" $host -}}
  {{- if not (has (first $parts) (list "" $own)) -}}{{- $names = append $names (last $parts) -}}{{- end -}}
{{- end -}}
{{- $rule := .rule | fromJson -}}
{{- with $names | uniq | sortAlpha -}}
  {{- if not (has "*" .) -}}{{- $_ := set $rule "resourceNames" . -}}{{- end }}
- {{ $rule | toJson }}
{{- end -}}
{{- end -}}

{{/* Adds "rule" to "found", by namespace, for what "byName" names in namespaces of others. */}}
{{- define "vcli.addRulesElsewhere" -}}
{{- $found := .found -}}
{{- $named := dict -}}
{{- $own := .root.Release.Namespace -}}
{{- range $host, $_ := .byName -}}
  {{- $parts := splitList "/" $host -}}
  {{- $namespace := first $parts -}}
  {{- if not (has $namespace (list "" $own)) -}}
    {{- $_ := set $named $namespace (append (get $named $namespace | default list) (last $parts)) -}}
  {{- end -}}
{{- end -}}
{{- $text := .rule -}}
{{- range $namespace, $names := $named -}}
  {{- $rule := $text | fromJson -}}
  {{- if not (has "*" $names) -}}{{- $_ := set $rule "resourceNames" ($names | uniq | sortAlpha) -}}{{- end -}}
  {{- $_ := set $found $namespace (append (get $found $namespace | default list) $rule) -}}
{{- end -}}
{{- end -}}

{{/* What of the values is not the default, as JSON: "values" without what is equal in "defaults". */}}
{{- define "vcli.given" -}}
{{- $given := dict -}}
{{- $defaults := .defaults -}}
{{- range $key, $value := .values -}}
  {{- $default := get $defaults $key -}}
  {{- if and (kindIs "map" $value) (kindIs "map" $default) -}}
    {{- $below := include "vcli.given" (dict "values" $value "defaults" $default) | fromJson -}}
    {{- if $below -}}{{- $_ := set $given $key $below -}}{{- end -}}
  {{- else if or (not (hasKey $defaults $key)) (ne (toJson $value) (toJson $default)) -}}
    {{- $_ := set $given $key $value -}}
  {{- end -}}
{{- end -}}
{{- toJson $given -}}
{{- end -}}

{{/* Which distribution runs, and of which version: as vcli/config/checks_distros.py. */}}
{{- define "vcli.checkDistro" -}}
{{- $plane := .Values.controlPlane -}}
{{- $distro := $plane.distro -}}
{{- $k8s := $distro.k8s -}}
{{- $defaults := (.Files.Get "files/defaults.yaml" | fromYaml).controlPlane -}}
{{- $name := include "vcli.distro" . -}}
{{- if $distro.k0s.enabled -}}
  {{- fail "controlPlane.distro.k0s.enabled: k0s can't be run: it has to start as root, and no container of a virtual cluster does" -}}
{{- end -}}
{{- if eq $name "k3s" -}}
  {{- if eq (toString $k8s.enabled) "true" -}}
    {{- fail "controlPlane.distro.k3s.enabled: k8s and k3s are both enabled: one of them can run" -}}
  {{- end -}}
  {{- if include "vcli.standard" . -}}
    {{- fail "policies.podSecurityStandard: k3s is not given the file that says so yet" -}}
  {{- end -}}
  {{- if $k8s.scheduler.enabled -}}
    {{- fail "controlPlane.distro.k8s.scheduler.enabled: k3s runs without a scheduler of its own: the host schedules" -}}
  {{- end -}}
  {{- $given := deepCopy $k8s -}}
  {{- $_ := set $given "scheduler" (include "vcli.ifOn" (dict "given" $k8s.scheduler "default" $defaults.distro.k8s.scheduler) | fromJson) -}}
  {{- if ne (omit $given "enabled" "version" | toJson) (omit $defaults.distro.k8s "enabled" "version" | toJson) -}}
    {{- fail "controlPlane.distro.k8s: of no use with k3s, but for its version" -}}
  {{- end -}}
  {{- range $store := list "etcd" "database" -}}
    {{- range $key := list "embedded" "external" -}}
      {{- $default := get (get $defaults.backingStore $store) $key -}}
      {{- $chosen := include "vcli.ifOn" (dict "given" (get (get $plane.backingStore $store) $key) "default" $default) -}}
      {{- if ne $chosen (toJson $default) -}}
        {{- fail (printf "controlPlane.backingStore.%s: of no use with k3s, which keeps its objects in a store of its own" $store) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $version := include "vcli.version" . -}}
{{- $other := ternary "k0s" "k[03]s" (eq $name "k3s") -}}
{{- if regexMatch (printf "[-+]%s" $other) $version -}}
  {{- fail (printf "controlPlane.distro.k8s.version: %s is a release of another distribution than %s" $version $name) -}}
{{- end -}}
{{- if and (contains "+" $version) (not (contains (printf "+%s" $name) $version)) -}}
  {{- fail (printf "controlPlane.distro.k8s.version: %s is no version of %s" $version $name) -}}
{{- end -}}
{{- $wanted := include "vcli.release" (dict "distro" $name "version" $k8s.version) -}}
{{- if and (eq $name "k3s") (include "vcli.k3sTag" .) (ne $k8s.version $defaults.distro.k8s.version) (ne $wanted $version) -}}
  {{- fail (printf "controlPlane.distro.k3s.image.tag: %s is not %s, which controlPlane.distro.k8s.version asks for" $version $wanted) -}}
{{- end -}}
{{- if and (eq $name "k8s") (include "vcli.k8sTag" .) (ne $k8s.version $defaults.distro.k8s.version) (ne $wanted $version) -}}
  {{- fail (printf "controlPlane.distro.k8s.apiServer.image.tag: %s is not %s, which controlPlane.distro.k8s.version asks for" $version $wanted) -}}
{{- end -}}
{{- end -}}

{{/* "given", or its "default" where it is off, as JSON. */}}
{{- define "vcli.ifOn" -}}
{{- ternary .default .given (eq (toString .given.enabled) "false") | toJson -}}
{{- end -}}

{{/* Whether there is one store, and what is said of others has an effect. */}}
{{- define "vcli.checkStores" -}}
{{- $etcd := .Values.controlPlane.backingStore.etcd -}}
{{- $path := "controlPlane.backingStore.etcd" -}}
{{- $defaults := (.Files.Get "files/defaults.yaml" | fromYaml).controlPlane -}}
{{- $external := $etcd.external -}}
{{- $embedded := toString $etcd.embedded.enabled -}}
{{- $database := include "vcli.checkDatabase" . -}}
{{- if $external.enabled -}}
  {{- if eq $embedded "true" -}}
    {{- fail (printf "%s.embedded.enabled: one store only, and the external etcd is enabled: leave it at auto" $path) -}}
  {{- end -}}
  {{- $others := dict "enabled" "auto" -}}
  {{- if and (ne $embedded "false") (ne (mergeOverwrite (deepCopy $etcd.embedded) $others | toJson) (toJson $defaults.backingStore.etcd.embedded)) -}}
    {{- fail (printf "%s.embedded: of no use with an external etcd: leave it out" $path) -}}
  {{- end -}}
  {{- if ne (toJson .Values.controlPlane.statefulSet.persistence.volumeClaim) (toJson $defaults.statefulSet.persistence.volumeClaim) -}}
    {{- fail "controlPlane.statefulSet.persistence.volumeClaim: of no use with an external etcd: leave it out" -}}
  {{- end -}}
  {{- include "vcli.checkEndpoint" (dict "path" (printf "%s.external" $path) "external" $external "tls" $defaults.backingStore.etcd.external.tls) -}}
{{- end -}}
{{- end -}}

{{/* Whether "external", the values of "path", says where an etcd is; "tls" are the defaults for TLS. */}}
{{- define "vcli.checkEndpoint" -}}
{{- $tls := .external.tls -}}
{{- if not .external.endpoint -}}
  {{- fail (printf "%s.endpoint: must be given" .path) -}}
{{- end -}}
{{- $secure := hasPrefix "https:" .external.endpoint -}}
{{- range splitList "," .external.endpoint -}}
  {{- if ne (hasPrefix "https:" .) $secure -}}
    {{- fail (printf "%s.endpoint: all of them http, or all of them https" $.path) -}}
  {{- end -}}
{{- end -}}
{{- if and $secure (not $tls.secretName) -}}
  {{- fail (printf "%s.tls.secretName: must be given for https" .path) -}}
{{- end -}}
{{- if and (not $secure) (ne (toJson $tls) (toJson .tls)) -}}
  {{- fail (printf "%s.tls: of no use with http: write https in endpoint" .path) -}}
{{- end -}}
{{- if not $tls.caFile -}}
  {{- fail (printf "%s.tls.caFile: must be given for https" .path) -}}
{{- end -}}
{{- if ne (empty $tls.certFile) (empty $tls.keyFile) -}}
  {{- fail (printf "%s.tls.certFile: certFile and keyFile: both, or none of them" .path) -}}
{{- end -}}
{{- end -}}

{{/* Whether what is said of databases has an effect; something if one is the store. As vcli/config/checks_database.py. */}}
{{- define "vcli.checkDatabase" -}}
{{- $store := .Values.controlPlane.backingStore -}}
{{- $path := "controlPlane.backingStore" -}}
{{- $defaults := (.Files.Get "files/defaults.yaml" | fromYaml).controlPlane -}}
{{- $on := list -}}
{{- range $key := list "embedded" "external" -}}
  {{- if (get $store.database $key).enabled -}}
    {{- $on = append $on (printf "database.%s" $key) -}}
  {{- end -}}
{{- end -}}
{{- if $on -}}
  {{- if $store.etcd.external.enabled -}}{{- $on = append $on "etcd.external" -}}{{- end -}}
  {{- if eq (toString $store.etcd.embedded.enabled) "true" -}}{{- $on = append $on "etcd.embedded" -}}{{- end -}}
  {{- if gt (len $on) 1 -}}
    {{- fail (printf "%s.%s.enabled: one store only, and %s and %s are enabled" $path (index $on 1) (index $on 0) (index $on 1)) -}}
  {{- end -}}
  {{- $others := dict "enabled" "auto" -}}
  {{- if and (ne (toString $store.etcd.embedded.enabled) "false") (ne (mergeOverwrite (deepCopy $store.etcd.embedded) $others | toJson) (toJson $defaults.backingStore.etcd.embedded)) -}}
    {{- fail (printf "%s.etcd.embedded: of no use with a database: leave it out" $path) -}}
  {{- end -}}
  {{- if $store.database.external.enabled -}}{{- include "vcli.checkDataSource" . -}}{{- end -}}
  {{- $on | first -}}
{{- end -}}
{{- end -}}

{{/* Whether it is said where the database is. What was given is not said: it may have a password. */}}
{{- define "vcli.checkDataSource" -}}
{{- $external := .Values.controlPlane.backingStore.database.external -}}
{{- $path := "controlPlane.backingStore.database.external" -}}
{{- $defaults := (.Files.Get "files/defaults.yaml" | fromYaml).controlPlane.statefulSet.persistence -}}
{{- if ne (toJson .Values.controlPlane.statefulSet.persistence.volumeClaim) (toJson $defaults.volumeClaim) -}}
  {{- fail "controlPlane.statefulSet.persistence.volumeClaim: of no use with an external database: leave it out" -}}
{{- end -}}
{{- if not (or $external.dataSource $external.secretName) -}}
  {{- fail (printf "%s.dataSource: must be given" $path) -}}
{{- end -}}
{{- if and $external.dataSource (not (include "vcli.database" $external.dataSource)) -}}
  {{- fail (printf "%s.dataSource: is none of a database: it is mysql://USER:PASSWORD@tcp(HOST:3306)/NAME or postgres://USER:PASSWORD@HOST:5432/NAME" $path) -}}
{{- end -}}
{{- $given := list -}}
{{- range $key := list "caFile" "certFile" "keyFile" -}}
  {{- if get $external $key -}}{{- $given = append $given $key -}}{{- end -}}
{{- end -}}
{{- if and $given (not $external.secretName) -}}
  {{- fail (printf "%s.%s: a key of a Secret, and none is named" $path (first $given)) -}}
{{- end -}}
{{- if and $external.secretName $external.dataSource (not $given) -}}
  {{- fail (printf "%s.secretName: nothing of the Secret is used" $path) -}}
{{- end -}}
{{- if ne (empty $external.certFile) (empty $external.keyFile) -}}
  {{- fail (printf "%s.certFile: certFile and keyFile: both, or none of them" $path) -}}
{{- end -}}
{{- end -}}

{{/* What of a data source is no secret: as vcli/config/data_source.py. Nothing, if it is none. */}}
{{- define "vcli.database" -}}
{{- $mysql := "^mysql://(?:\\S*@)?tcp\\(([-._A-Za-z0-9:\\[\\]]+)\\)/([^/?\\s]+)(?:\\?\\S*)?$" -}}
{{- $postgres := "^postgres(?:ql)?://(?:[^@/\\s]*@)?([-._A-Za-z0-9:\\[\\],]+)/([^/?\\s]+)(?:\\?\\S*)?$" -}}
{{- if regexMatch $mysql . -}}
{{- regexReplaceAll $mysql . "mysql://${1}/${2}" -}}
{{- else if regexMatch $postgres . -}}
{{- regexReplaceAll $postgres . "postgres://${1}/${2}" -}}
{{- end -}}
{{- end -}}

{{/* The values without the data source, as JSON: what of them may be read by all. */}}
{{- define "vcli.readable" -}}
{{- $values := deepCopy (omit .Values "global") -}}
{{- $_ := unset $values.controlPlane.backingStore.database.external "dataSource" -}}
{{- toJson $values -}}
{{- end -}}

{{/* URL of exported kubeconfigs, where they name none. */}}
{{- define "vcli.server" -}}
{{- with .Values.controlPlane.ingress -}}
{{- ternary (printf "https://%s:443" .host) "https://localhost:8443" .enabled -}}
{{- end -}}
{{- end -}}

{{/* Names for the API server's certificate, as JSON {"names": [...]}. */}}
{{- define "vcli.extraNames" -}}
{{- $names := .Values.controlPlane.proxy.extraSANs | default list -}}
{{- with .Values.controlPlane.ingress -}}
{{- if .enabled -}}{{- $names = append $names .host -}}{{- end -}}
{{- end -}}
{{- dict "names" $names | toJson -}}
{{- end -}}

{{/* Labels and annotations of the control plane's Service, as JSON. */}}
{{- define "vcli.serviceMetadata" -}}
{{- $own := pick .Values.controlPlane.service "labels" "annotations" -}}
{{- if .Values.controlPlane.ingress.enabled -}}
{{- $_ := set $own "annotations" (mergeOverwrite (deepCopy ($own.annotations | default dict)) (dict "vcli.dev/exposed-by" "ingress")) -}}
{{- end -}}
{{- toJson $own -}}
{{- end -}}

{{/* What of the Service and the Ingress does not go together. */}}
{{- define "vcli.checkExposure" -}}
{{- $service := .Values.controlPlane.service -}}
{{- $type := $service.spec.type -}}
{{- if and $service.httpsNodePort (eq $type "ClusterIP") -}}
  {{- fail "controlPlane.service.httpsNodePort: a Service of type ClusterIP has no node port: set controlPlane.service.spec.type to NodePort" -}}
{{- end -}}
{{- range $key, $value := omit $service.spec "type" -}}
  {{- if and $value (ne $type "LoadBalancer") (or (ne $key "externalTrafficPolicy") (eq $type "ClusterIP")) -}}
    {{- fail (printf "controlPlane.service.spec.%s: not with type %s: set controlPlane.service.spec.type to LoadBalancer" $key $type) -}}
  {{- end -}}
{{- end -}}
{{- with .Values.controlPlane.ingress -}}
{{- if and .enabled (not .host) -}}
  {{- fail "controlPlane.ingress.host: must be given for an Ingress" -}}
{{- end -}}
{{- if and .enabled (hasKey .spec "rules") -}}
  {{- fail "controlPlane.ingress.spec.rules: the one rule is made from host and pathType: set controlPlane.ingress.host" -}}
{{- end -}}
{{- end -}}
{{- end -}}

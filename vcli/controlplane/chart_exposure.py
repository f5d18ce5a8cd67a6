"""What stands in the chart in place of what stands in the manifest of the Ingress; see `chart_edits`."""

# ruff: noqa: E501  Go templates are one line each

from typing import Final

EDITS: Final = (
    (
        "# Leads to the API server",
        "{{- $ingress := .Values.controlPlane.ingress }}\n{{- if $ingress.enabled }}\n# Leads to the API server",
    ),
    (
        """\
  name: demo
  annotations:
    nginx.ingress.kubernetes.io/backend-protocol: HTTPS
    nginx.ingress.kubernetes.io/ssl-passthrough: "true"
    nginx.ingress.kubernetes.io/ssl-redirect: "true"
spec:
""",
        """\
  name: {{ .Release.Name | quote }}
  {{- $nginx := "nginx.ingress.kubernetes.io" }}
  {{- $passed := dict
    (printf "%s/backend-protocol" $nginx) "HTTPS"
    (printf "%s/ssl-passthrough" $nginx) "true"
    (printf "%s/ssl-redirect" $nginx) "true"
  }}
  {{- $own := dict "labels" $ingress.labels "annotations" (mergeOverwrite $passed ($ingress.annotations | default dict)) }}
  {{- include "vcli.metadata" (dict "root" . "own" $own) | nindent 2 }}
spec:
  {{- with $ingress.spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
""",
    ),
    ("host: demo.example.com", "host: {{ $ingress.host | quote }}"),
    (
        """\
            pathType: ImplementationSpecific
            backend: {service: {name: demo, port: {name: https}}}
""",
        """\
            pathType: {{ $ingress.pathType }}
            backend: {service: {name: {{ .Release.Name | quote }}, port: {name: https}}}
{{- end }}
""",
    ),
)
